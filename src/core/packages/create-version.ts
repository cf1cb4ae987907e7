// Makes several files of one version visible by one D1 batch: all of them, or none. Like the creation of one file
// (create.ts), but that the id of the change has a row of its own: files of the names may be there already, so
// that no row of a file would tell whether the batch was applied.
import type { StagedBlob } from '../blobs/staged-blob.ts'
import {
  backOff,
  expectAll,
  isConstraintFailure,
  isOverloaded,
  LANDING_MS,
  messageOf,
  OVERTAKEN_TRIES,
  runBatch,
  type Statement,
} from '../database.ts'
import { addUsage, NO_USAGE } from '../quota/quantities.ts'
import { findExceeded, type Limits, limitsOfOwner } from '../quota/quota.ts'
import { changeUsage, hasRoom, readQuota } from '../quota/statements.ts'
import {
  type BasicRules,
  hasTokenEnded,
  holds,
  NEVER_FIRST,
  type NotCreated,
  namedBy,
  spellingOf,
  TOKEN_ENDED,
} from './create.ts'
import { type Existing, type ExistingFile, expectExisting, findExisting } from './existing-files.ts'
import { type NewFile, usageOfNewFile } from './new-file.ts'
import { hasRoomForTags, pointTags, roomForTags, withTags } from './new-tags.ts'
import { pruneChanges, tokenOf } from './package-change.ts'
import type { PackagePlace } from './place.ts'
import { findRest, noRest, type Rest, type Resting, Rests } from './rest.ts'
import { isRetired, notRetired } from './retire.ts'
import { duplicatesOf, insertFiles, selectKept } from './rows.ts'
import { changeCollection, changePackages } from './state.ts'

/** So many files come together at most: the statements grow with them, of which D1 runs 1,000 a request. */
export const MAX_VERSION_FILES = 32

export interface VersionRules extends BasicRules {
  readonly namesStayTaken?: true
  /**
   * What becomes of a file whose name the version has, with the same bytes: the publish is refused as a whole
   * (absent), or the file stays, and what else the publish has comes. Other bytes are always refused.
   */
  readonly onSame?: 'accept'
}

export interface NewVersion {
  /** Minted by the request, and used for one change alone: a repetition is recognised by it. */
  readonly changeId: string
  /** Of one version, each of a name of its own, at most MAX_VERSION_FILES. Its tags are those of all of them. */
  readonly files: readonly [NewFile, ...NewFile[]]
}

export type CreateVersionResult =
  | {
      readonly outcome: 'created'
      /** What was staged and is not needed: its content was stored already. */
      readonly duplicates: readonly StagedBlob[]
    }
  | NotCreated

interface Creating extends NewVersion {
  readonly db: D1Database
  readonly place: PackagePlace
  readonly rules: VersionRules
  /** The deployment's. */
  readonly limits: Limits
  readonly rest: Rest
}

const TRIES = 3

/**
 * @throws Error for files that are not of one version, too many, or of one name
 * @throws RegistryError as `Rests` does, while one of the names rests; nothing applied then
 */
export async function createVersion(creating: Creating): Promise<CreateVersionResult> {
  const { db, files } = creating
  requireOneVersion(files)
  const rests = new Rests(creating.rest)
  let [lost, failures, overtaken] = [false, 0, 0]
  while (failures < TRIES && overtaken < OVERTAKEN_TRIES) {
    let sent = false
    let refused = false
    let added: readonly NewFile[] = files
    try {
      const found = await findExisting(creating)
      const refusal = found.applied ? undefined : refusalOf(creating, found)
      // The refusal is that of the repetition; the first try may still land.
      if (refusal !== undefined) return lost ? { outcome: 'unknown' } : refusal
      added = without(files, found.files)
      const statements =
        found.applied || (added.length === 0 && tagsOf(files).length === 0)
          ? []
          : versionStatements(creating, found.files, added, Date.now())
      sent = statements.length > 0
      const results = await runBatch<{ r2_key: string }>(db, [...statements, selectKept(files)])
      return { outcome: 'created', duplicates: duplicatesOf(files, results.at(-1)) }
    } catch (error) {
      if (isOverloaded(error)) return { outcome: 'unknown' }
      refused = isConstraintFailure(error)
      const result = refused && !lost ? await inquire(creating, added, error) : undefined
      if (result?.outcome === 'resting') {
        await rests.wait(result)
        continue
      }
      if (result !== undefined) return result
      if (refused) overtaken += 1
      else failures += 1
      lost ||= sent && !refused
      console.error('a version was not created at once:', messageOf(error))
      if (!refused) await backOff(failures)
    }
  }
  return lost ? { outcome: 'unknown' } : NEVER_FIRST
}

