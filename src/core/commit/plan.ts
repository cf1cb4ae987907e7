// PURE: decides which changes of a group apply to a snapshot, and gives the results of the others.

import { contestRefusal, type NameHolder } from '../access/claims.ts'
import { isTokenId } from '../access/principal.ts'
import type { Fault } from '../errors.ts'
import { partOf, usageOfNewFile } from '../packages/new-file.ts'
import { addUsage, NO_USAGE, subtractUsage, type Usage, usageOfFile } from '../quota/quantities.ts'
import { type Bounds, findExceeded, findFull, limitsOfOwner } from '../quota/quota.ts'
import { logBytesOf } from '../quota/weights.ts'
import type { Change, ChangeResult, PublishChange } from './change.ts'
import type { ExistingFile, ExistingIndexFile, Snapshot } from './snapshot.ts'

/** The sweep may delete a staged object that waited longer, so no change may refer to it any more. */
export const STAGED_LIMIT_MS = 60 * 60 * 1000

export interface Plan {
  readonly published: readonly PublishChange[]
  readonly removed: readonly ExistingFile[]
  /** The changes that the commit carries, for the log. */
  readonly carried: readonly Change[]
  /** What the plan adds to the owner's usage. */
  readonly usage: Usage
  /** The addition up to the last publish, which must be within the limits. */
  readonly room: Usage
  /** Bytes that the plan adds to the log. They are in `usage` too. */
  readonly logBytes: number
  /** The results of the changes that the commit does not carry, by the change's id. */
  readonly settled: ReadonlyMap<string, ChangeResult>
}

/** How long names rest after a removal, in milliseconds (core/near/facts.ts). */
export interface Rest {
  readonly milliseconds: number
  /** What remains of a rest after commits of which nobody can tell what they removed; else 0. */
  readonly gap: number
}

export const NO_REST: Rest = { milliseconds: 0, gap: 0 }

/** The rules of the repository's type. */
export interface PlanRules {
  /** Whether a file in the part `existing` excludes a file of the same name in the part `added`. */
  clashes(existing: string, added: string): boolean
  /** Why no file may be published to this part of a repository with these index files. */
  refusalOf(part: string, existing: readonly ExistingIndexFile[]): Fault | undefined
}

/**
 * Decides each change of the group as if the changes before it had applied. No two changes of a group may have
 * one file name, which the queue ensures.
 */
export function planCommit(
  changes: readonly Change[],
  snapshot: Snapshot,
  rules: PlanRules,
  now: number,
  bounds: Bounds,
  rest: Rest = NO_REST,
): Plan {
  const settled = new Map<string, ChangeResult>()
  const published: PublishChange[] = []
  const removed: ExistingFile[] = []
  const carried: Change[] = []
  let [usage, room, logBytes] = [NO_USAGE, NO_USAGE, 0]
  for (const change of changes) {
    const logged = loggedBytes(change, snapshot)
    const more = usageOf(change, snapshot, logged, published.length === 0)
    const result =
      settle(change, snapshot, rules, now) ??
      settleClaims(change, snapshot, published) ??
      settleRoom(change, snapshot, usage, more, bounds) ??
      settleRest(change, snapshot, rules, rest)
    if (result !== undefined) {
      settled.set(change.changeId, result)
      continue
    }
    carried.push(change)
    usage = addUsage(usage, more)
    logBytes += logged
    if (change.op === 'publish') {
      published.push(change)
      room = usage
    }
    if (change.op === 'remove') removed.push(...filesOf(snapshot, change.fileId))
  }
  return { published, removed, carried, usage, room, logBytes, settled }
}

/** @param first whether this is the first publish of its commit, which may create the repository */
function usageOf(change: Change, snapshot: Snapshot, logged: number, first: boolean): Usage {
  const log = { ...NO_USAGE, metadata_bytes: logged }
  switch (change.op) {
    case 'publish': {
      const repositories = first && snapshot.head === null ? 1 : 0
      return addUsage({ ...usageOfNewFile(change), repositories }, log)
    }
    case 'remove': {
      const removed = filesOf(snapshot, change.fileId).map(usageOfFile)
      return subtractUsage(log, removed.reduce(addUsage, NO_USAGE))
    }
    case 'reindex':
      return log
  }
}

/** Bytes that the change adds to the log. */
function loggedBytes(change: Change, snapshot: Snapshot): number {
  switch (change.op) {
    case 'publish':
      return logBytesOf(change.fileName, partOf(change))
    case 'remove': {
      const weights = filesOf(snapshot, change.fileId).map((file) =>
        logBytesOf(file.name, file.part),
      )
      return weights.reduce((sum, weight) => sum + weight, 0)
    }
    case 'reindex':
      return logBytesOf('', '')
  }
}

