// Makes the SQL that counts what an owner has and enforces its limits, as parts of the caller's batch. It runs
// in the same transaction as the change itself. So a batch that is refused or sent again counts nothing twice,
// and two batches at once cannot both take the last place.
import type { ResourceQuery } from '../access/resource-query.ts'
import { type Condition, query, type Statement } from '../database.ts'
import { NO_USAGE, QUANTITIES, type Usage } from './quantities.ts'
import type { Limits, OwnerQuota } from './quota.ts'
import { REMOVED_BYTES, removalBytes, retiredBytes } from './weights.ts'

/** A scalar query for the OwnerQuota of an owner `o`, in JSON. */
export const QUOTA = `
  SELECT json_object('used', json_object(${QUANTITIES.map(
    (each) => `'${each}', coalesce(u.${each}, 0)`,
  ).join(', ')}), 'limits', json(coalesce(o.limits, '{}')))
  FROM (SELECT 1) LEFT JOIN owner_usage u ON u.owner_id = o.id`

/** The same query as a request's resource. */
export const OWNER_QUOTA: ResourceQuery = { sql: QUOTA, parameters: [] }

export function parseQuota(json: string): OwnerQuota {
  return JSON.parse(json) as OwnerQuota
}

/**
 * Reads an owner's usage and limits; undefined if there is no such owner.
 * @throws RegistryError storage-unavailable
 */
export async function readQuota(db: D1Database, ownerId: string): Promise<OwnerQuota | undefined> {
  const statement = db.prepare(`SELECT (${QUOTA}) AS quota FROM owner o WHERE o.id = ?1`)
  const found = await query(() => statement.bind(ownerId).first<string>('quota'))
  return found === null ? undefined : parseQuota(found)
}

const COLUMNS = QUANTITIES.join(', ')
const SUMS = QUANTITIES.map((each) => `${each} = owner_usage.${each} + excluded.${each}`).join(', ')

const ALWAYS: Condition = { sql: 'true', parameters: [] }

/**
 * The condition that the owner has room for a change. It is true if nothing grows, and for a deleted owner:
 * statements that refer to that owner fail by themselves.
 * @param limits the deployment's limits
 * @param first the number of the condition's first parameter
 */
export function hasRoom(
  ownerId: string,
  change: Partial<Usage>,
  limits: Limits,
  first: number,
): Condition {
  const growing = QUANTITIES.filter((each) => (change[each] ?? 0) > 0)
  if (growing.length === 0) return ALWAYS
  const [id, more, most] = [`?${first}`, `?${first + 1}`, `?${first + 2}`]
  const fits = growing.map(
    (each) => `coalesce(u.${each}, 0) + (${more} ->> '${each}')
      <= coalesce(o.limits ->> '${each}', ${most} ->> '${each}')`,
  )
  const sql = `coalesce((SELECT ${fits.join(' AND ')}
    FROM owner o LEFT JOIN owner_usage u ON u.owner_id = o.id WHERE o.id = ${id}), true)`
  return { sql, parameters: [ownerId, JSON.stringify(change), JSON.stringify(limits)] }
}

/**
 * The condition that the owner has room for more metadata, if only the database knows the amount. All parameters
 * are expressions of SQL.
 * @param limit the deployment's limit
 */
export function hasRoomFor(ownerId: string, bytes: string, limit: string): string {
  return `coalesce((
    SELECT coalesce(u.metadata_bytes, 0) + ${bytes} <= coalesce(o.limits ->> 'metadata_bytes', ${limit})
    FROM owner o LEFT JOIN owner_usage u ON u.owner_id = o.id WHERE o.id = ${ownerId}), true)`
}

/**
 * The statements that add a change to the owner's usage; none if nothing changes.
 * @param condition on the state before the change; the owner's id is ?1, and the condition's parameters begin at ?2
 */
export function changeUsage(
  ownerId: string,
  change: Partial<Usage>,
  condition = ALWAYS,
): Statement[] {
  const { sql, parameters } = condition
  const amounts = { ...NO_USAGE, ...change }
  if (QUANTITIES.every((each) => amounts[each] === 0)) return []
  const added = QUANTITIES.map((each) => `?${parameters.length + 2} ->> '${each}'`).join(', ')
  const statement = `
    INSERT INTO owner_usage (owner_id, ${COLUMNS}) SELECT ?1, ${added} WHERE ${sql}
    ON CONFLICT (owner_id) DO UPDATE SET ${SUMS}`
  return [[statement, ownerId, ...parameters, JSON.stringify(amounts)]]
}

/** The bytes that stay of file `f`: its content for a week, and its name for good if that stays taken. */
const LEFT = `${REMOVED_BYTES} + iif(f.keeps_name AND NOT EXISTS (
    SELECT 1 FROM retired_version t WHERE t.owner_id = p.owner_id AND t.type = p.type
      AND t.package_name = p.name AND t.version = v.version AND t.composite_key = f.composite_key
      AND t.file_name = f.name),
  ${retiredBytes(['p.owner_id', 'p.type', 'p.name', 'v.version', 'f.composite_key', 'f.name'])}, 0)`

const SUBTRACT_FILES = `
  UPDATE owner_usage SET files = owner_usage.files - gone.files,
    metadata_bytes = owner_usage.metadata_bytes - gone.metadata_bytes,
    file_bytes = owner_usage.file_bytes - gone.file_bytes
  FROM (
    SELECT count(*) AS files, coalesce(sum(f.metadata_bytes - (${LEFT})), 0) AS metadata_bytes,
      coalesce(sum(b.size), 0) AS file_bytes
    FROM json_each(?2) j
    CROSS JOIN package_file f ON f.id = j.value
    CROSS JOIN package_version v ON v.id = f.version_id
    CROSS JOIN package p ON p.id = v.package_id
    CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256) gone
  WHERE owner_id = ?1`

