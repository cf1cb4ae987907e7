// The rows of repositories, but for what a commit writes.
import type { Statement } from './database.ts'
import type { Limits } from './quota/quota.ts'
import { addWithinLimits } from './quota/within-limits.ts'

export interface RepositorySettings {
  readonly name: string
  readonly immutable: boolean
  readonly revision: number
}

interface DeclaredRow {
  readonly name: string
  readonly immutable: number
  readonly revision: number
}

const DECLARE = `
  INSERT INTO repository (id, owner_id, type, name, head, revision, immutable, created_at)
  VALUES (?1, ?2, ?3, ?4, ?5, 0, 1, ?6)
  ON CONFLICT (owner_id, type, name) DO UPDATE SET immutable = 1
  RETURNING name, immutable, revision`

/**
 * Declares a repository immutable, for good: also one that has no packages yet. What was removed
 * before is not remembered; what is removed from now on is.
 * @param limits the deployment's
 * @throws RegistryError quota-exceeded
 */
export async function declareImmutable(
  db: D1Database,
  ownerId: string,
  type: string,
  name: string,
  limits: Limits,
): Promise<RepositorySettings> {
  const known = 'SELECT 1 FROM repository WHERE owner_id = ?1 AND type = ?2 AND name = ?3'
  const isNew = { sql: `NOT EXISTS (${known})`, parameters: [type, name] }
  const ids = [crypto.randomUUID(), crypto.randomUUID()] as const
  const added = { repositories: 1 }
  const declare: Statement = [DECLARE, ids[0], ownerId, type, name, ids[1], Date.now()]
  const addition = { ownerId, added, limits, isNew, statements: [declare] }
  const [result] = await addWithinLimits<DeclaredRow>(db, addition)
  const row = result?.results[0]
  if (row === undefined) throw new Error('an upsert that returned no row')
  return { ...row, immutable: row.immutable === 1 }
}
