// Brings the object's copy of a repository up to a snapshot of D1: not at all when it is current, by
// the change log when it is behind, and from the rows when it is lost or of another history.

import { SegmentCutter, type SegmentEntry } from '../../formats/segments/segments.ts'
import type { EntryChange } from '../../formats/segments/update.ts'
import type { Plan } from '../commit/plan.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { compressSegments, PreparedSegments } from './prepared.ts'
import {
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
      const prepared = new PreparedSegments(store, changesIn(logged, source.entryText))
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
    for await (const entries of readEntries(source, architecture, last ?? '')) {
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
    store.saveProgress(head, architecture, last.id)
  })
}

type Changes = Map<string, EntryChange[]>

function changesOf(plan: Plan, entryText: EntrySource['entryText']): Changes {
  const changes: Changes = new Map()
  for (const { architecture, id } of plan.removed) {
    add(changes, architecture, { id, text: undefined })
  }
  for (const { architecture, changeId, metadata } of plan.published) {
    add(changes, architecture, { id: changeId, text: entryText(metadata) })
  }
  return changes
}

/** What the log comes to: a file that was published and removed since was never there. */
function changesIn(logged: readonly LoggedChange[], entryText: EntrySource['entryText']): Changes {
  const last = new Map(logged.map((change) => [change.fileId, change]))
  const changes: Changes = new Map()
  for (const { architecture, fileId: id, metadata } of last.values()) {
    if (id === '') continue
    add(changes, architecture, { id, text: metadata === null ? undefined : entryText(metadata) })
  }
  return changes
}

function add(changes: Changes, architecture: string, change: EntryChange): void {
  const known = changes.get(architecture)
  if (known === undefined) changes.set(architecture, [change])
  else known.push(change)
}
