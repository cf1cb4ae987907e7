// The rows of repositories, but for what a commit writes.
import { query } from './database.ts'

export interface RepositorySettings {
  readonly name: string
  readonly immutable: boolean
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
 */
export async function declareImmutable(
  db: D1Database,
  ownerId: string,
  type: string,
  name: string,
): Promise<RepositorySettings> {
  const row = await query(() =>
    db
      .prepare(DECLARE)
      .bind(crypto.randomUUID(), ownerId, type, name, crypto.randomUUID(), Date.now())
      .first<{ name: string; immutable: number; revision: number }>(),
  )
  if (row === null) throw new Error('an upsert that returned no row')
  return { ...row, immutable: row.immutable === 1 }
}
