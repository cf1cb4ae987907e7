// A change of the marks or tags of a package: one D1 batch, in which the rows decide between those who come at
// once. The batch writes the id of the change, and fails as a whole where it is written already. So a batch
// that is sent again after a lost answer, and one that lands late, undo nothing that others did since.
import { isTokenId } from '../access/principal.ts'
import {
  backOff,
  isConstraintFailure,
  isOverloaded,
  LANDING_MS,
  messageOf,
  OVERTAKEN_TRIES,
  query,
  runBatch,
  type Statement,
} from '../database.ts'
import type { PackagePlace } from './place.ts'
import { changeCollectionWhere, changedColumns } from './state.ts'

export interface ChangedPackage extends PackagePlace {
  /** As it is found by. */
  readonly packageName: string
}

export interface PackageChange {
  /** Minted by the request, and used for one change alone: a repetition is recognised by it. */
  readonly changeId: string
  /** The id of an access token, or `admin`. */
  readonly createdBy: string
}

export type PackageChangeOutcome =
  | 'changed'
  /** It was so already. */
  | 'unchanged'
  | 'package-absent'
  /** The access token was revoked, or has expired, since the request was allowed. */
  | 'token-ended'
  /** It may have been applied, or may be still. */
  | 'unknown'

/** In all SQL ?1 to ?3 are what PACKAGE is found by, and ?4 is `wanted`. */
export interface WantedChange<R extends string> {
  readonly subject: ChangedPackage
  readonly change: PackageChange
  /** JSON. D1 takes 2 MB a value: the caller bounds it. */
  readonly wanted: string
  /** What has to hold, and the outcomes where it does not, in the order in which they are told. */
  readonly needs: readonly { readonly sql: string; readonly otherwise: R }[]
  /** Whether there is anything to change. */
  readonly differs: string
  /** Statements that change it, and nothing that is as it should be. Each names ?4. */
  readonly effects: readonly string[]
}

/** The id of the package. */
export const PACKAGE = 'SELECT id FROM package WHERE owner_id = ?1 AND type = ?2 AND name = ?3'

const TRIES = 3

/** Never throws. Package and collection get a new state where something changed. */
export async function applyChange<R extends string>(
  db: D1Database,
  wanted: WantedChange<R>,
): Promise<PackageChangeOutcome | R> {
  let statements = statementsOf(wanted, Date.now())
  let [lost, failures, overtaken] = [false, 0, 0]
  while (failures < TRIES && overtaken < OVERTAKEN_TRIES) {
    try {
      const results = await runBatch<{ applied: number }>(db, statements)
      return results.at(-1)?.results[0]?.applied === 1 ? 'changed' : 'unchanged'
    } catch (error) {
      if (isOverloaded(error)) return 'unknown'
      const { outcome, settled } = await inquire(db, wanted, error)
      // Of what is not settled by its own row, the refusal is that of the repetition; the first try may still land.
      if (outcome !== undefined) return lost && !settled ? 'unknown' : outcome
      // What a constraint refused did not apply, and will not: others came first, and are gone again.
      lost ||= !isConstraintFailure(error)
      if (lost) failures += 1
      else {
        overtaken += 1
        statements = statementsOf(wanted, Date.now())
      }
      console.error('a package was not changed at once:', messageOf(error))
      if (lost) await backOff(failures)
    }
  }
  return 'unknown'
}

/** A query that finds something where the change was made, or found nothing to change. */
export const MADE = (changeId: string) =>
  `SELECT applied FROM package_change WHERE change_id = ${changeId}`

/** A token that the parameter names can be used now; null names none. */
export const VALID_TOKEN = (id: string) =>
  `(${id} IS NULL OR EXISTS (SELECT 1 FROM access_token
     WHERE id = ${id} AND coalesce(expires_at > unixepoch('now', 'subsec') * 1000, true)))`

/** So long an id is kept: no batch lands so late. Whoever changes all the time has no more of them than that. */
const KEPT_MS = 20 * LANDING_MS

/** Each change adds one id, so that the table shrinks while it has old ones. */
const PRUNED_AT_ONCE = 10

