// Brings the Durable Object's copy of a repository up to a snapshot of D1. A current copy stays as it is.
// A copy that is behind gets the changes of the log. A copy that is lost, or of another history, is made
// from the rows.

import { compareIds, SegmentCutter, type SegmentEntry } from '../../formats/segments/segments.ts'
import type { EntryChange } from '../../formats/segments/update.ts'
import type { Plan } from '../commit/plan.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { partOf } from '../packages/new-file.ts'
import { compressSegments, PreparedSegments, weighChanges } from './prepared.ts'
import {
  type EntrySource,
  type LoggedChange,
  readChangesSince,
  readEntries,
  readMetadata,
  readParts,
} from './source.ts'
import type { SegmentStore } from './store.ts'

/** Bytes of changes, and of the segments that they fall into, that memory holds at once. */
const PORTION_BYTES = 1024 * 1024

/** Brings the copy up to the snapshot and returns the segments as they will be after the plan. */
export async function prepareSegments(
  store: SegmentStore,
  source: EntrySource,
  snapshot: Snapshot,
  plan: Plan,
): Promise<PreparedSegments> {
  await bringUp(store, source, snapshot)
  return new PreparedSegments(store, changesOf(plan, source.entryText))
}

async function bringUp(
  store: SegmentStore,
  source: EntrySource,
  snapshot: Snapshot,
): Promise<void> {
  const { repositoryId, head, revision } = snapshot
  if (head === null) return store.transaction(() => store.clear())
  const copy = store.findHead()
  if (copy?.repositoryId === repositoryId) {
    if (copy.head === head) return
    const logged = await readChangesSince(source.db, copy, snapshot)
    if (logged !== undefined) {
      await applyLog(store, source, logged)
      return store.transaction(() => store.saveHead({ repositoryId, head, revision }))
    }
  }
  await rebuild(store, source, head)
  store.transaction(() => {
    store.endRebuild()
    store.saveHead({ repositoryId, head, revision })
  })
}

/** Stores each segment once it is complete. After an interruption the rebuild goes on behind the last stored one. */
async function rebuild(store: SegmentStore, source: EntrySource, head: string): Promise<void> {
  const progress = store.findProgress(head)
  if (progress === undefined) store.transaction(() => store.clear())
  for (const part of await readParts(source)) {
    if (progress !== undefined && part < progress.part) continue
    const last = progress?.part === part ? progress.last : undefined
    const cutter = new SegmentCutter()
    let before: readonly SegmentEntry[] | undefined =
      last === undefined ? undefined : store.readLastEntries(part)
    const save = (segments: readonly (readonly SegmentEntry[])[]) => {
      saveSegments(store, head, part, segments, before)
      before = segments.at(-1) ?? before
    }
    for await (const entries of readEntries(source, part, last ?? '')) {
      const ended = entries
        .map((entry) => cutter.push(entry))
        .filter((segment) => segment !== undefined)
      save(ended)
    }
    const open = cutter.finish()
    save(open === undefined ? [] : [open])
  }
}

function saveSegments(
  store: SegmentStore,
  head: string,
  part: string,
  segments: readonly (readonly SegmentEntry[])[],
  before: readonly SegmentEntry[] | undefined,
): void {
  const last = segments.at(-1)?.at(-1)
  if (last === undefined) return
  store.transaction(() => {
    for (const segment of compressSegments(segments, before, store)) {
      store.insert(part, segment)
    }
    store.saveProgress(head, part, last.id)
  })
}

type Changes = Map<string, EntryChange[]>

function changesOf(plan: Plan, entryText: EntrySource['entryText']): Changes {
  const changes: Changes = new Map()
  for (const { part, id } of plan.removed) {
    add(changes, part, { id, text: undefined })
  }
  for (const file of plan.published) {
    add(changes, partOf(file), { id: file.changeId, text: entryText(file.metadata) })
  }
  return changes
}

/**
 * Applies the log to the entries, some megabytes at a time. If it takes several portions, the copy has no head
 * until the last one is applied, so that an interrupted copy is made anew.
 */
async function applyLog(
  store: SegmentStore,
  source: EntrySource,
  logged: readonly LoggedChange[],
): Promise<void> {
  const portions = splitChanges(store, netChanges(logged))
  if (portions.length > 1) store.transaction(() => store.forgetHead())
  for (const portion of portions) {
    const ids = portion.filter(({ bytes }) => bytes !== null).map(({ fileId }) => fileId)
    // A file that was removed after the log was read has no row. Applying that commit's log later changes nothing.
    const metadata = await readMetadata(source.db, ids)
    const changes: Changes = new Map()
    for (const { part, fileId: id } of portion) {
      const json = metadata.get(id)
      add(changes, part, {
        id,
        text: json === undefined ? undefined : source.entryText(json),
      })
    }
    new PreparedSegments(store, changes).apply()
  }
}

/** The net effect of the log, in order: a file that was published and removed within it has no entry. */
function netChanges(logged: readonly LoggedChange[]): LoggedChange[] {
  const last = new Map(logged.map((change) => [change.fileId, change]))
  // A change that writes every index file anew changes no entry.
  last.delete('')
  return [...last.values()].sort(
    (a, b) => compareIds(a.part, b.part) || compareIds(a.fileId, b.fileId),
  )
}

/** Splits changes into portions by the memory that they need. Each portion has at least one change. */
function splitChanges(
  store: SegmentStore,
  changes: readonly LoggedChange[],
): (readonly LoggedChange[])[] {
  const portions: LoggedChange[][] = []
  let room = 0
  for (const [part, all] of Map.groupBy(changes, (change) => change.part)) {
    const own = all.map(({ fileId: id, bytes }) => ({ id, bytes: bytes ?? 0 }))
    for (const [at, weight] of weighChanges(store.readSummaries(part), own).entries()) {
      const change = all[at]
      if (change === undefined) continue
      room -= weight
      const last = portions.at(-1)
      if (last !== undefined && room >= 0) last.push(change)
      else {
        portions.push([change])
        room = PORTION_BYTES - weight
      }
    }
  }
  return portions
}

function add(changes: Changes, part: string, change: EntryChange): void {
  const known = changes.get(part)
  if (known === undefined) changes.set(part, [change])
  else known.push(change)
}
