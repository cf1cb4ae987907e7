// The Worker's size, and how long a fresh runtime takes to its first answer, beside a Worker that
// does nothing. The difference is what parsing and running the bundle's top level cost here, plus
// the first request; Cloudflare keeps compiled code, so that there it is less.
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Miniflare } from 'miniflare'
import { runOrThrow } from '../../test/support/clients/run.ts'
import { wranglerEnvironment } from '../../test/support/clients/server.ts'
import { timed } from '../measure.ts'
import type { Options } from '../options.ts'
import type { Report } from '../report.ts'

const PART = 'start'
const project = fileURLToPath(new URL('../../', import.meta.url).href)

interface Module {
  readonly type: 'esm' | 'text'
  readonly contents: string
}
type Modules = Readonly<Record<string, Module>>

const MAIN = 'index.js'
const script = "export default { fetch: () => new Response('hello') }\nexport class Repository {}"
const trivial: Modules = { [MAIN]: { type: 'esm', contents: script } }

export async function benchStart(report: Report, options: Options): Promise<void> {
  const bundle = await buildBundle()
  const bytes = Buffer.from(
    Object.values(bundle)
      .map(({ contents }) => contents)
      .join(''),
  )
  report.add(PART, 'bundle', 'bytes', [bytes.length])
  report.add(PART, 'bundle, gzip', 'bytes', [gzipSync(bytes, { level: 9 }).length])
  const whole: number[] = []
  const empty: number[] = []
  for (let run = -1; run < (options.runs ?? 9); run++) {
    const [a, b] = [await firstAnswer(trivial), await firstAnswer(bundle)]
    if (run < 0) continue
    empty.push(a)
    whole.push(b)
  }
  const { median } = report.add(PART, 'fresh runtime to first answer', 'ms', whole)
  const base = report.add(PART, 'the same of a Worker that does nothing', 'ms', empty)
  report.add(PART, 'difference of the medians', 'ms', [median - base.median])
}

async function buildBundle(): Promise<Modules> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-bundle-'))
  try {
    for (const part of ['src', 'migrations', 'package.json', 'tsconfig.json', 'wrangler.toml'])
      await cp(join(project, part), join(directory, part), { recursive: true })
    await symlink(join(project, 'node_modules'), join(directory, 'node_modules'))
    const wrangler = join(project, 'node_modules/wrangler/bin/wrangler.js')
    const deploy = ['deploy', '--dry-run', '--outdir', join(directory, 'out')]
    const options = { cwd: directory, env: wranglerEnvironment(directory) }
    await runOrThrow(process.execPath, [wrangler, ...deploy], options)
    return await readModules(join(directory, 'out'))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The script, and the texts that it imports by names that wrangler made. */
async function readModules(directory: string): Promise<Modules> {
  const modules: Record<string, Module> = {}
  for (const name of await readdir(directory)) {
    if (!/\.(js|css)$/.test(name)) continue
    const contents = await readFile(join(directory, name), 'utf8')
    modules[name] = { type: name === MAIN ? 'esm' : 'text', contents }
  }
  return modules
}

async function firstAnswer(modules: Modules): Promise<number> {
  let runtime: Miniflare | undefined
  try {
    return await timed(async () => {
      runtime = new Miniflare(optionsOf(modules))
      const response = await runtime.dispatchFetch('http://localhost/robots.txt')
      await response.text()
    })
  } finally {
    await runtime?.dispose()
  }
}

/** Both have the same bindings, so that the same simulators start. */
function optionsOf(modules: Modules): ConstructorParameters<typeof Miniflare>[0] {
  const name = 'bench'
  return {
    cf: false,
    telemetry: { enabled: false },
    // It says that a key is missing, which is all the same here.
    handleStructuredLogs: () => {},
    workers: [
      {
        config: {
          name,
          compatibilityDate: '2026-10-20',
          compatibilityFlags: ['nodejs_compat'],
          manifest: { mainModule: MAIN, modules },
          env: {
            DB: { type: 'd1', id: name },
            BLOBS: { type: 'r2', name },
            REPOSITORY: { type: 'durable-object', worker: name, exportName: 'Repository' },
            PLAIN_HTTP: { type: 'text', value: 'allow' },
            ADMIN_TOKEN: { type: 'text', value: 'only-for-a-first-answer' },
          },
          exports: { Repository: { type: 'durable-object', storage: 'sqlite' } },
        },
      },
    ],
  }
}
