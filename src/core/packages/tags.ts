// Moves and removes tags: one D1 batch each, in which the rows decide between those who come at once. The
// log's row comes first, and the tag becomes what the last row of the log says. So a batch that is sent again
// after a lost answer finds its row there, and changes nothing that a later move did. The accepted race: the
// version is removed and published again before the batch is sent again, which then gives it the tag again.
import { isTokenId } from '../access/principal.ts'
import {
  isConstraintFailure,
  LANDING_MS,
  messageOf,
  query,
  runBatch,
  type Statement,
} from '../database.ts'
import type { PackagePlace } from './place.ts'
import { changedColumns } from './state.ts'

export interface TagPlace extends PackagePlace {
  readonly packageName: string
}

export interface TagChange {
  /** Minted by the request: a repetition is recognised by it. */
  readonly changeId: string
  /** The id of an access token, or `admin`. */
  readonly createdBy: string
}

export type TagOutcome =
  | 'moved'
  /** It was so already. */
  | 'unchanged'
  | 'package-absent'
  | 'version-absent'
  | 'tag-absent'
  /** The access token was revoked, or has expired, since the request was allowed. */
  | 'token-ended'
  /** It may have been applied, or may be still. */
  | 'unknown'

/** Never throws. @param version as it is found by */
export function moveTag(
  db: D1Database,
  place: TagPlace,
  tag: string,
  version: string,
  change: TagChange,
): Promise<TagOutcome> {
  return changeTag(db, { place, tag, version, change })
}

/** Never throws. */
export function removeTag(
  db: D1Database,
  place: TagPlace,
  tag: string,
  change: TagChange,
): Promise<TagOutcome> {
  return changeTag(db, { place, tag, version: null, change })
}

interface Wanted {
  readonly place: TagPlace
  readonly tag: string
  readonly version: string | null
  readonly change: TagChange
}

const TRIES = 3

async function changeTag(db: D1Database, wanted: Wanted): Promise<TagOutcome> {
  const statements = statementsOf(wanted, Date.now())
  let lost = false
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      const results = await runBatch<{ applied: number }>(db, statements)
      if (results.at(-1)?.results[0]?.applied === 1) return 'moved'
      // Had the first try landed, its row would be in the log.
      return 'unchanged'
    } catch (error) {
      const outcome = await inquire(db, wanted, error)
      // The refusal is that of the repetition; the first try may still land.
      if (outcome !== undefined) return lost && outcome !== 'moved' ? 'unknown' : outcome
      lost ||= !isConstraintFailure(error)
      console.error('a tag was not changed at once:', messageOf(error))
    }
  }
  return 'unknown'
}

const PACKAGE = 'SELECT id FROM package WHERE owner_id = ?1 AND type = ?2 AND name = ?3'
const VERSION = `SELECT v.id FROM package_version v WHERE v.package_id = (${PACKAGE}) AND v.version = ?4`
const TAG = `SELECT 1 FROM package_tag t WHERE t.package_id = (${PACKAGE}) AND t.name = ?4`

/** ?1 is the id of the change. */
const APPLIED = 'EXISTS (SELECT 1 FROM package_tag_change WHERE change_id = ?1)'

function statementsOf({ place, tag, version, change }: Wanted, now: number): Statement[] {
  const { ownerId, type, packageName } = place
  const { changeId, createdBy } = change
  const names = [ownerId, type, packageName] as const
  const token = isTokenId(createdBy) ? createdBy : null
  return [
    [
      `INSERT INTO expectation (ok)
       SELECT unixepoch('now', 'subsec') * 1000 <= ?5 AND (
         EXISTS (SELECT 1 FROM package_tag_change WHERE change_id = ?6)
         OR EXISTS (${version === null ? TAG : VERSION}) AND (?7 IS NULL OR ${VALID_TOKEN}))`,
      ...names,
      version ?? tag,
      now + LANDING_MS,
      changeId,
      token,
    ],
    [
      // Nothing where the tag points there already.
      `INSERT INTO package_tag_change (change_id, package_id, tag, version, created_by, created_at)
       SELECT ?4, p.id, ?5, ?6, ?7, ?8 FROM (${PACKAGE}) p
       WHERE ?6 IS NOT (SELECT v.version FROM package_tag t
         JOIN package_version v ON v.id = t.version_id WHERE t.package_id = p.id AND t.name = ?5)
       ON CONFLICT (change_id) DO NOTHING`,
      ...names,
      changeId,
      tag,
      version,
      createdBy,
      now,
    ],
    version === null
      ? [
          `DELETE FROM package_tag WHERE (package_id, name) IN (
             SELECT c.package_id, c.tag FROM package_tag_change c WHERE ${IS_LAST})`,
          changeId,
        ]
      : [
          `INSERT INTO package_tag (package_id, name, version_id)
           SELECT c.package_id, c.tag, v.id FROM package_tag_change c
           CROSS JOIN package_version v ON v.package_id = c.package_id AND v.version = c.version
           WHERE ${IS_LAST}
           ON CONFLICT (package_id, name) DO UPDATE SET version_id = excluded.version_id`,
          changeId,
        ],
    [
      `UPDATE package SET ${changedColumns('package', '?2')}
       WHERE id = (SELECT c.package_id FROM package_tag_change c WHERE ${IS_LAST})`,
      changeId,
      now,
    ],
    [
      `UPDATE package_collection SET ${changedColumns('package_collection', '?4')}
       WHERE owner_id = ?1 AND type = ?2
         AND EXISTS (SELECT 1 FROM package_tag_change WHERE change_id = ?3)`,
      ownerId,
      type,
      changeId,
      now,
    ],
    ['DELETE FROM expectation'],
    [`SELECT ${APPLIED} AS applied`, changeId],
  ]
}

/** Of a token that ?7 names. */
const VALID_TOKEN = `EXISTS (SELECT 1 FROM access_token
  WHERE id = ?7 AND coalesce(expires_at > unixepoch('now', 'subsec') * 1000, true))`

/** Of the change ?1, `c`: nobody changed the tag after it. */
const IS_LAST = `c.change_id = ?1 AND NOT EXISTS (SELECT 1 FROM package_tag_change later
  WHERE later.package_id = c.package_id AND later.tag = c.tag AND later.id > c.id)`

/** What became of a batch that failed; undefined when it should be sent again. */
async function inquire(
  db: D1Database,
  { place: { ownerId, type, packageName }, tag, version, change }: Wanted,
  error: unknown,
): Promise<TagOutcome | undefined> {
  const sql = `
    SELECT EXISTS (SELECT 1 FROM package_tag_change WHERE change_id = ?5) AS applied,
      EXISTS (${PACKAGE}) AS package, EXISTS (${version === null ? TAG : VERSION}) AS target,
      ?6 IS NULL OR EXISTS (SELECT 1 FROM access_token
        WHERE id = ?6 AND coalesce(expires_at > unixepoch('now', 'subsec') * 1000, true)) AS token`
  const token = isTokenId(change.createdBy) ? change.createdBy : null
  const values = [ownerId, type, packageName, version ?? tag, change.changeId, token]
  let found: Record<'applied' | 'package' | 'target' | 'token', number> | null
  try {
    const statement = db.prepare(sql).bind(...values)
    found = await query(() => statement.first<NonNullable<typeof found>>())
  } catch {
    return undefined
  }
  if (found?.applied === 1) return 'moved'
  if (found === null || !isConstraintFailure(error)) return undefined
  if (found.token === 0) return 'token-ended'
  if (found.package === 0) return 'package-absent'
  if (found.target === 0) return version === null ? 'tag-absent' : 'version-absent'
  return undefined
}
