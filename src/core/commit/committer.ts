// Carries a group of changes through one commit. Each change ends refused, committed or unknown. The
// committer prepares everything first, the index files in R2 included. Then one D1 batch makes it visible.
// The fence in that batch fails if another instance of the object committed in between.

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

/** Each attempt reads the repository again, so it fails again only if another commit succeeded meanwhile. */
const ATTEMPTS = 5
/** How often the committer sends a batch or asks for its fate before it calls the outcome unknown. */
const INQUIRIES = 3

export interface StagedIndexFiles {
  readonly files: readonly StagedIndexFile[]
  /** Paths of the index files that the commit removes. */
  readonly dropped: readonly string[]
  /** Called once the commit is known to have happened, and only then. Must not fail. */
  readonly committed: (commitId: string, revision: number) => void
}

export interface CommitterOptions {
  readonly db: D1Database
  readonly address: RepositoryAddress
  readonly rules: PlanRules
  /** Gives the bounds. Called only if a change adds something. */
  readonly bounds: () => Bounds
  /** How long a removed name takes no other bytes, in milliseconds. */
  readonly rest: number
  /** What remains of a rest after commits by code that keeps no list of commits, in milliseconds; else 0. */
  readonly gapOf: (snapshot: Snapshot) => number
  /**
   * Writes the new index files to R2, where they are invisible until the batch. Returns undefined if the group
   * changes more than fits in memory: then each half is committed alone. For a single change it never does.
   */
  readonly stageIndexes: (
    snapshot: Snapshot,
    plan: Plan,
    now: number,
  ) => Promise<StagedIndexFiles | undefined>
  /** Called with duplicates: staged bytes whose content was stored already. Must not fail. */
  readonly dropDuplicates: (blobs: readonly StagedBlob[]) => void
  /** Called with objects that no row will ever name. Must not fail. */
  readonly discard: (r2Keys: readonly string[]) => void
}

/**
 * How a batch ended. After `stale`, `constraint` and `ownerless` it is certain that nothing applied. After
 * `moved` the head is another one, set by this batch or by another commit. The next snapshot tells which, since
 * the log has the ids of the changes.
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

/** Refuses all changes, after a failure of which it is certain that nothing applied. */
function refuseAll(changes: readonly Change[], error: unknown): readonly ChangeResult[] {
  if (!(error instanceof RegistryError)) console.error('a commit failed:', error)
  const fault = error instanceof RegistryError ? error.fault : ({ code: 'internal' } as const)
  return changes.map(() => ({ outcome: 'refused', fault }))
}

/** The bounds for groups that only remove files or sign index files anew. */
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

/** Adds the commit to the list of the last ones. Not during a gap: the entry would claim that nothing was removed. */
function recentAfter(id: string, snapshot: Snapshot, plan: Plan, { gap }: Rest): string {
  if (gap > 0) return snapshot.recent
  const { head, recent } = snapshot
  const removed = plan.removed.map((file) => file.id)
  return prependCommit(head === null ? undefined : { head, recent }, id, removed)
}

/** Halves the group, so that only the change that broke a constraint fails and the others are committed. */
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
      // If the head is still the snapshot's, the same batch may be sent again: the fence lets only one of them apply.
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
  // An honest change can break only one foreign key, that of an owner who was deleted meanwhile.
  if (isConstraintFailure(error, 'FOREIGN KEY')) return 'ownerless'
  console.error('a commit met an unexpected constraint:', messageOf(error))
  return 'constraint'
}

/** Reads the head; undefined if even that fails. */
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
