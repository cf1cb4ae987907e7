// `npm run deploy -- [--dry-run] [wrangler's arguments]`: puts the Worker on Cloudflare, which makes its database (in
// the region that DATABASE_LOCATION names) and its bucket the first time. It brings the database up to date and asks
// the new Worker whether it works. An upgrade migrates first: the new version serves nothing without its migrations,
// and the old version works with them. A dry run only builds, into dist/, and needs no account.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reportFailure } from './failure.ts'
import { answerHelp } from './help.ts'
import { exampleOwner } from './quick-start.ts'
import { waitUntilReady } from './readiness.ts'
import { createInRegion } from './region.ts'
import { hasDatabase, migrateDatabase } from './remote-database.ts'
import { runWrangler } from './wrangler.ts'
import { formatWranglerOptions, parseWranglerOptions } from './wrangler-options.ts'

const readyMs = 60_000

async function deploy(given: string[]): Promise<void> {
  if (given.includes('--dry-run')) return wrangle(['deploy', '--outdir', 'dist', ...given])
  const options = parseWranglerOptions(given)
  const worker = formatWranglerOptions(options, ['config', 'env'])
  const upgrade = await hasDatabase(worker)
  if (upgrade) await migrateDatabase(worker)
  else await createInRegion(options)
  const url = await deployWorker(given)
  if (!upgrade) await migrateDatabase(worker)
  if (url === undefined) {
    console.log('Deployed. Ask /api/healthz at the address of your route whether it works.')
    return
  }
  const patience = AbortSignal.timeout(readyMs)
  await waitUntilReady(url, exampleOwner, patience).catch(() => {
    throw new Error(`deployed, but ${url}/api/healthz does not pass: its answers are above`)
  })
  console.log(`The registry serves at ${url}`)
}

/** Deploys the Worker. Returns its address, unless it only has the user's own routes. */
async function deployWorker(given: string[]): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-deploy-'))
  try {
    const file = join(directory, 'deploy.ndjson')
    await wrangle(['deploy', ...given], { WRANGLER_OUTPUT_FILE_PATH: file })
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const { type, targets }: { type?: string; targets?: string[] } = JSON.parse(line || '{}')
      if (type === 'deploy') return targets?.find((target) => target.startsWith('https://'))
    }
    return undefined
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function wrangle(args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { code } = await runWrangler(args, { output: 'shown', env })
  if (code !== 0) throw new Error(`wrangler ${args.slice(0, 3).join(' ')} ended with ${code}`)
}

answerHelp(`npm run deploy -- [--dry-run] [options of wrangler deploy, such as --env NAME]

Puts the Worker on Cloudflare, brings its database up to date, and asks the result whether it works.

  --dry-run   only builds, into dist/, and needs no account`)
try {
  await deploy(process.argv.slice(2))
} catch (error) {
  reportFailure('npm run deploy', error)
}
