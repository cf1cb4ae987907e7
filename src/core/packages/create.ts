// Makes a file of a type without repositories visible: one D1 batch, all or nothing, in which the
// unique key of file names decides between those who come at once. Nothing stands in its way, no
// Durable Object, since there is no index to keep right.
import {
  backOff,
  expectAll,
  isConstraintFailure,
  isOverloaded,
  LANDING_MS,
  messageOf,
  OVERTAKEN_TRIES,
  query,
  runBatch,
  type Statement,
} from '../database.ts'
import type { Fault } from '../errors.ts'
import type { Usage } from '../quota/quantities.ts'
import { findExceeded, type Limits, limitsOfOwner, type OwnerQuota } from '../quota/quota.ts'
import { changeUsage, hasRoom, readQuota } from '../quota/statements.ts'
import { type NewFile, usageOfNewFile } from './new-file.ts'
import { hasRoomForTags, roomForTags, withTags } from './new-tags.ts'
import { tokenOf, VALID_TOKEN } from './package-change.ts'
import type { PackagePlace } from './place.ts'
import { findReplaced, type Replaced, removeReplaced } from './replace.ts'
import { findRest, noRest, type Rest, type Resting, Rests } from './rest.ts'
import { isRetired, notRetired, readSpelling, SPELLING } from './retire.ts'
import { duplicatesOf, insertFiles, releaseBlobs, selectKept } from './rows.ts'

/**
 * What may be there already:
 * - `new-version`: package and file together; a version that exists is a conflict
 * - `any-version`: the file is added to a version that exists, or makes it
 * - `existing-version`: the file is added to a version that exists
 */
export type Creation = 'new-version' | 'any-version' | 'existing-version'

export type CreateResult =
  | {
      readonly outcome: 'created'
      /** Whether the content was stored already. */
      readonly duplicate: boolean
    }
  | NotCreated

/** What becomes of files that are not made, or of which nobody knows whether they are. */
export type NotCreated =
  | { readonly outcome: 'exists'; readonly sameBytes: boolean }
  | { readonly outcome: 'refused'; readonly fault: Fault }
  | { readonly outcome: 'version-exists' | 'version-absent' | 'version-retired' }
  | { readonly outcome: 'too-many-tags' }
  | { readonly outcome: 'ownerless' }
  /** The package exists, under another spelling of its name. */
  | { readonly outcome: 'spelled-otherwise'; readonly spelling: string }
  /** It may have been applied: nothing that it staged may be deleted. */
  | { readonly outcome: 'unknown' }

/** How a file may come about. */
export type CreationRules = BasicRules &
  (
    | {
        /** A file of the name goes, whatever its bytes. Of several at once the one that comes last stays. */
        readonly replaces?: true
        readonly namesStayTaken?: never
        readonly onSame?: never
      }
    | {
        readonly replaces?: never
        /**
         * Once the file is removed, its name carries no other bytes: of a `new-version` the version, else the file
         * in it. The same bytes may come back.
         */
        readonly namesStayTaken?: true
        /** The same bytes again are a success, and what else the publish has comes (createVersion). */
        readonly onSame?: 'accept'
      }
  )

export interface BasicRules {
  readonly creation: Creation
  /**
   * A package has the spelling of its first publish: two names that are found by one word must not become one
   * package, since the second publisher's files would join those of the first.
   */
  readonly oneSpelling?: true
}

const TRIES = 3

/** Nothing applied, and nothing will. */
export const NEVER_FIRST: Extract<CreateResult, { outcome: 'refused' }> = {
  outcome: 'refused',
  fault: {
    code: 'storage-unavailable',
    detail: 'other changes of this file kept coming first: try again',
  },
}

interface Creating {
  readonly place: PackagePlace
  readonly rules: CreationRules
  readonly file: NewFile
  /** The deployment's. */
  readonly limits: Limits
  readonly rest: Rest
}

/**
 * The file's id makes a repetition find its first effect.
 * @throws RegistryError as `Rests` does, while the name rests; nothing applied then
 */
