// Which segments a set of changes replaces, and by which: the result is what cutting all entries anew
// would give, but only the segments concerned are read. A run begins with the segment that a change
// falls into and ends as soon as the new segments end where an old one begins: from there on nothing
// differs. Where the change makes or removes an end that can be a few segments later.
import {
  type CompareKeys,
  CUT_RULES,
  type CutRules,
  SegmentCutter,
  type SegmentEntry,
  type SegmentKey,
} from './segments.ts'

export interface EntryChange {
  readonly key: SegmentKey
  /** The entry that takes the key's place; undefined removes what is there. */
  readonly entry: SegmentEntry | undefined
}

export interface SegmentRun {
  /** The segments from `start` to before `end` are replaced … */
  readonly start: number
  readonly end: number
  /** … by these. */
  readonly segments: readonly (readonly SegmentEntry[])[]
}

/**
 * @param firsts the first key of each segment, in order
 * @param load the entries of a segment, by its place in `firsts`
 * @param changes sorted, at most one for each key
 */
export function updateSegments(
  firsts: readonly SegmentKey[],
  load: (at: number) => readonly SegmentEntry[],
  changes: readonly EntryChange[],
  compare: CompareKeys,
  rules: CutRules = CUT_RULES,
): SegmentRun[] {
  const runs: SegmentRun[] = []
  for (let change = 0, from = 0; change < changes.length; ) {
    const run = updateRun({ firsts, load, changes, compare, rules }, from, change)
    runs.push(run.run)
    from = run.run.end
    change = run.change
  }
  return runs
}

interface Update {
  readonly firsts: readonly SegmentKey[]
  readonly load: (at: number) => readonly SegmentEntry[]
  readonly changes: readonly EntryChange[]
  readonly compare: CompareKeys
  readonly rules: CutRules
}

function updateRun(update: Update, from: number, firstChange: number) {
  const { firsts, load, changes, compare, rules } = update
  const start = startOf(update, from, changes[firstChange]?.key)
  // They were inside a segment that was long enough, so they end none: a hash each is what an update
  // would cost most of, next to its compression.
  const noEnds = new Set<SegmentKey>()
  const mayEndBefore = (key: SegmentKey) => !noEnds.has(key) && rules.mayEndBefore(key)
  const cutter = new SegmentCutter({ ...rules, mayEndBefore })
  const segments: (readonly SegmentEntry[])[] = []
  const push = (segment: readonly SegmentEntry[] | undefined) => {
    if (segment !== undefined) segments.push(segment)
  }
  let change = firstChange
  let end = start
  for (let ended = false; !ended; ) {
    const loaded = end < firsts.length ? load(end) : []
    for (const inner of loaded.slice(Math.max(rules.least, 1))) noEnds.add(inner)
    end = Math.min(end + 1, firsts.length)
    const next = firsts[end]
    const due: EntryChange[] = []
    for (let each = changes[change]; each !== undefined; each = changes[++change]) {
      if (next !== undefined && compare(each.key, next) >= 0) break
      due.push(each)
    }
    for (const entry of mergeChanges(loaded, due, compare)) push(cutter.push(entry))
    ended = next === undefined || beginsAsBefore(cutter, next, changes[change], compare)
  }
  push(cutter.finish())
  return { run: { start, end, segments }, change }
}

/**
 * The segment that the key falls into. If the key is its first, the one before it has to be looked
 * at too: what is left of this one may join it.
 */
function startOf({ firsts, compare }: Update, from: number, key: SegmentKey | undefined): number {
  if (key === undefined) return from
  let [low, high] = [from, firsts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const first = firsts[middle]
    if (first !== undefined && compare(first, key) < 0) low = middle + 1
    else high = middle
  }
  return Math.max(from, low - 1)
}

/** Whether an old segment begins with this key, and a new one too. */
function beginsAsBefore(
  cutter: SegmentCutter,
  first: SegmentKey,
  change: EntryChange | undefined,
  compare: CompareKeys,
): boolean {
  if (change !== undefined && compare(change.key, first) === 0) return false
  return cutter.isEmpty() || cutter.endsBefore(first)
}

function mergeChanges(
  entries: readonly SegmentEntry[],
  changes: readonly EntryChange[],
  compare: CompareKeys,
): SegmentEntry[] {
  const merged: SegmentEntry[] = []
  let at = 0
  for (const { key, entry } of changes) {
    for (; at < entries.length; at++) {
      const existing = entries[at]
      if (existing === undefined || compare(existing, key) >= 0) break
      merged.push(existing)
    }
    const replaced = entries[at]
    if (replaced !== undefined && compare(replaced, key) === 0) at++
    if (entry !== undefined) merged.push(entry)
  }
  return [...merged, ...entries.slice(at)]
}
