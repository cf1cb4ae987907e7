// Carries a group of changes through one commit, to one of three ends for each: refused, committed
// or unknown. Prepares everything (the index files lie in R2), then one D1 batch makes it visible;
// the fence in that batch fails it when another instance committed in between.

import type { StagedBlob } from '../blobs/staged-blob.ts'
import { backOff, isConstraintFailure, isOverloaded, messageOf, runBatch } from '../database.ts'
import { RegistryError } from '../errors.ts'
import { prependCommit } from '../near/recent-commits.ts'
import { duplicatesOf, selectKept } from '../packages/rows.ts'
import { NO_USAGE } from '../quota/quantities.ts'
import type { Bounds } from '../quota/quota.ts'
import { type Commit, commitStatements, type StagedIndexFile } from './batch.ts'
import type { Change, ChangeResult, RepositoryAddress } from './change.ts'
import { type Plan, type PlanRules, planCommit, type Rest } from './plan.ts'
import { readHead, readSnapshot, type Snapshot } from './snapshot.ts'

/** Each attempt reads the repository again, so it only fails again if somebody else succeeded. */
const ATTEMPTS = 5
/** How often the fate of a batch without an answer is asked before it is called unknown. */
const INQUIRIES = 3

export interface StagedIndexFiles {
  readonly files: readonly StagedIndexFile[]
  /** Index files that are to be gone after the commit, by path. */
  readonly dropped: readonly string[]
  /** Called once the commit is known to have happened, and not otherwise. Must not fail. */
  readonly committed: (commitId: string, revision: number) => void
}

export interface CommitterOptions {
  readonly db: D1Database
  readonly address: RepositoryAddress
  readonly rules: PlanRules
  /** Asked for where a change adds something. */
  readonly bounds: () => Bounds
  /** How long a removed name takes no other bytes, in milliseconds. */
  readonly rest: number
  /** What is left of a rest after commits of code that keeps no list of them; else 0. */
  readonly gapOf: (snapshot: Snapshot) => number
  /**
   * Writes the new index files to R2, invisible until the batch. Undefined where the group changes more
   * than fits into memory at once: then each half of it is committed alone. Never so for one change.
   */
  readonly stageIndexes: (
    snapshot: Snapshot,
    plan: Plan,
    now: number,
  ) => Promise<StagedIndexFiles | undefined>
  /** Called with staged bytes whose content was stored already. Must not fail. */
  readonly dropDuplicates: (blobs: readonly StagedBlob[]) => void
  /** Called with objects that no row will ever name. Must not fail. */
  readonly discard: (r2Keys: readonly string[]) => void
}

/**
 * How a batch ended. Of `stale`, `constraint` and `ownerless` it is certain that nothing applied; after `moved`
 * the head is another one, by this batch or by somebody else's: the next snapshot tells, since the
 * log has the ids of the changes.
 */
type BatchEnd = 'committed' | 'stale' | 'constraint' | 'ownerless' | 'moved' | 'unknown'

/** Commits a group; one result per change, in order. Never throws. */
export async function commitGroup(
  options: CommitterOptions,
  changes: readonly Change[],
): Promise<readonly ChangeResult[]> {
  const unknown = changes.map((): ChangeResult => ({ outcome: 'unknown' }))
  let certain = true
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const results = await attemptCommit(options, changes)
      if (results !== 'stale' && results !== 'moved') return results
      certain = results === 'stale'
    } catch (error) {
      return certain ? refuseAll(changes, error) : unknown
    }
  }
  if (!certain) return unknown
  const detail = 'other changes of this repository kept coming first: try again'
  return refuseAll(changes, new RegistryError({ code: 'storage-unavailable', detail }))
}

/** For failures of which it is certain that nothing applied. */
function refuseAll(changes: readonly Change[], error: unknown): readonly ChangeResult[] {
  if (!(error instanceof RegistryError)) console.error('a commit failed:', error)
  const fault = error instanceof RegistryError ? error.fault : ({ code: 'internal' } as const)
  return changes.map(() => ({ outcome: 'refused', fault }))
}

/** For what only removes or signs anew. */
const NO_GROWTH: Bounds = { owner: NO_USAGE, databaseBytes: 0 }

