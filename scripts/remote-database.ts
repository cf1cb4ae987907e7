// Asks wrangler about the database of the deployed Worker. wrangler.toml has no id for it: wrangler finds
// the database by its name, once a deployment has made it.
import { failureOf, runWrangler } from './wrangler.ts'

/** Whether the database exists. The first deployment makes it. */
export async function hasDatabase(worker: readonly string[]): Promise<boolean> {
  // `d1 info` would ask for statistics too, which needs another permission.
  const args = ['d1', 'migrations', 'list', 'DB', '--remote', ...worker]
  const finished = await runWrangler(args, { output: 'returned' })
  if (finished.code === 0) return true
  const said = `${finished.stdout}${finished.stderr}`
  if (/Couldn't find an? (auto-provisioned )?D1 DB named/.test(said)) return false
  throw failureOf('cannot ask for the database', finished)
}

export async function migrateDatabase(worker: readonly string[]): Promise<void> {
  const args = ['d1', 'migrations', 'apply', 'DB', '--remote', ...worker]
  const { code } = await runWrangler(args, { output: 'shown' })
  if (code !== 0) throw new Error(`wrangler d1 migrations apply ended with ${code}`)
}
