// Reads a repository from D1 before a commit, in one transaction. The fence of the batch that follows
// ensures that the snapshot is still true.
import type { NameHolder } from '../access/claims.ts'
import { isTokenId } from '../access/principal.ts'
import { selectValidTokens } from '../access/tokens.ts'
import { query, runBatch } from '../database.ts'
import { type RestingName, selectResting } from '../near/resting.ts'
import type { OwnerQuota } from '../quota/quota.ts'
import { parseQuota, QUOTA } from '../quota/statements.ts'
import type { Change, RepositoryAddress } from './change.ts'

export interface ExistingFile {
  readonly id: string
  readonly name: string
  readonly architecture: string
  /** The list of the repository that has the file. */
  readonly part: string
  readonly packageName: string
  readonly version: string
  readonly sha256: string
  /** Bytes of its blob. */
  readonly size: number
  /** Bytes of metadata that the owner is charged for. */
  readonly metadataBytes: number
  /** The revision that published the file, or the repository's revision if the log no longer has that change. */
  readonly revision: number
}

/** A name that was removed from an immutable repository, and the bytes that it may carry again. */
export interface RetiredFile {
  readonly name: string
  readonly part: string
  readonly sha256: string
}

export interface ExistingIndexFile {
  readonly path: string
  readonly r2Key: string
  readonly sha256: string
  readonly size: number
  readonly keySet: string
  readonly changedAt: number
}

export interface Snapshot {
  readonly repositoryId: string
  /** Null when the repository does not exist yet. */
  readonly head: string | null
  readonly revision: number
  /** The last commits before this one (core/near/recent-commits.ts). */
  readonly recent: string
  /** Every file, in any part, that has the name of one of the changes. */
  readonly files: readonly ExistingFile[]
  /** The retired files with these names. */
  readonly retired: readonly RetiredFile[]
  /** The resting names among them. */
  readonly resting: readonly RestingName[]
  readonly indexes: readonly ExistingIndexFile[]
  /** The changes that were committed earlier, by id, with their revisions. Their requests are repetitions. */
  readonly applied: ReadonlyMap<string, number>
  /** The secret binding of the owner's signing key; null for the deployment's key. */
  readonly signingKey: string | null
  /** Bytes that the database takes, of all owners. */
  readonly databaseBytes: number
  /** Undefined when the owner is gone. */
  readonly quota: OwnerQuota | undefined
  /** The packages of the repository that have names which changes of restricted tokens claim. */
  readonly holders: readonly NameHolder[]
  /** The access tokens of the changes that exist and have not expired. */
  readonly tokens: ReadonlySet<string>
}

interface HeadRow {
  readonly id: string
  readonly head: string
  readonly revision: number
  readonly recent: string
}

const HEAD = `SELECT id, head, revision, recent FROM repository WHERE owner_id = ?1 AND type = ?2 AND name = ?3`

const OWNER = `SELECT signing_key AS signingKey, (${QUOTA}) AS quota FROM owner o WHERE id = ?1`

const FILES = `
  SELECT f.id, f.name, f.architecture, f.part, p.name AS packageName, v.version, f.blob_sha256 AS sha256,
    b.size, f.metadata_bytes AS metadataBytes,
    coalesce((SELECT revision FROM repository_change WHERE change_id = f.id), r.revision) AS revision
  FROM repository r
  JOIN package_file f ON f.repository_id = r.id
    AND f.name IN (SELECT value FROM json_each(?4))
  JOIN package_blob b ON b.sha256 = f.blob_sha256
  JOIN package_version v ON v.id = f.version_id
  JOIN package p ON p.id = v.package_id
  WHERE r.owner_id = ?1 AND r.type = ?2 AND r.name = ?3`

/** ?4 has pairs of a property and a value. CROSS JOIN makes SQLite begin with them. */
const HOLDERS = `
  SELECT DISTINCT x.name AS property, x.value AS name, p.name AS packageName
  FROM repository r
  CROSS JOIN json_each(?4) j
  CROSS JOIN package_property x
    ON x.owner_id = r.owner_id AND x.name = j.value ->> 0 AND x.value = j.value ->> 1
  CROSS JOIN package_file f ON f.id = x.file_id AND f.repository_id = r.id
  CROSS JOIN package_version v ON v.id = f.version_id
  CROSS JOIN package p ON p.id = v.package_id
  WHERE r.owner_id = ?1 AND r.type = ?2 AND r.name = ?3`

