// The one D1 batch that makes a commit visible: fence, rows, index rows, log, head. Set-based over
// `json_each`, so that the number of statements and parameters does not grow with the group. Rows
// that repositories share (package, version, blob) are found by natural key, never by an id read
// earlier, since another repository's commit may touch them in between. CROSS JOIN makes SQLite begin
// with the group: it would read all packages of the owner first.
import type { RepositoryAddress } from './change.ts'
import type { Plan } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

/** A new index file that lies in R2 already. */
export interface StagedIndex {
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
  readonly indexes: readonly StagedIndex[]
  /** Unix milliseconds. */
  readonly now: number
}

/** How long a replaced index file stays, for those who read its row just before. */
export const REPLACED_INDEX_MS = 15 * 60 * 1000

type Statement = readonly [sql: string, ...parameters: (string | number | null)[]]

/** The statements of the commit, in the order in which they must run. */
export function commitStatements(db: D1Database, commit: Commit): D1PreparedStatement[] {
  return [
    ...fence(commit),
    ...removeFiles(commit),
    ...publishFiles(commit),
    ...dropOrphans(commit),
    ...replaceIndexes(commit),
    ...log(commit),
    ['DELETE FROM expectation'] as const,
  ].map(([sql, ...parameters]) => db.prepare(sql).bind(...parameters))
}

function fence({ id, address, snapshot, now }: Commit): Statement[] {
  return [
    [
      'INSERT INTO expectation (ok) SELECT (SELECT head FROM repository WHERE id = ?1) IS ?2',
      snapshot.repositoryId,
      snapshot.head,
    ],
    [
      `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (id) DO UPDATE SET head = excluded.head, revision = excluded.revision`,
      snapshot.repositoryId,
      address.ownerId,
      address.type,
      address.name,
      id,
      snapshot.revision + 1,
      now,
    ],
  ]
}

