// Brings the object's copy of a repository up to a snapshot of D1: not at all when it is current, by
// the change log when it is behind, and from the rows when it is lost or of another history.

import type { EntryChange } from '../../formats/segment-update.ts'
import { SegmentCutter, type SegmentEntry } from '../../formats/segments.ts'
import type { Plan } from '../commit/plan.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { compressSegments, PreparedSegments } from './prepared.ts'
import {
  type EntryFormat,
  type EntrySource,
  type LoggedChange,
  readArchitectures,
  readChangesSince,
  readEntries,
} from './source.ts'
import type { SegmentStore } from './store.ts'

/** The segments as the plan will leave them; the copy is at the snapshot afterwards. */
export async function prepareSegments(
  store: SegmentStore,
  source: EntrySource,
  snapshot: Snapshot,
  plan: Plan,
): Promise<PreparedSegments> {
  await bringUp(store, source, snapshot)
  const { compareKeys } = source.format
  return new PreparedSegments(store, compareKeys, changesOf(plan, source.format))
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
      const changes = changesIn(logged, source.format)
      const prepared = new PreparedSegments(store, source.format.compareKeys, changes)
      return prepared.apply({ repositoryId, head, revision })
    }
  }
  await rebuild(store, source, head)
  store.transaction(() => {
    store.endRebuild()
    store.saveHead({ repositoryId, head, revision })
  })
}

/** Stores segments as they are complete; a rebuild that was cut off goes on after the last one. */
async function rebuild(store: SegmentStore, source: EntrySource, head: string): Promise<void> {
  const progress = store.findProgress(head)
  if (progress === undefined) store.transaction(() => store.clear())
  const { compareKeys } = source.format
  for (const architecture of await readArchitectures(source)) {
    if (progress !== undefined && architecture < progress.architecture) continue
    const last = progress?.architecture === architecture ? progress.last : undefined
    const cutter = new SegmentCutter()
    let before: readonly SegmentEntry[] | undefined =
      last === undefined ? undefined : store.readLastEntries(architecture)
    const save = (segments: readonly (readonly SegmentEntry[])[]) => {
      saveSegments(store, head, architecture, segments, before)
      before = segments.at(-1) ?? before
    }
    for await (const entries of readEntries(source, architecture, last?.name ?? '')) {
      const fresh = last === undefined ? entries : entries.filter((e) => compareKeys(e, last) > 0)
      const ended = fresh
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
  architecture: string,
  segments: readonly (readonly SegmentEntry[])[],
  before: readonly SegmentEntry[] | undefined,
): void {
  const last = segments.at(-1)?.at(-1)
  if (last === undefined) return
  store.transaction(() => {
    for (const segment of compressSegments(segments, before, store)) {
      store.insert(architecture, segment)
    }
    store.saveProgress(head, architecture, last)
  })
}

type Changes = Map<string, EntryChange[]>

function changesOf(plan: Plan, format: EntryFormat): Changes {
  const changes: Changes = new Map()
  for (const { architecture, name } of plan.removed) {
    add(changes, architecture, { key: format.keyOf(name), entry: undefined })
  }
  for (const { architecture, metadata } of plan.published) {
    const entry = format.entryOf(metadata)
    add(changes, architecture, { key: entry, entry })
  }
  return changes
}

/** What the log comes to: the last change of a file name is the one that counts. */
function changesIn(logged: readonly LoggedChange[], format: EntryFormat): Changes {
  const last = new Map<string, LoggedChange>()
  for (const change of logged) last.set(`${change.architecture}/${change.fileName}`, change)
  const changes: Changes = new Map()
  for (const { architecture, fileName, metadata } of last.values()) {
    if (fileName === '') continue
    const entry = metadata === null ? undefined : format.entryOf(metadata)
    add(changes, architecture, { key: entry ?? format.keyOf(fileName), entry })
  }
  return changes
}

function add(changes: Changes, architecture: string, change: EntryChange): void {
  const known = changes.get(architecture)
  if (known === undefined) changes.set(architecture, [change])
  else known.push(change)
}