const NOTE_REMOVAL = `
  INSERT INTO owner_removal (owner_id, day, bytes)
  SELECT ?1, ?3, ${REMOVED_BYTES} * count(*) FROM json_each(?2) j
  CROSS JOIN package_file f ON f.id = j.value HAVING count(*) > 0
  ON CONFLICT (owner_id, day) DO UPDATE SET bytes = owner_removal.bytes + excluded.bytes`

/**
 * Subtracts files in no repository from the owner's usage. The batch deletes them after this. It counts only the
 * files that still exist by then.
 * @param ids a JSON array of file ids
 * @param now Unix milliseconds
 */
export function subtractFiles(ownerId: string, ids: string, now: number): Statement[] {
  return [
    [SUBTRACT_FILES, ownerId, ids],
    [NOTE_REMOVAL, ownerId, ids, dayOf(now)],
  ]
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS)
}

const DAY_MS = 24 * 60 * 60 * 1000

const LOGGED = `
  FROM json_each(?2) j
  CROSS JOIN package_file f ON f.id = j.value
  CROSS JOIN package_version v ON v.id = f.version_id
  CROSS JOIN package p ON p.id = v.package_id`

/**
 * Notes who removed files of the owner that are in no repository, and charges the owner for the notes. Run it before
 * the files are deleted.
 * @param ids a JSON array of file ids
 * @param removedBy the id of an access token, or `admin`
 */
export function logRemoval(
  ownerId: string,
  ids: string,
  removedBy: string,
  now: number,
): Statement[] {
  return [
    [
      `UPDATE owner_usage SET metadata_bytes = owner_usage.metadata_bytes + gone.bytes
       FROM (SELECT coalesce(sum(${removalBytes('p.name', 'v.version', 'f.name')}), 0) AS bytes ${LOGGED}) gone
       WHERE owner_id = ?1`,
      ownerId,
      ids,
    ],
    [
      `INSERT INTO removed_file (owner_id, type, package_name, version, file_name, sha256, removed_by,
         removed_at, file_id, published_by, published_at)
       SELECT ?1, p.type, p.name, v.version, f.name, f.blob_sha256, ?3, ?4, f.id, f.created_by,
         f.created_at ${LOGGED}`,
      ownerId,
      ids,
      removedBy,
      now,
    ],
  ]
}

/** Days for which the log keeps a removal. */
const LOGGED_DAYS = 90
/** How many rows of the log one run of the sweep deletes. The next run comes soon. */
const FORGOTTEN_AT_ONCE = 5000

/** The oldest removals of the log that are from before ?1, in Unix milliseconds. */
const OLD_REMOVALS = `
  SELECT id FROM (
    SELECT id, removed_at FROM removed_file page ORDER BY id LIMIT ${FORGOTTEN_AT_ONCE}) page
  WHERE removed_at < ?1`

/** Deletes old removals from the log. Their owners are no longer charged for them. */
export function forgetLoggedRemovals(now: number): Statement[] {
  const before = now - LOGGED_DAYS * DAY_MS
  return [
    [
      `UPDATE owner_usage SET metadata_bytes = owner_usage.metadata_bytes - gone.bytes
       FROM (
         SELECT owner_id, sum(${removalBytes('package_name', 'version', 'file_name')}) AS bytes
         FROM removed_file WHERE id IN (${OLD_REMOVALS}) GROUP BY +owner_id) gone
       WHERE owner_usage.owner_id = gone.owner_id`,
      before,
    ],
    [`DELETE FROM removed_file WHERE id IN (${OLD_REMOVALS})`, before],
  ]
}

/** Ends the charge for files that were removed before a time. Call it when the contents of that time are deleted. */
export function forgetRemovals(before: number): Statement[] {
  // A part of the day of `before` comes after `before`, so that day does not count yet.
  const last = dayOf(before) - 1
  return [
    [
      // The plus keeps SQLite from reading all days in the order of the owners.
      `UPDATE owner_usage SET metadata_bytes = owner_usage.metadata_bytes - gone.bytes
       FROM (SELECT owner_id, sum(bytes) AS bytes FROM owner_removal WHERE day <= ?1 GROUP BY +owner_id) gone
       WHERE owner_usage.owner_id = gone.owner_id`,
      last,
    ],
    ['DELETE FROM owner_removal WHERE day <= ?1', last],
  ]
}

/**
 * Subtracts a repository, which the batch deletes after this, from the owner's usage.
 * @param repository a query for the repository's id, whose first parameter is the owner's id
 */
export function subtractRepository(
  repository: string,
  parameters: readonly [ownerId: string, ...further: string[]],
): Statement {
  const sql = `
    UPDATE owner_usage SET repositories = owner_usage.repositories - 1,
      metadata_bytes = owner_usage.metadata_bytes - gone.log_bytes
    FROM (SELECT log_bytes FROM repository WHERE id = (${repository})) gone WHERE owner_id = ?1`
  return [sql, ...parameters]
}

/**
 * A statement that charges the owner ?1 for more metadata, or for less.
 * @param rows a query for `bytes`
 */
export function changeMetadata(rows: string): string {
  return `
    INSERT INTO owner_usage (owner_id, metadata_bytes)
    SELECT ?1, bytes FROM (SELECT coalesce(sum(bytes), 0) AS bytes FROM (${rows})) WHERE bytes <> 0
    ON CONFLICT (owner_id) DO UPDATE SET
      metadata_bytes = owner_usage.metadata_bytes + excluded.metadata_bytes`
}
