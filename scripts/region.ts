// Makes a deployment's database and bucket in the region that it names. Only the call that makes them can name one:
// `wrangler deploy` makes them near the person who runs it. It finds those made here by their names.
import { unstable_readConfig } from 'wrangler'
import { failureOf, runWrangler } from './wrangler.ts'
import type { WranglerOptions } from './wrangler-options.ts'

interface Named {
  readonly binding: string
}

/** Makes database and bucket in the region that wrangler.toml names, if it names one and has no id for them. */
export async function createInRegion({ config, env }: WranglerOptions): Promise<void> {
  const { vars, d1_databases, r2_buckets } = unstable_readConfig(
    { ...(config && { config }), ...(env && { env }) },
    { hideWarnings: true },
  )
  const location = vars.DATABASE_LOCATION
  if (typeof location !== 'string' || location === '') return
  const database = d1_databases.find(({ binding }: Named) => binding === 'DB')
  const bucket = r2_buckets.find(({ binding }: Named) => binding === 'BLOBS')
  if (database?.database_name !== undefined && database.database_id === undefined) {
    await create(['d1', 'create', database.database_name], location)
  }
  if (bucket?.bucket_name !== undefined) {
    await create(['r2', 'bucket', 'create', bucket.bucket_name], location)
  }
}

/** Makes one of them. An existing one stays where it is. */
async function create(command: readonly string[], location: string): Promise<void> {
  const [what, name] = [command.slice(0, -1).join(' '), command.at(-1)]
  const finished = await runWrangler([...command, '--location', location], { output: 'returned' })
  if (finished.code === 0) return console.log(`Made ${name} in ${location}.`)
  if (/already exists/i.test(`${finished.stdout}${finished.stderr}`)) return
  throw failureOf(`wrangler ${what} --location ${location} failed`, finished)
}