function requireOneVersion(files: NewVersion['files']): void {
  const versions = files.map(({ packageName, version }) => JSON.stringify([packageName, version]))
  const names = files.map(({ compositeKey, fileName }) => JSON.stringify([compositeKey, fileName]))
  if (new Set(versions).size > 1) throw new Error('files of several versions')
  if (new Set(names).size < files.length) throw new Error('several files of one name')
  if (files.length > MAX_VERSION_FILES) throw new Error(`${files.length} files of one version`)
}

function without(files: readonly NewFile[], existing: readonly ExistingFile[]) {
  const there = new Set(existing.map(({ at }) => at))
  return files.filter((_, at) => !there.has(at))
}

const tagsOf = (files: readonly NewFile[]) => files.flatMap(({ tags = [] }) => tags)

/** Why the rows of the package do not let the files come; undefined where they do. */
function refusalOf(
  { rules, files }: Creating,
  { spelling, versionExists, files: existing }: Existing,
): CreateVersionResult | undefined {
  if (rules.oneSpelling && spelling !== null && spelling !== spellingOf(files[0])) {
    return { outcome: 'spelled-otherwise', spelling }
  }
  const others = existing.filter(({ at, sha256 }) => files[at]?.blob.sha256 !== sha256)
  const same = others.length === 0
  const repeated = rules.onSame === 'accept' && same && existing.length > 0
  if (versionExists && rules.creation === 'new-version' && !repeated) {
    return { outcome: 'version-exists' }
  }
  if (existing.length > 0 && !repeated) {
    return { outcome: 'exists', sameBytes: same && existing.length === files.length }
  }
  if (!versionExists && rules.creation === 'existing-version') return { outcome: 'version-absent' }
  return undefined
}

/** @param existing those of the names that stay as they are, which the batch expects to be there */
function versionStatements(
  creating: Creating,
  existing: readonly ExistingFile[],
  added: readonly NewFile[],
  now: number,
): Statement[] {
  const { place, rules, changeId, files, limits, rest } = creating
  const { ownerId, type } = place
  const [first] = files
  const usage = added.map(usageOfNewFile).reduce(addUsage, NO_USAGE)
  const tagged = { ...first, tags: tagsOf(files) }
  const room = hasRoom(ownerId, withTags(usage, tagged), limits, 8)
  // What is there already is no new version.
  const creation = existing.length > 0 ? 'existing-version' : rules.creation
  return [
    expectAll([
      {
        sql: `${holds({ creation })} AND ${room.sql}`,
        parameters: [
          ...[ownerId, type, first.packageName, first.version, now + LANDING_MS],
          ...[rules.oneSpelling ? spellingOf(first) : null, tokenOf(first), ...room.parameters],
        ],
      },
      ...noRest(place, added, rest),
      ...roomForTags(place, tagged),
    ]),
    expectExisting(creating, existing),
    // Fails where the id is there: of a batch that is sent again one is applied.
    [
      'INSERT INTO package_change (change_id, applied, created_at) VALUES (?1, 1, ?2)',
      changeId,
      now,
    ],
    // A statement for each: together they would have more parameters than D1 takes.
    ...(rules.namesStayTaken
      ? added.map((file) => expectAll([notRetired(place, namedBy(rules), file)]))
      : []),
    ...changeUsage(ownerId, usage),
    ...insertFiles(place, null, added, now, rules.namesStayTaken),
    // Those of files that are there already, too.
    ...pointTags(place, [tagged]),
    ...(added.length > 0
      ? []
      : [
          changePackages(place, JSON.stringify([[first.packageName]]), now),
          changeCollection(place, now),
        ]),
    pruneChanges(now),
    ['DELETE FROM expectation'],
  ]
}

/** Why a constraint refused a batch, beyond what the rows say; undefined when it should be tried again. */
async function inquire(
  { db, place, rules, files, limits, rest }: Creating,
  added: readonly NewFile[],
  error: unknown,
): Promise<CreateVersionResult | Resting | undefined> {
  const [first] = files
  const tagged = { ...first, tags: tagsOf(files) }
  try {
    if (isConstraintFailure(error, 'FOREIGN KEY')) return { outcome: 'ownerless' }
    if (await hasTokenEnded(db, first)) return TOKEN_ENDED
    for (const file of rules.namesStayTaken ? added : []) {
      if (await isRetired(db, place, namedBy(rules), file)) return { outcome: 'version-retired' }
    }
    if (!(await hasRoomForTags(db, place, tagged))) return { outcome: 'too-many-tags' }
    const quota = await readQuota(db, place.ownerId)
    const usage = added.map(usageOfNewFile).reduce(addUsage, NO_USAGE)
    const needed = withTags(usage, tagged)
    const fault = quota && findExceeded(quota.used, needed, limitsOfOwner(limits, quota))
    if (fault !== undefined) return { outcome: 'refused', fault }
    return await findRest(db, place, added, rest)
  } catch {
    return undefined
  }
}
