// Finds the segments that a set of changes replaces, and the segments that replace them. Cutting all
// entries anew would give the same result, but this reads only the segments concerned. A run begins with
// the segment that a change falls into. It ends where a new segment and an old one begin with the same
// entry: nothing differs from there on. If the change makes or removes an end of a segment, the run can
// be a few segments longer.
import { CUT_RULES, type CutRules, ONE_IN, SegmentCutter, type SegmentEntry } from './segments.ts'

export interface EntryChange {
  readonly id: string
  /** The new text of the entry; undefined removes the entry. */
  readonly text: string | undefined
}

export interface SegmentRun {
  /** The run replaces the stored segments from `start` on … */
  readonly start: number
  readonly end: number
  /** The segments that replace them. */
  readonly segments: readonly (readonly SegmentEntry[])[]
}

/**
 * @param firsts the first id of each segment, in order
 * @param load reads the entries of a segment by its place in `firsts`
 * @param changes sorted by id, at most one for each id
 */
export function updateSegments(
  firsts: readonly string[],
  load: (at: number) => readonly SegmentEntry[],
  changes: readonly EntryChange[],
  rules: CutRules = CUT_RULES,
): SegmentRun[] {
  const runs: SegmentRun[] = []
  for (let change = 0, from = 0; change < changes.length; ) {
    const run = updateRun({ firsts, load, changes, rules }, from, change)
    runs.push(run.run)
    from = run.run.end
    change = run.change
  }
  return runs
}

interface Update {
  readonly firsts: readonly string[]
  readonly load: (at: number) => readonly SegmentEntry[]
  readonly changes: readonly EntryChange[]
  readonly rules: CutRules
}

function updateRun(update: Update, from: number, firstChange: number) {
  const { firsts, load, changes, rules } = update
  const start = startOf(firsts, from, changes[firstChange]?.id)
  // These ids were inside a segment of enough entries, so no segment ends before them. Knowing this saves
  // a hash of each, the largest cost of an update after compression. It does not hold for segments of few
  // entries with much text, which end more easily.
  const noEnds = new Set<string>()
  const mayEndBefore = (id: string, oneIn: number) =>
    !(oneIn === ONE_IN && noEnds.has(id)) && rules.mayEndBefore(id, oneIn)
  const cutter = new SegmentCutter({ ...rules, mayEndBefore })
  const segments: (readonly SegmentEntry[])[] = []
  const push = (segment: readonly SegmentEntry[] | undefined) => {
    if (segment !== undefined) segments.push(segment)
  }
  let change = firstChange
  let end = start
  for (let ended = false; !ended; ) {
    const loaded = end < firsts.length ? load(end) : []
    for (const inner of loaded.slice(Math.max(rules.least, 1))) noEnds.add(inner.id)
    end = Math.min(end + 1, firsts.length)
    const next = firsts[end]
    const due: EntryChange[] = []
    for (let each = changes[change]; each !== undefined; each = changes[++change]) {
      if (next !== undefined && each.id >= next) break
      due.push(each)
    }
    for (const entry of mergeChanges(loaded, due)) push(cutter.push(entry))
    ended = next === undefined || beginsAsBefore(cutter, next, changes[change])
  }
  push(cutter.finish())
  return { run: { start, end, segments }, change }
}

/**
 * The place of the segment that the id falls into. If the id is the segment's first, the place of the
 * segment before it: the remaining entries may join that one.
 */
function startOf(firsts: readonly string[], from: number, id: string | undefined): number {
  if (id === undefined) return from
  let [low, high] = [from, firsts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const first = firsts[middle]
    if (first !== undefined && first < id) low = middle + 1
    else high = middle
  }
  return Math.max(from, low - 1)
}

/** Whether an old segment begins with this id, and a new one too. */
function beginsAsBefore(
  cutter: SegmentCutter,
  first: string,
  change: EntryChange | undefined,
): boolean {
  if (change?.id === first) return false
  return cutter.isEmpty() || cutter.endsBefore(first)
}

function mergeChanges(
  entries: readonly SegmentEntry[],
  changes: readonly EntryChange[],
): SegmentEntry[] {
  const merged: SegmentEntry[] = []
  let at = 0
  for (const { id, text } of changes) {
    for (; at < entries.length; at++) {
      const existing = entries[at]
      if (existing === undefined || existing.id >= id) break
      merged.push(existing)
    }
    if (entries[at]?.id === id) at++
    if (text !== undefined) merged.push({ id, text })
  }
  return [...merged, ...entries.slice(at)]
}