const RETIRED = `
  SELECT t.name, t.part, t.sha256
  FROM repository r JOIN retired_file t ON t.repository_id = r.id
    AND t.name IN (SELECT value FROM json_each(?4))
  WHERE r.owner_id = ?1 AND r.type = ?2 AND r.name = ?3`

const INDEXES = `
  SELECT i.path, i.r2_key AS r2Key, i.sha256, i.size, i.key_set AS keySet,
    i.changed_at AS changedAt
  FROM repository r JOIN repository_index i ON i.repository_id = r.id
  WHERE r.owner_id = ?1 AND r.type = ?2 AND r.name = ?3
  ORDER BY i.path`

const APPLIED = `
  SELECT change_id AS changeId, revision FROM repository_change
  WHERE change_id IN (SELECT value FROM json_each(?1))`

/**
 * Reads the repository from the primary, in one transaction.
 * @param rest how long a removed name takes no other bytes, in milliseconds
 * @throws RegistryError not-configured or storage-unavailable
 */
export async function readSnapshot(
  db: D1Database,
  address: RepositoryAddress,
  changes: readonly Change[],
  rest: number,
): Promise<Snapshot> {
  const place = [address.ownerId, address.type, address.name]
  const ofFiles = changes.filter((change) => change.op !== 'reindex')
  const names = ofFiles.map((change) => change.fileName)
  const ids = changes.map((change) => change.changeId)
  const tokens = new Set(ofFiles.map((change) => change.createdBy).filter(isTokenId))
  const claimed = claimedNames(changes)
  const results = await query(() =>
    runBatch(db, [
      [HEAD, ...place],
      [FILES, ...place, JSON.stringify(names)],
      [INDEXES, ...place],
      [APPLIED, JSON.stringify(ids)],
      [RETIRED, ...place, JSON.stringify(names)],
      [OWNER, address.ownerId],
      selectValidTokens([...tokens], Date.now()),
      selectResting(address, JSON.stringify(names), rest),
      ...(claimed.length === 0 ? [] : [[HOLDERS, ...place, JSON.stringify(claimed)] as const]),
    ]),
  )
  const head = rowsOf<HeadRow>(results[0])[0]
  const owner = rowsOf<{ signingKey: string | null; quota: string }>(results[5])[0]
  const applied = rowsOf<{ changeId: string; revision: number }>(results[3])
  return {
    repositoryId: head?.id ?? crypto.randomUUID(),
    head: head?.head ?? null,
    revision: head?.revision ?? 0,
    recent: head?.recent ?? '',
    files: rowsOf<ExistingFile>(results[1]),
    retired: rowsOf<RetiredFile>(results[4]),
    resting: rowsOf<RestingName>(results[7]),
    indexes: rowsOf<ExistingIndexFile>(results[2]),
    applied: new Map(applied.map((row) => [row.changeId, row.revision])),
    databaseBytes: results[0]?.meta.size_after ?? 0,
    signingKey: owner?.signingKey ?? null,
    quota: owner && parseQuota(owner.quota),
    holders: rowsOf<NameHolder>(results[8]),
    tokens: new Set(rowsOf<{ id: string }>(results[6]).map((row) => row.id)),
  }
}

/** The claimed names, each once: the publishes of a group often claim the same names. */
function claimedNames(changes: readonly Change[]): readonly (readonly [string, string])[] {
  const pairs = changes.flatMap((change) => {
    const contested = change.op === 'publish' ? change.contested : undefined
    return contested?.names.map((name) => [contested.property, name] as const) ?? []
  })
  return [...new Map(pairs.map((pair) => [pair.join('\n'), pair])).values()]
}

/** Reads the repository's head from the primary; null without a repository. */
export async function readHead(db: D1Database, address: RepositoryAddress): Promise<string | null> {
  const row = await query(() =>
    db.prepare(HEAD).bind(address.ownerId, address.type, address.name).first<{ head: string }>(),
  )
  return row?.head ?? null
}

function rowsOf<T>(result: D1Result | undefined): T[] {
  // The shape is that of the statement above, which D1's types cannot know.
  return (result?.results ?? []) as T[]
}
