// The Durable Object: one per owner, type and repository, one class for all types. It puts the
// changes of its repository one after the other and sees to it that the index files of a commit lie
// in R2 before the commit makes them visible. D1 is the truth; the object keeps nothing of its own.
import { DurableObject } from 'cloudflare:workers'
import { discardObjects, storeIndexFile } from '../core/blobs/objects.ts'
import type { StagedIndex } from '../core/commit/batch.ts'
import {
  type Change,
  type ChangeResult,
  type RepositoryAddress,
  weightOf,
} from '../core/commit/change.ts'
import { commitGroup } from '../core/commit/committer.ts'
import type { Plan } from '../core/commit/plan.ts'
import { CommitQueue } from '../core/commit/queue.ts'
import type { Snapshot } from '../core/commit/snapshot.ts'
import { query } from '../core/database.ts'
import { RegistryError } from '../core/errors.ts'
import { loadKeySet } from '../core/signing-keys.ts'
import { type Env, secretsOf } from '../env.ts'
import { findIndexing } from './index.ts'
import type { RepositoryIndexing } from './registry.ts'

interface Submitted {
  readonly address: RepositoryAddress
  readonly change: Change
}

export class Repository extends DurableObject<Env> {
  readonly #queue = new CommitQueue<Submitted, ChangeResult>({
    commit: (group) => this.#commit(group),
    // Of one file name at most one change per commit; re-indexing goes with anything.
    keyOf: ({ change }) => (change.op === 'reindex' ? change.changeId : change.fileName),
    weightOf: ({ change }) => (change.op === 'publish' ? weightOf(change.metadata) : 0),
  })

  /** Commits the change, perhaps together with others, or says why not. */
  async commit(address: RepositoryAddress, change: Change): Promise<ChangeResult> {
    try {
      return await this.#queue.submit({ address, change })
    } catch (error) {
      // The committer throws only while it is certain that nothing applied.
      if (error instanceof RegistryError) return { outcome: 'refused', fault: error.fault }
      console.error(`change ${change.changeId} failed:`, error)
      return { outcome: 'refused', fault: { code: 'internal' } }
    }
  }

  /** Answers when the object can be reached. */
  async ping(): Promise<void> {}

  async #commit(group: readonly Submitted[]): Promise<readonly ChangeResult[]> {
    // The latest request knows best which key the owner has now.
    const address = group.at(-1)?.address
    const indexing = address === undefined ? undefined : findIndexing(address.type)
    if (address === undefined || indexing === undefined) {
      throw new Error(`no index is known for the type ${address?.type}`)
    }
    return commitGroup(
      {
        db: this.env.DB,
        address,
        clashes: (existing, added) => indexing.clashes(existing, added),
        stageIndexes: (snapshot, plan) => this.#stageIndexes(address, indexing, snapshot, plan),
        discard: (r2Keys) => this.ctx.waitUntil(discardObjects(this.env.BLOBS, r2Keys)),
      },
      group.map(({ change }) => change),
    )
  }

  async #stageIndexes(
    address: RepositoryAddress,
    indexing: RepositoryIndexing,
    snapshot: Snapshot,
    plan: Plan,
  ): Promise<readonly StagedIndex[]> {
    const keys = await loadKeySet(secretsOf(this.env), address.signingKey, address.ownerName)
    const files = await indexing.buildIndexFiles({
      address,
      existing: snapshot.indexes,
      changed: changedArchitectures(plan),
      metadataOf: (architecture) => readMetadata(this.env.DB, snapshot, plan, architecture),
      keys,
    })
    return Promise.all(
      files.map(async ({ path, bytes }) => ({
        path,
        keySet: keys.id,
        ...(await storeIndexFile(this.env.BLOBS, bytes)),
      })),
    )
  }
}

function changedArchitectures(plan: Plan): ReadonlySet<string> | 'all' {
  if (plan.carried.some((change) => change.op === 'reindex')) return 'all'
  return new Set([...plan.published, ...plan.removed].map((file) => file.architecture))
}

const PAGE_ROWS = 2000
const PAGE = `
  SELECT id, metadata FROM package_file
  WHERE repository_id = ?1 AND architecture = ?2 AND id > ?3 ORDER BY id LIMIT ${PAGE_ROWS}`

/** The metadata of an architecture's files as they will be after the commit. */
async function readMetadata(
  db: D1Database,
  snapshot: Snapshot,
  plan: Plan,
  architecture: string,
): Promise<readonly string[]> {
  const removed = new Set(plan.removed.map((file) => file.id))
  const all = plan.published
    .filter((change) => change.architecture === architecture)
    .map((change) => change.metadata)
  for (let after = '', full = true; full; ) {
    const { results } = await query(() =>
      db
        .prepare(PAGE)
        .bind(snapshot.repositoryId, architecture, after)
        .all<{ id: string; metadata: string }>(),
    )
    for (const row of results) if (!removed.has(row.id)) all.push(row.metadata)
    after = results.at(-1)?.id ?? after
    full = results.length === PAGE_ROWS
  }
  return all
}