export async function createFile(db: D1Database, creating: Creating): Promise<CreateResult> {
  const { place, rules, file } = creating
  const usage = usageOfNewFile(file)
  const rows: NewRows = { ...creating, usage, needed: withTags(usage, file) }
  let now = Date.now()
  const rests = new Rests(creating.rest)
  let [lost, failures, overtaken] = [false, 0, 0]
  let replaced: Replaced | undefined
  while (failures < TRIES && overtaken < OVERTAKEN_TRIES) {
    let sent = false
    try {
      // What was sent and may have landed must not be sent again over what came after it.
      if (rules.replaces && !lost) replaced = await findReplaced(db, place, file)
      sent = true
      const results = await runBatch<{ r2_key: string }>(db, createStatements(rows, replaced, now))
      return { outcome: 'created', duplicate: duplicatesOf([file], results.at(-1)).length > 0 }
    } catch (error) {
      if (isOverloaded(error)) return { outcome: 'unknown' }
      const result = sent ? await inquire(db, rows, error) : undefined
      // The refusal is that of the repetition; the first try may still land.
      if (lost && result !== undefined && result.outcome !== 'created')
        return { outcome: 'unknown' }
      if (result?.outcome === 'resting') {
        await rests.wait(result)
        now = Date.now()
        continue
      }
      if (result !== undefined) return result
      // What a constraint refused did not apply, and will not: of others that came first some are gone again.
      const refused = isConstraintFailure(error)
      if (refused && !lost) overtaken += 1
      else failures += 1
      lost ||= sent && !refused
      if (!lost) now = Date.now()
      console.error('a file was not created at once:', messageOf(error))
      if (!refused) await backOff(failures)
    }
  }
  return lost ? { outcome: 'unknown' } : NEVER_FIRST
}

/** ?1 to ?4 are owner, type, package and version. */
export const VERSION_EXISTS = `
  SELECT 1 FROM package p JOIN package_version v ON v.package_id = p.id AND v.version = ?4
  WHERE p.owner_id = ?1 AND p.type = ?2 AND p.name = ?3`

const EXPECTED: Readonly<Record<Creation, string>> = {
  'new-version': `NOT EXISTS (${VERSION_EXISTS})`,
  'any-version': 'true',
  'existing-version': `EXISTS (${VERSION_EXISTS})`,
}

/**
 * What has to hold of package, version and token: ?1 to ?4 are owner, type, package and version, ?5 is the time until
 * which the batch may land, ?6 the spelling of the package's name, null where any will do, and ?7 the access token.
 */
export const holds = ({ creation }: Pick<BasicRules, 'creation'>) =>
  `(${EXPECTED[creation]}) AND unixepoch('now', 'subsec') * 1000 <= ?5 AND ${SPELLED_SO}
   AND ${VALID_TOKEN('?7')}`

export const namedBy = ({ creation }: Pick<BasicRules, 'creation'>) =>
  creation === 'new-version' ? 'version' : 'file'

export const spellingOf = (file: NewFile) => file.display?.packageName ?? file.packageName

const SPELLED_SO = `(?6 IS NULL OR coalesce((${SPELLING}), ?6) = ?6)`

interface NewRows extends Creating {
  readonly usage: Usage
  /** The same with its tags, of which the database knows alone which are new. */
  readonly needed: Usage
}

function createStatements(rows: NewRows, replaced: Replaced | undefined, now: number): Statement[] {
  const { place, rules, file, usage, needed, limits, rest } = rows
  const { ownerId, type } = place
  const room = hasRoom(ownerId, needed, limits, 8)
  return [
    ...(rules.replaces ? removeReplaced(place, file, replaced, now) : []),
    expectAll([
      {
        sql: `${holds(rules)} AND ${room.sql}`,
        parameters: [
          ...[ownerId, type, file.packageName, file.version, now + LANDING_MS],
          ...[rules.oneSpelling ? spellingOf(file) : null, tokenOf(file), ...room.parameters],
        ],
      },
      ...(rules.namesStayTaken ? [notRetired(place, namedBy(rules), file)] : []),
      // No place remembers a file that another may replace.
      ...(rules.replaces ? [] : noRest(place, [file], rest)),
      ...roomForTags(place, file),
    ]),
    ...changeUsage(ownerId, usage),
    ...insertFiles(place, null, [file], now, rules.namesStayTaken),
    // Last: its content may be that of other files, or of the new one.
    ...(replaced === undefined ? [] : [releaseBlobs([replaced], now)]),
    ['DELETE FROM expectation'],
    selectKept([file]),
  ]
}