function removeFiles({ snapshot, plan }: Commit): Statement[] {
  if (plan.removed.length === 0) return []
  const ids = JSON.stringify(plan.removed.map((file) => file.id))
  return [
    [
      // Decided here and now: the repository may have become immutable since the snapshot.
      `INSERT INTO retired_file (repository_id, name, architecture, sha256)
       SELECT r.id, f.name, f.architecture, f.blob_sha256 FROM json_each(?2) j
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

function publishFiles({ address, snapshot, plan, now }: Commit): Statement[] {
  if (plan.published.length === 0) return []
  const names = JSON.stringify(plan.published.map((c) => [c.packageName, c.version]))
  const blobs = JSON.stringify(
    plan.published.map(({ blob: b }) => [b.sha256, b.sha1, b.sha512, b.md5, b.r2Key, b.size]),
  )
  const files = JSON.stringify(
    plan.published.map((c) => ({ ...c, blob: c.blob.sha256, properties: [] })),
  )
  const properties = JSON.stringify(
    plan.published.flatMap((c) => c.properties.map((p) => [c.changeId, p.name, p.value])),
  )
  return [
    [
      `INSERT INTO package (owner_id, type, name, created_at)
       SELECT DISTINCT ?1, ?2, value ->> 0, ?3 FROM json_each(?4) WHERE true
       ON CONFLICT DO NOTHING`,
      address.ownerId,
      address.type,
      now,
      names,
    ],
    [
      `INSERT INTO package_version (package_id, version, created_at)
       SELECT DISTINCT p.id, j.value ->> 1, ?3 FROM json_each(?4) j
       CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0 WHERE true
       ON CONFLICT DO NOTHING`,
      address.ownerId,
      address.type,
      now,
      names,
    ],
    [
      // A content that no file had may have lost its object (a restored database): the bytes that
      // just came take its place, and the old object goes.
      `INSERT INTO garbage (r2_key, due_at)
       SELECT b.r2_key, ?1 FROM json_each(?2) j
       CROSS JOIN package_blob b ON b.sha256 = j.value ->> 0 AND b.unreferenced_at IS NOT NULL
       WHERE true ON CONFLICT DO NOTHING`,
      now,
      blobs,
    ],
    [
      `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?1
       FROM json_each(?2) WHERE true
       ON CONFLICT (sha256) DO UPDATE SET unreferenced_at = NULL, r2_key =
         iif(package_blob.unreferenced_at IS NULL, package_blob.r2_key, excluded.r2_key)`,
      now,
      blobs,
    ],
    [
      `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture, name,
         blob_sha256, metadata, created_by, created_at)
       SELECT j.value ->> 'changeId', v.id, ?3, j.value ->> 'compositeKey',
         j.value ->> 'architecture', j.value ->> 'fileName', j.value ->> 'blob',
         j.value ->> 'metadata', j.value ->> 'createdBy', ?4
       FROM json_each(?5) j
       CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 'packageName'
       CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 'version'`,
      address.ownerId,
      address.type,
      snapshot.repositoryId,
      now,
      files,
    ],
    [
      `INSERT INTO package_property (owner_id, file_id, name, value)
       SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2) WHERE true
       ON CONFLICT DO NOTHING`,
      address.ownerId,
      properties,
    ],
  ]
}

function dropOrphans({ address, plan, now }: Commit): Statement[] {
  if (plan.removed.length === 0) return []
  const names = JSON.stringify(plan.removed.map((file) => [file.packageName, file.version]))
  return [
    [
      `DELETE FROM package_version WHERE id IN (
         SELECT v.id FROM json_each(?3) j
         CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0
         CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 1)
       AND NOT EXISTS (SELECT 1 FROM package_file f WHERE f.version_id = package_version.id)`,
      address.ownerId,
      address.type,
      names,
    ],
    [
      `DELETE FROM package WHERE owner_id = ?1 AND type = ?2
       AND name IN (SELECT value ->> 0 FROM json_each(?3))
       AND NOT EXISTS (SELECT 1 FROM package_version v WHERE v.package_id = package.id)`,
      address.ownerId,
      address.type,
      names,
    ],
    [
      `UPDATE package_blob SET unreferenced_at = ?1
       WHERE sha256 IN (SELECT value FROM json_each(?2))
       AND NOT EXISTS (SELECT 1 FROM package_file f WHERE f.blob_sha256 = package_blob.sha256)`,
      now,
      JSON.stringify(plan.removed.map((file) => file.sha256)),
    ],
  ]
}

function replaceIndexes({ snapshot, indexes, now }: Commit): Statement[] {
  const files = JSON.stringify(
    indexes.map((index) => [index.path, index.r2Key, index.sha256, index.size, index.keySet]),
  )
  return [
    [
      `INSERT INTO garbage (r2_key, due_at)
       SELECT r2_key, ?3 FROM repository_index
       WHERE repository_id = ?1 AND path IN (SELECT value ->> 0 FROM json_each(?2))`,
      snapshot.repositoryId,
      files,
      now + REPLACED_INDEX_MS,
    ],
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

function log({ id, snapshot, plan, now }: Commit): Statement[] {
  const published = plan.published.map((c) => [
    c.changeId,
    c.changeId,
    c.architecture,
    c.fileName,
    c.createdBy,
  ])
  const removed = plan.carried.flatMap((change) =>
    change.op === 'remove'
      ? plan.removed
          .filter((file) => file.id === change.fileId)
          .map((file) => [change.changeId, file.id, file.architecture, file.name, change.createdBy])
      : [],
  )
  const reindexed = plan.carried.flatMap((change) =>
    change.op === 'reindex' ? [[change.changeId, '', '', '', '']] : [],
  )
  const insert = (op: Plan['carried'][number]['op'], rows: readonly string[][]): Statement => [
    `INSERT INTO repository_change (repository_id, revision, change_id, commit_id, op, file_id,
       architecture, file_name, created_by, created_at)
     SELECT ?1, ?2, value ->> 0, ?3, ?4, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?5
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