async function attemptCommit(
  options: CommitterOptions,
  changes: readonly Change[],
): Promise<readonly ChangeResult[] | 'stale' | 'moved'> {
  const snapshot = await readSnapshot(options.db, options.address, changes, options.rest)
  const now = Date.now()
  const grows = changes.some((change) => change.op === 'publish')
  const bounds = grows ? options.bounds() : NO_GROWTH
  const rest: Rest = { milliseconds: options.rest, gap: options.gapOf(snapshot) }
  const plan = planCommit(changes, snapshot, options.rules, now, bounds, rest)
  if (plan.carried.length === 0) return collect(changes, plan, { outcome: 'absent' })
  const staged = await options.stageIndexes(snapshot, plan, now)
  if (staged === undefined) return commitHalves(options, changes)
  const { files: indexes, dropped, committed } = staged
  const { db, address } = options
  const id = crypto.randomUUID()
  const commit: Commit = {
    id,
    address,
    snapshot,
    plan,
    limits: bounds.owner,
    recent: recentAfter(id, snapshot, plan, rest),
    indexes,
    dropped,
    now,
  }
  const end = await tryBatch(db, commit, options.dropDuplicates)
  switch (end) {
    case 'committed': {
      const revision = snapshot.revision + 1
      committed(commit.id, revision)
      return collect(changes, plan, { outcome: 'committed', revision })
    }
    case 'unknown':
      return collect(changes, plan, { outcome: 'unknown' })
    case 'moved':
      return 'moved'
    case 'stale':
    case 'constraint':
    case 'ownerless':
      options.discard(indexes.map((index) => index.r2Key))
      return end === 'stale' ? 'stale' : bisect(options, changes, end)
  }
}

/** While a gap rests, the list stays as it is: a new one would say that nothing was removed. */
function recentAfter(id: string, snapshot: Snapshot, plan: Plan, { gap }: Rest): string {
  if (gap > 0) return snapshot.recent
  const { head, recent } = snapshot
  const removed = plan.removed.map((file) => file.id)
  return prependCommit(head === null ? undefined : { head, recent }, id, removed)
}

/** Only the culprit of an unexpected constraint fails; the rest of its group is committed. */
async function bisect(
  options: CommitterOptions,
  changes: readonly Change[],
  end: 'constraint' | 'ownerless',
): Promise<readonly ChangeResult[]> {
  if (changes.length === 1) {
    const detail = `no owner ${options.address.ownerName}`
    return refuseAll(
      changes,
      new RegistryError(end === 'ownerless' ? { code: 'not-found', detail } : { code: 'internal' }),
    )
  }
  return commitHalves(options, changes)
}

async function commitHalves(
  options: CommitterOptions,
  changes: readonly Change[],
): Promise<readonly ChangeResult[]> {
  const middle = changes.length >> 1
  const first = await commitGroup(options, changes.slice(0, middle))
  return [...first, ...(await commitGroup(options, changes.slice(middle)))]
}

async function tryBatch(
  db: D1Database,
  commit: Commit,
  dropDuplicates: CommitterOptions['dropDuplicates'],
): Promise<BatchEnd> {
  for (let inquiry = 0; inquiry < INQUIRIES; inquiry++) {
    try {
      const { published } = commit.plan
      const results = await runBatch<{ r2_key: string }>(db, [
        ...commitStatements(commit),
        selectKept(published),
      ])
      dropDuplicates(duplicatesOf(published, results.at(-1)))
      return 'committed'
    } catch (error) {
      if (inquiry === 0 && isConstraintFailure(error)) return constraintEnd(error)
      if (isOverloaded(error)) return 'unknown'
      await backOff(inquiry)
      const head = await findHead(db, commit.address)
      // While it is still the base, the same batch may be sent again: the fence lets one of them in.
      if (head !== undefined && head !== commit.snapshot.head) return 'moved'
    }
  }
  return 'unknown'
}

function constraintEnd(error: unknown): BatchEnd {
  const overtaken =
    isConstraintFailure(error, 'stale_repository') ||
    isConstraintFailure(error, 'repository.owner_id, repository.type, repository.name')
  if (overtaken) return 'stale'
  // The one foreign key that an honest change can miss: its owner was deleted meanwhile.
  if (isConstraintFailure(error, 'FOREIGN KEY')) return 'ownerless'
  console.error('a commit met an unexpected constraint:', messageOf(error))
  return 'constraint'
}

/** The head now, or undefined when even that cannot be read. */
async function findHead(
  db: D1Database,
  address: RepositoryAddress,
): Promise<string | null | undefined> {
  try {
    return await readHead(db, address)
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

function collect(
  changes: readonly Change[],
  plan: Plan,
  carried: ChangeResult,
): readonly ChangeResult[] {
  return changes.map((change) => plan.settled.get(change.changeId) ?? carried)
}