/** @param before what the earlier changes of the group add */
function settleRoom(
  change: Change,
  { quota, databaseBytes }: Snapshot,
  before: Usage,
  more: Usage,
  bounds: Bounds,
): ChangeResult | undefined {
  if (quota === undefined || change.op !== 'publish') return undefined
  const used = addUsage(quota.used, before)
  const fault =
    findFull(databaseBytes, bounds.databaseBytes) ??
    findExceeded(used, more, limitsOfOwner(bounds.owner, quota))
  return fault && { outcome: 'refused', fault }
}

/** @param before the earlier publishes of the group, whose names no row has yet */
function settleClaims(
  change: Change,
  { holders }: Snapshot,
  before: readonly PublishChange[],
): ChangeResult | undefined {
  if (change.op !== 'publish' || change.contested === undefined) return undefined
  const all = [...holders, ...before.flatMap(holdersIn)]
  const fault = contestRefusal(change.contested, all)
  return fault && { outcome: 'refused', fault }
}

function holdersIn({ packageName, properties }: PublishChange): readonly NameHolder[] {
  const { file = [] } = properties
  return file.map(({ name: property, value: name }) => ({ property, name, packageName }))
}

function settle(
  change: Change,
  snapshot: Snapshot,
  rules: PlanRules,
  now: number,
): ChangeResult | undefined {
  const revision = snapshot.applied.get(change.changeId)
  if (revision !== undefined) return { outcome: 'committed', revision }
  if (change.op !== 'reindex' && hasEnded(change.createdBy, snapshot)) {
    const detail = 'the access token was revoked, or has expired, before the change was made'
    return { outcome: 'refused', fault: { code: 'invalid-credentials', detail } }
  }
  switch (change.op) {
    case 'publish':
      return settlePublish(change, snapshot, rules, now)
    case 'remove':
      return filesOf(snapshot, change.fileId).length === 0 ? { outcome: 'absent' } : undefined
    case 'reindex':
      return settleReindex(change, snapshot)
  }
}

/** Whether the token that allowed the request has ended since then. */
function hasEnded(author: string, { tokens }: Snapshot): boolean {
  return isTokenId(author) && !tokens.has(author)
}

/** Many requests may notice a changed key set at once. The commit of the first one serves them all. */
function settleReindex(
  { keySet, fromRows }: Extract<Change, { op: 'reindex' }>,
  snapshot: Snapshot,
): ChangeResult | undefined {
  if (snapshot.head === null) return { outcome: 'absent' }
  // A repair writes the index files whatever their rows say, and also if there are no such rows.
  if (fromRows === true) return undefined
  const current = snapshot.indexes.every((index) => index.keySet === keySet)
  return current ? { outcome: 'committed', revision: snapshot.revision } : undefined
}

function settlePublish(
  change: PublishChange,
  snapshot: Snapshot,
  rules: PlanRules,
  now: number,
): ChangeResult | undefined {
  const part = partOf(change)
  const existing = snapshot.files.find(
    (file) => file.name === change.fileName && rules.clashes(file.part, part),
  )
  if (existing !== undefined) {
    return {
      outcome: 'exists',
      sameBytes: existing.sha256 === change.blob.sha256,
      part: existing.part,
      revision: existing.revision,
    }
  }
  const retired = snapshot.retired.find(
    (file) =>
      file.name === change.fileName &&
      rules.clashes(file.part, part) &&
      !(file.part === part && file.sha256 === change.blob.sha256),
  )
  if (retired !== undefined) return { outcome: 'retired', part: retired.part }
  const refusal = rules.refusalOf(part, snapshot.indexes)
  if (refusal !== undefined) return { outcome: 'refused', fault: refusal }
  if (now - change.blob.stagedAt > STAGED_LIMIT_MS) {
    const detail = 'the upload waited too long for its commit: send it again'
    return { outcome: 'refused', fault: { code: 'storage-unavailable', detail } }
  }
  return undefined
}

/** Decides this last, so that a change that is refused anyway does not wait. */
function settleRest(
  change: Change,
  snapshot: Snapshot,
  rules: PlanRules,
  { milliseconds, gap }: Rest,
): ChangeResult | undefined {
  if (change.op !== 'publish') return undefined
  if (gap > 0) return { outcome: 'resting', milliseconds: gap }
  const left = snapshot.resting
    .filter(
      (name) =>
        name.name === change.fileName &&
        rules.clashes(name.part, partOf(change)) &&
        name.sha256 !== change.blob.sha256,
    )
    .map(({ age }) => milliseconds - age)
  return left.length === 0 ? undefined : { outcome: 'resting', milliseconds: Math.max(...left, 1) }
}

function filesOf(snapshot: Snapshot, id: string): readonly ExistingFile[] {
  return snapshot.files.filter((file) => file.id === id)
}
