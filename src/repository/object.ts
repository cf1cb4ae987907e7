// The Durable Object: one object per owner, type and repository, one class for all types. It runs the commits
// of its repository one after the other. It stores the index files of a commit in R2 before the commit makes
// them visible. D1 has the truth. The object keeps a copy of the entries, compressed in segments, so that the
// cost of a commit grows with its changes and not with the repository.
import { DurableObject } from 'cloudflare:workers'
import { adoptOrDiscard } from '../core/blobs/adopt.ts'
import { discardObjects, storeIndexFile } from '../core/blobs/objects.ts'
import type { StagedBlob } from '../core/blobs/staged-blob.ts'
import type { StagedIndexFile } from '../core/commit/batch.ts'
import type { Change, ChangeResult, RepositoryAddress } from '../core/commit/change.ts'
import { commitGroup, type StagedIndexFiles } from '../core/commit/committer.ts'
import type { Plan } from '../core/commit/plan.ts'
import { CommitQueue } from '../core/commit/queue.ts'
import type { Snapshot } from '../core/commit/snapshot.ts'
import { requireMatchingBucket } from '../core/deployment/marker.ts'
import { prepareSegments } from '../core/index-copy/copy.ts'
import { type EntrySource, readParts } from '../core/index-copy/source.ts'
import { type IndexWork, SegmentStore } from '../core/index-copy/store.ts'
import { restOf } from '../core/near/facts.ts'
import { Gap } from '../core/near/gap.ts'
import { partOf, weightOf, weightOfProperties } from '../core/packages/new-file.ts'
import { loadKeySet } from '../core/signing-keys.ts'
import { boundsOf, type Env, rememberMsOf, secretsOf } from '../env.ts'
import { findIndexing } from '../types/registration.ts'
import type { IndexFile, RepositoryIndexing } from '../types/type.ts'
import { Generations } from './generations.ts'

/**
 * Bytes of changed segments, of which a commit holds the old and the new text. The object splits a group that
 * has more, such as one that removes long entries all over a large repository.
 */
const PREPARED_BYTES = 4 * 1024 * 1024

interface Submitted {
  readonly address: RepositoryAddress
  readonly change: Change
}

interface PreparedCommit {
  readonly address: RepositoryAddress
  readonly indexing: RepositoryIndexing
  readonly snapshot: Snapshot
  readonly plan: Plan
  readonly now: number
}