export const TOKEN_ENDED: Extract<NotCreated, { outcome: 'refused' }> = {
  outcome: 'refused',
  fault: {
    code: 'invalid-credentials',
    detail: 'the access token was revoked, or has expired, before the change was made',
  },
}

/** By the database's clock, as the batch decides. @throws RegistryError storage-unavailable */
export async function hasTokenEnded(db: D1Database, file: NewFile): Promise<boolean> {
  const statement = db.prepare(`SELECT ${VALID_TOKEN('?1')} AS it`).bind(tokenOf(file))
  return (await query(() => statement.first<number>('it'))) === 0
}

const FOUND = `
  SELECT v.id AS versionId, f.id,
    f.blob_sha256 AS sha256, b.r2_key AS r2Key
  FROM package p
  LEFT JOIN package_version v ON v.package_id = p.id AND v.version = ?4
  LEFT JOIN package_file f ON f.version_id = v.id AND f.composite_key = ?5 AND f.name = ?6
  LEFT JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE p.owner_id = ?1 AND p.type = ?2 AND p.name = ?3`

interface FoundRow {
  readonly versionId: number | null
  readonly id: string | null
  readonly sha256: string | null
  readonly r2Key: string | null
}

/** What became of a batch that failed; undefined when it should be sent again. */
async function inquire(
  db: D1Database,
  { place, rules, file, needed, limits, rest }: NewRows,
  error: unknown,
): Promise<CreateResult | Resting | undefined> {
  const { ownerId, type } = place
  const { packageName, version, compositeKey, fileName, changeId, blob } = file
  let row: FoundRow | null
  let [retired, crowded, ended] = [false, false, false]
  let quota: OwnerQuota | undefined
  let spelling: string | null = null
  let resting: Resting | undefined
  try {
    const names = [ownerId, type, packageName, version, compositeKey, fileName]
    const find = () =>
      db
        .prepare(FOUND)
        .bind(...names)
        .first<FoundRow>()
    row = await query(find)
    if (rules.oneSpelling) spelling = await readSpelling(db, place, file)
    if (rules.namesStayTaken) retired = await isRetired(db, place, namedBy(rules), file)
    crowded = !(await hasRoomForTags(db, place, file))
    if (!rules.replaces) resting = await findRest(db, place, [file], rest)
    ended = await hasTokenEnded(db, file)
    quota = await readQuota(db, ownerId)
  } catch {
    return undefined
  }
  if (row?.id === changeId) return { outcome: 'created', duplicate: row.r2Key !== blob.r2Key }
  if (!isConstraintFailure(error)) return undefined
  // From here on it is certain that this batch did not apply, and will not.
  if (ended) return TOKEN_ENDED
  if (spelling !== null && spelling !== spellingOf(file)) {
    return { outcome: 'spelled-otherwise', spelling }
  }
  const versionExists = row !== null && row.versionId !== null
  if (versionExists && rules.creation === 'new-version') return { outcome: 'version-exists' }
  if (row !== null && row.id !== null && !rules.replaces) {
    return { outcome: 'exists', sameBytes: row.sha256 === blob.sha256 }
  }
  if (retired) return { outcome: 'version-retired' }
  if (!versionExists && rules.creation === 'existing-version') return { outcome: 'version-absent' }
  if (crowded) return { outcome: 'too-many-tags' }
  if (isConstraintFailure(error, 'FOREIGN KEY')) return { outcome: 'ownerless' }
  const fault = quota && findExceeded(quota.used, needed, limitsOfOwner(limits, quota))
  if (fault !== undefined) return { outcome: 'refused', fault }
  // Last of all: what is refused anyway does not wait.
  return resting
}
