// The rows of repositories, but for what a commit writes.

import { quote } from '../formats/format-error.ts'
import { REPLACED_INDEX_MS } from './commit/batch.ts'
import { query, runBatch, type Statement } from './database.ts'
import { RegistryError } from './errors.ts'
import { prependCommit } from './near/recent-commits.ts'
import type { Limits } from './quota/quota.ts'
import { subtractRepository } from './quota/statements.ts'
import { addWithinLimits } from './quota/within-limits.ts'

export interface RepositorySettings {
  readonly name: string
  readonly immutable: boolean
  readonly revision: number
}

const NAMED = 'FROM repository r WHERE r.owner_id = ?1 AND r.type = ?2 AND r.name = ?3'

interface DeclaredRow {
  readonly name: string
  readonly immutable: number
  readonly revision: number
}

const DECLARE = `
  INSERT INTO repository (id, owner_id, type, name, head, revision, immutable, created_at, recent)
  VALUES (?1, ?2, ?3, ?4, ?5, 0, 1, ?6, ?7)
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
  const isNew = { sql: `NOT EXISTS (SELECT 1 ${NAMED})`, parameters: [type, name] }
  const [id, head] = [crypto.randomUUID(), crypto.randomUUID()]
  const added = { repositories: 1 }
  // Of a repository that is new nothing was removed: its first publish has no gap to wait for.
  const recent = prependCommit(undefined, head, [])
  const declare: Statement = [DECLARE, id, ownerId, type, name, head, Date.now(), recent]
  const addition = { ownerId, added, limits, isNew, statements: [declare] }
  const [result] = await addWithinLimits<DeclaredRow>(db, addition)
  const row = result?.results[0]
  if (row === undefined) throw new Error('an upsert that returned no row')
  return { ...row, immutable: row.immutable === 1 }
}

const HAS_FILES = 'EXISTS (SELECT 1 FROM package_file any_file WHERE any_file.repository_id = r.id)'
const HAS_RETIRED = 'EXISTS (SELECT 1 FROM retired_file t WHERE t.repository_id = r.id)'

/** Its id, if nothing is in it and no name of it stays taken. */
const EMPTY = `SELECT r.id ${NAMED} AND NOT ${HAS_FILES} AND NOT ${HAS_RETIRED}`

/**
 * Deletes a repository that holds no files, with its log; its index files become garbage. A publish under
 * way either comes first, and the repository stays, or makes a new one: its fence no longer finds the
 * head. The Durable Object keeps a copy that names the old id, and drops it at the next publish.
 * @throws RegistryError repository-not-empty, not-found, storage-unavailable
 */
export async function deleteRepository(
  db: D1Database,
  ownerId: string,
  type: string,
  name: string,
): Promise<void> {
  const place = [ownerId, type, name] as const
  const garbage = `
    INSERT INTO garbage (r2_key, due_at)
    SELECT r2_key, ?4 FROM repository_index WHERE repository_id = (${EMPTY})
    ON CONFLICT DO NOTHING`
  const results = await query(() =>
    runBatch<{ retired: number }>(db, [
      [garbage, ...place, Date.now() + REPLACED_INDEX_MS],
      subtractRepository(EMPTY, place),
      [`DELETE FROM repository WHERE id = (${EMPTY}) RETURNING id`, ...place],
      [`SELECT NOT ${HAS_FILES} AS retired ${NAMED}`, ...place],
    ]),
  )
  const [deleted, left] = results.slice(-2)
  if (deleted?.results.length === 1) return
  const [row] = left?.results ?? []
  if (row === undefined) {
    throw new RegistryError({ code: 'not-found', detail: `no such repository: ${quote(name)}` })
  }
  const detail = row.retired
    ? `repository ${name} is immutable, and names that were removed from it stay taken: it has to stay`
    : `repository ${name} still holds packages: remove them first`
  throw new RegistryError({ code: 'repository-not-empty', detail })
}
