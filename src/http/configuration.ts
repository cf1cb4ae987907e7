// Whether the deployment is complete: secrets on every request (they are in memory), migrations
// once per isolate, since they can only be added.
import journal from '../../migrations/meta/_journal.json'
import { MIGRATE } from '../core/database.ts'
import { RegistryError } from '../core/errors.ts'
import { readMigrations } from '../core/owners.ts'
import { loadKeySet } from '../core/signing-keys.ts'
import { type Env, requireAdminToken, secretsOf } from '../env.ts'

let migrated = false

/** @throws RegistryError not-configured, storage-unavailable */
export async function requireConfiguration(env: Env): Promise<void> {
  requireAdminToken(env)
  loadKeySet(secretsOf(env), null, 'cairn')
  if (!migrated) await requireMigrations(env.DB)
  migrated = true
}

/** @throws RegistryError not-configured when one of this version's migrations is missing */
export async function requireMigrations(db: D1Database): Promise<void> {
  const applied = await readMigrations(db)
  const missing = journal.entries.find((entry) => !applied.has(`${entry.tag}.sql`))
  if (missing === undefined) return
  throw new RegistryError({
    code: 'not-configured',
    cause: `the database lacks the migration ${missing.tag}`,
    remedy: MIGRATE,
  })
}
