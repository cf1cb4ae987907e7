// `npm run weigh`: prints the weight of the deployed Worker, and that of its parts minified, so that comments do
// not count. Fails above a budget. Weight costs time at every start of an isolate: the platform parses the
// bundle before it answers.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { reportFailure } from './failure.ts'
import { answerHelp } from './help.ts'
import { failureOf, runWrangler } from './wrangler.ts'

/** Bytes of all modules after gzip. The platform takes 3 MB, or 10 MB on its paid plans. */
const bundleBudget = 600_000
/** Bytes of a package type's folder, minified. */
const typeBudget = 40_000
/** Types that may weigh more, each with the reason. */
const allowances: Readonly<Record<string, number>> = {
  // Two scripts for a root shell, and the refusals of some 150 kinds of damage, each with its remedy.
  alpine: 75_000,
  // Documents in two forms, tags, deprecations, login, search and audits, each in JSON that only its clients speak.
  npm: 44_000,
}

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly entryPoint?: string
        readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>
      }
    >
  >
}

interface Weight {
  readonly what: string
  readonly bytes: number
  readonly budget?: number
}

async function weigh(directory: string): Promise<readonly Weight[]> {
  await build(directory, [])
  const bundle = await readFile(join(directory, 'index.js'))
  const whole: Weight = {
    what: 'bundle as deployed, gzip',
    bytes: gzipSync(bundle, { level: 9 }).length,
    budget: bundleBudget,
  }
  const metafile = join(directory, 'metafile.json')
  await build(directory, ['--minify', '--metafile', metafile])
  const { outputs }: Metafile = JSON.parse(await readFile(metafile, 'utf8'))
  const output = Object.values(outputs).find(({ entryPoint }) => entryPoint !== undefined)
  if (output === undefined) throw new Error('the build has no entry')
  return [whole, ...weightsOf(output.inputs)]
}

async function build(directory: string, options: readonly string[]): Promise<void> {
  const args = ['deploy', '--dry-run', '--outdir', directory, ...options]
  const finished = await runWrangler(args, { output: 'returned' })
  if (finished.code !== 0) throw failureOf('the Worker could not be built', finished)
}

function weightsOf(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): Weight[] {
  const parts = new Map<string, number>()
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const part = partOf(path)
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput)
  }
  return [...parts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, bytes]) => {
      const type = /^src\/types\/([^/.]+)$/.exec(what)?.[1]
      return type === undefined
        ? { what, bytes }
        : { what, bytes, budget: allowances[type] ?? typeBudget }
    })
}

/** The part that a file belongs to: a library, the folder of a package type, or a folder of src. */
function partOf(path: string): string {
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
  return library ?? /^src\/types\/[^/]+|^[^/]+\/[^/]+|.*/.exec(path)?.[0] ?? path
}

const directory = await mkdtemp(join(tmpdir(), 'cairn-weigh-'))
answerHelp(`npm run weigh

Builds the Worker, says what it and its parts weigh, and fails above a budget.`)
try {
  const weights = await weigh(directory)
  for (const { what, bytes, budget } of weights) {
    const of = budget === undefined ? '' : ` of ${budget.toLocaleString('en')}`
    console.log(`${bytes.toLocaleString('en').padStart(9)}${of}  ${what}`)
  }
  const tooHeavy = weights.filter(({ bytes, budget }) => budget !== undefined && bytes > budget)
  if (tooHeavy.length > 0)
    throw new Error(`over the budget: ${tooHeavy.map(({ what }) => what).join(', ')}`)
} catch (error) {
  reportFailure('npm run weigh', error)
} finally {
  await rm(directory, { recursive: true })
}
