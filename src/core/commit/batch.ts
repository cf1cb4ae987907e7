// Makes the one D1 batch that makes a commit visible: fence, rows, index rows, log, head. The number of its
// statements and parameters does not grow with the group.
import { LANDING_MS, type Statement } from '../database.ts'
import { restFilesOf } from '../near/resting.ts'
import { partOf } from '../packages/new-file.ts'
import { dropOrphans, insertFiles } from '../packages/rows.ts'
import type { Limits } from '../quota/quota.ts'
import { changeUsage, hasRoom } from '../quota/statements.ts'
import type { RepositoryAddress } from './change.ts'
import type { Plan } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

/** A new index file that is already stored in R2. */
export interface StagedIndexFile {
  readonly path: string
  readonly r2Key: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  readonly keySet: string
}

export interface Commit {
  readonly id: string
  readonly address: RepositoryAddress
  readonly snapshot: Snapshot
  readonly plan: Plan
  /** The deployment's limits. The batch compares them again, since the owner's other repositories may have grown. */
  readonly limits: Limits
  /** The list of the last commits, with this one (core/near/recent-commits.ts). */
  readonly recent: string
  readonly indexes: readonly StagedIndexFile[]
  /** Paths of the index files that the commit removes. */
  readonly dropped: readonly string[]
  /** Unix milliseconds. */
  readonly now: number
}

/** How long a replaced index file stays, for requests that read its row just before the commit. */
export const REPLACED_INDEX_MS = 15 * 60 * 1000

/** The statements of the commit, in the order in which they must run. */
export function commitStatements(commit: Commit): Statement[] {
  const { address, snapshot, plan, now } = commit
  return [
    ...fence(commit),
    ...changeUsage(address.ownerId, plan.usage),
    ...removeFiles(commit),
    ...insertFiles(address, snapshot.repositoryId, plan.published, now),
    ...dropOrphans(address, plan.removed, now),
    ...replaceIndexes(commit),
    ...log(commit),
    ['DELETE FROM expectation'],
  ]
}

function fence({ id, address, snapshot, plan, limits, recent, now }: Commit): Statement[] {
  const room = hasRoom(address.ownerId, plan.room, limits, 4)
  // A repository has no head before its first commit and none after its deletion. A batch that arrives much
  // later could not tell these states apart, so it must arrive within LANDING_MS.
  const latest = snapshot.head === null ? now + LANDING_MS : null
  return [
    [
      `INSERT INTO expectation (ok)
       SELECT (SELECT head FROM repository WHERE id = ?1) IS ?2
         AND coalesce(unixepoch('now', 'subsec') * 1000 <= ?3, true) AND ${room.sql}`,
      snapshot.repositoryId,
      snapshot.head,
      latest,
      ...room.parameters,
    ],
    [
      `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at, log_bytes, recent)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT (id) DO UPDATE SET head = excluded.head, revision = excluded.revision,
         recent = excluded.recent,
         log_bytes = repository.log_bytes + excluded.log_bytes`,
      snapshot.repositoryId,
      address.ownerId,
      address.type,
      address.name,
      id,
      snapshot.revision + 1,
      now,
      plan.logBytes,
      recent,
    ],
  ]
}

function removeFiles({ snapshot, plan }: Commit): Statement[] {
  if (plan.removed.length === 0) return []
  const ids = JSON.stringify(plan.removed.map((file) => file.id))
  return [
    restFilesOf(snapshot.repositoryId, ids),
    [
      // The batch decides this, since the repository may have become immutable after the snapshot.
      `INSERT INTO retired_file (repository_id, name, part, sha256)
       SELECT r.id, f.name, f.part, f.blob_sha256 FROM json_each(?2) j
       CROSS JOIN package_file f ON f.id = j.value
       CROSS JOIN repository r ON r.id = ?1 AND r.immutable
       WHERE true ON CONFLICT DO NOTHING`,
      snapshot.repositoryId,
      ids,
    ],
    [
      // The plus keeps SQLite from reading all files of the repository by their index.
      `DELETE FROM package_file
       WHERE id IN (SELECT value FROM json_each(?2)) AND +repository_id = ?1`,
      snapshot.repositoryId,
      ids,
    ],
  ]
}

function replaceIndexes({ snapshot, indexes, dropped, now }: Commit): Statement[] {
  const gone = JSON.stringify(dropped)
  const files = JSON.stringify(
    indexes.map((index) => [index.path, index.r2Key, index.sha256, index.size, index.keySet]),
  )
  return [
    [
      `INSERT INTO garbage (r2_key, due_at)
       SELECT r2_key, ?3 FROM repository_index
       WHERE repository_id = ?1 AND path IN (
         SELECT value ->> 0 FROM json_each(?2) UNION ALL SELECT value FROM json_each(?4))
       ON CONFLICT (r2_key) DO UPDATE SET due_at = max(garbage.due_at, excluded.due_at)`,
      snapshot.repositoryId,
      files,
      now + REPLACED_INDEX_MS,
      gone,
    ],
    ...(dropped.length === 0 ? [] : [dropIndexes(snapshot.repositoryId, gone)]),
    [
      `INSERT INTO repository_index
         (repository_id, path, r2_key, sha256, size, key_set, changed_at)
       SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?3
       FROM json_each(?2) WHERE true
       ON CONFLICT (repository_id, path) DO UPDATE SET r2_key = excluded.r2_key,
         sha256 = excluded.sha256, size = excluded.size, key_set = excluded.key_set,
         changed_at = max(excluded.changed_at, repository_index.changed_at + 1000)`,
      snapshot.repositoryId,
      files,
      now,
    ],
  ]
}

function dropIndexes(repositoryId: string, paths: string): Statement {
  const sql =
    'DELETE FROM repository_index WHERE repository_id = ?1 AND path IN (SELECT value FROM json_each(?2))'
  return [sql, repositoryId, paths]
}

function log({ id, snapshot, plan, now }: Commit): Statement[] {
  const published = plan.published.map((c) => [
    c.changeId,
    c.changeId,
    c.architecture,
    c.fileName,
    c.createdBy,
    partOf(c),
  ])
  const removed = plan.carried.flatMap((change) =>
    change.op === 'remove'
      ? plan.removed
          .filter((file) => file.id === change.fileId)
          .map((f) => [change.changeId, f.id, f.architecture, f.name, change.createdBy, f.part])
      : [],
  )
  const reindexed = plan.carried.flatMap((change) =>
    change.op === 'reindex' ? [[change.changeId, '', '', '', '', '']] : [],
  )
  const insert = (op: Plan['carried'][number]['op'], rows: readonly string[][]): Statement => [
    `INSERT INTO repository_change (repository_id, revision, change_id, commit_id, op, file_id,
       architecture, file_name, created_by, part, created_at)
     SELECT ?1, ?2, value ->> 0, ?3, ?4, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
       value ->> 5, ?5
     FROM json_each(?6)`,
    snapshot.repositoryId,
    snapshot.revision + 1,
    id,
    op,
    now,
    JSON.stringify(rows),
  ]
  return [
    ...(published.length > 0 ? [insert('publish', published)] : []),
    ...(removed.length > 0 ? [insert('remove', removed)] : []),
    ...(reindexed.length > 0 ? [insert('reindex', reindexed)] : []),
  ]
}