export class Repository extends DurableObject<Env> {
  readonly #store = new SegmentStore(this.ctx.storage)
  readonly #generations = new Generations()
  readonly #gap = new Gap()
  /** Writes the last commit to the copy; undefined if the copy has it. */
  #unwritten: (() => void) | undefined
  readonly #queue = new CommitQueue<Submitted, ChangeResult>({
    commit: (group) => this.#commit(group),
    answered: () => this.ctx.waitUntil(this.#writeSoon()),
    // A commit has at most one change of a file name. Reindexing may share a commit with any change.
    keyOf: ({ change }) => (change.op === 'reindex' ? change.changeId : change.fileName),
    weightOf: ({ change }) =>
      change.op === 'publish'
        ? Math.max(weightOf(change.metadata), weightOfProperties(change.properties))
        : 0,
  })

  /** Commits the change, perhaps together with others, or returns why it did not. */
  async commit(address: RepositoryAddress, change: Change): Promise<ChangeResult> {
    return this.#queue.submit({ address, change })
  }

  /** The work of the object's commits so far. Writes the last one to the copy first, so that it counts. */
  get work(): IndexWork {
    this.#write()
    return this.#store.work
  }

  /** Answers when the object can be reached. */
  async ping(): Promise<void> {}

  /** Tests override this for types that are not registered. */
  protected findIndexing(type: string): RepositoryIndexing | undefined {
    return findIndexing(type)
  }

  async #commit(group: readonly Submitted[]): Promise<readonly ChangeResult[]> {
    const address = group[0]?.address
    const indexing = address === undefined ? undefined : this.findIndexing(address.type)
    if (address === undefined || indexing === undefined) {
      throw new Error(`no index is known for the type ${address?.type}`)
    }
    const rest = restOf(rememberMsOf(this.env))
    return commitGroup(
      {
        db: this.env.DB,
        address,
        rules: indexing,
        bounds: () => boundsOf(this.env),
        rest,
        gapOf: (snapshot) => this.#gap.left(snapshot, rest, Date.now()),
        stageIndexes: (snapshot, plan, now) =>
          this.#stageIndexes({ address, indexing, snapshot, plan, now }),
        dropDuplicates: (blobs) => this.ctx.waitUntil(this.#dropDuplicates(blobs)),
        discard: (r2Keys) => this.ctx.waitUntil(discardObjects(this.env.BLOBS, r2Keys)),
      },
      group.map(({ change }) => change),
    )
  }

  async #dropDuplicates(blobs: readonly StagedBlob[]): Promise<void> {
    for (const blob of blobs) await adoptOrDiscard(this.env.DB, this.env.BLOBS, blob)
  }

  async #stageIndexes(prepared: PreparedCommit): Promise<StagedIndexFiles | undefined> {
    this.#write()
    // This comes before every commit, since removals and new signatures store index files too.
    await requireMatchingBucket(this.env.DB, this.env.BLOBS)
    const { address, indexing, snapshot, plan, now } = prepared
    const { repositoryId } = snapshot
    const source = { db: this.env.DB, repositoryId, entryText: indexing.entryText }
    if (asksForRows(plan)) this.ctx.storage.transactionSync(() => this.#store.clear())
    const segments = await prepareSegments(this.#store, source, snapshot, plan)
    if (plan.carried.length > 1 && segments.weight > PREPARED_BYTES) return undefined
    const keys = loadKeySet(secretsOf(this.env), snapshot.signingKey, address.ownerName)
    const { written, dropped } = indexing.buildIndexFiles({
      address,
      existing: snapshot.indexes,
      changed: asksForRows(plan) ? await everyPart(source, snapshot, indexing) : changedParts(plan),
      segmentsOf: (part) => segments.segmentsOf(part),
      keys,
      now,
    })
    const stored = await this.#storeFiles(written, keys.id)
    return {
      files: stored,
      dropped,
      committed: (head, revision) => {
        this.#gap.followed(snapshot.head, head)
        this.#unwritten = () => segments.apply({ repositoryId, head, revision })
        this.#dropReplaced(snapshot, stored)
      },
    }
  }

  /** Deletes generations that are too many now. The sweep deletes their rows in `garbage` later. */
  #dropReplaced(snapshot: Snapshot, stored: readonly StagedIndexFile[]): void {
    const paths = new Set(stored.map((file) => file.path))
    const replaced = snapshot.indexes.filter((index) => paths.has(index.path))
    const dropped = replaced
      .map(({ path, r2Key }) => this.#generations.replace(path, r2Key))
      .filter((key) => key !== undefined)
    this.ctx.waitUntil(discardObjects(this.env.BLOBS, dropped))
  }

  /**
   * Stores index files one after the other: an index can be large. In the simulator two or three at a time
   * took hardly less time, since its one thread is busy either way.
   */
  async #storeFiles(files: readonly IndexFile[], keySet: string): Promise<StagedIndexFile[]> {
    const stored: StagedIndexFile[] = []
    for (const { path, length, parts } of files) {
      this.#store.work.builds++
      const object = await storeIndexFile(this.env.BLOBS, length, parts())
      stored.push({ path, keySet, ...object })
    }
    return stored
  }

  /** Writes to the copy after the answers have left: the output gate would hold them until the write is safe. */
  async #writeSoon(): Promise<void> {
    await scheduler.wait(0)
    this.#write()
  }

  /** Writes to the copy. If that fails, the copy is behind D1, and the next commit brings it up. */
  #write(): void {
    const write = this.#unwritten
    this.#unwritten = undefined
    try {
      write?.()
    } catch (error) {
      console.error('the copy of the index was not written:', error)
    }
  }
}

function changedParts(plan: Plan): ReadonlySet<string> | 'all' {
  if (plan.carried.some((change) => change.op === 'reindex')) return 'all'
  return new Set([...plan.published, ...plan.removed].map(partOf))
}

function asksForRows(plan: Plan): boolean {
  return plan.carried.some((change) => change.op === 'reindex' && change.fromRows === true)
}

/** The parts that have files, also if the row of their index file was lost, and the parts that have an index file. */
async function everyPart(
  source: EntrySource,
  { indexes }: Snapshot,
  { partsIn }: RepositoryIndexing,
): Promise<ReadonlySet<string> | 'all'> {
  const listed = indexes.flatMap(({ path }) => partsIn(path))
  const parts = new Set([...(await readParts(source)), ...listed])
  return parts.size === 0 ? 'all' : parts
}