function statementsOf<R extends string>(
  { subject, change, wanted, needs, differs, effects }: WantedChange<R>,
  now: number,
): Statement[] {
  const { ownerId, type, packageName } = subject
  const { changeId } = change
  const given = [ownerId, type, packageName, wanted] as const
  return [
    [
      `INSERT INTO expectation (ok)
       SELECT unixepoch('now', 'subsec') * 1000 <= ?5 AND EXISTS (${PACKAGE})
         AND ${needs.map(({ sql }) => `(${sql})`).join(' AND ')} AND ${VALID_TOKEN('?6')}`,
      ...given,
      now + LANDING_MS,
      tokenOf(change),
    ],
    [
      // Fails where the id is there, whatever the change would find by now.
      `INSERT INTO package_change (change_id, applied, created_at) SELECT ?5, (${differs}), ?6`,
      ...given,
      changeId,
      now,
    ],
    ...effects.map((sql): Statement => [sql, ...given]),
    [
      `UPDATE package SET ${changedColumns('package', '?5')}
       WHERE id = (${PACKAGE}) AND (${MADE('?4')})`,
      ownerId,
      type,
      packageName,
      changeId,
      now,
    ],
    [
      changeCollectionWhere(`owner_id = ?1 AND type = ?2 AND (${MADE('?3')})`, '?4'),
      ownerId,
      type,
      changeId,
      now,
    ],
    pruneChanges(now),
    ['DELETE FROM expectation'],
    [MADE('?1'), changeId],
  ]
}

/** The sweep takes so many at once, should no change come that takes them along. */
export const SWEPT_CHANGES = 100_000

/** Forgets ids that no batch can bring any more. @param now Unix milliseconds */
export function pruneChanges(now: number, most = PRUNED_AT_ONCE): Statement {
  return [
    `DELETE FROM package_change WHERE id IN (
       SELECT id FROM (
         SELECT id, created_at FROM package_change page ORDER BY id LIMIT ${most}) page
       WHERE created_at < ?1)`,
    now - KEPT_MS,
  ]
}

/** For the parameter of VALID_TOKEN. */
export function tokenOf({ createdBy }: Pick<PackageChange, 'createdBy'>): string | null {
  return isTokenId(createdBy) ? createdBy : null
}

interface Inquiry<R> {
  /** Undefined when the batch should be sent again. */
  readonly outcome?: PackageChangeOutcome | R
  /** Whether the change was made, so that no batch of its id can land any more. */
  readonly settled: boolean
}

/** What became of a batch that failed. */
async function inquire<R extends string>(
  db: D1Database,
  { subject, change, wanted, needs }: WantedChange<R>,
  error: unknown,
): Promise<Inquiry<R>> {
  const { ownerId, type, packageName } = subject
  const sql = `
    SELECT (${MADE('?5')}) AS applied, EXISTS (${PACKAGE}) AS package,
      ${VALID_TOKEN('?6')} AS token, ${needs.map(({ sql }, at) => `(${sql}) AS need${at}`).join(', ')}`
  const values = [ownerId, type, packageName, wanted, change.changeId, tokenOf(change)]
  let found: Found
  try {
    const statement = db.prepare(sql).bind(...values)
    const row = await query(() => statement.first<Found>())
    if (row === null) return { settled: false }
    found = row
  } catch {
    return { settled: false }
  }
  if (found.applied !== null) {
    return { outcome: found.applied === 1 ? 'changed' : 'unchanged', settled: true }
  }
  const outcome = isConstraintFailure(error) ? refusalOf(found, needs) : undefined
  return outcome === undefined ? { settled: false } : { outcome, settled: false }
}

/** Each 1 or 0; `applied` is null where the change was not made. */
interface Found extends Readonly<Record<`need${number}`, number>> {
  readonly package: number
  readonly token: number
  readonly applied: number | null
}

function refusalOf<R extends string>(
  found: Found,
  needs: WantedChange<R>['needs'],
): PackageChangeOutcome | R | undefined {
  if (found.token === 0) return 'token-ended'
  if (found.package === 0) return 'package-absent'
  return needs.find((_, at) => found[`need${at}`] === 0)?.otherwise
}
