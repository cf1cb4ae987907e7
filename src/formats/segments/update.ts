// Which segments a set of changes replaces, and by which: the result is what cutting all entries anew
// would give, but only the segments concerned are read. A run begins with the segment that a change
// falls into and ends as soon as the new segments end where an old one begins: from there on nothing
// differs. Where the change makes or removes an end that can be a few segments later.
import { CUT_RULES, type CutRules, ONE_IN, SegmentCutter, type SegmentEntry } from './segments.ts'

export interface EntryChange {
  readonly id: string
  /** What the index says of it from now on; undefined removes what is there. */
  readonly text: string | undefined
}

export interface SegmentRun {
  /** The segments from `start` to before `end` are replaced … */
  readonly start: number
  readonly end: number
  /** … by these. */
  readonly segments: readonly (readonly SegmentEntry[])[]
}

/**
 * @param firsts the first id of each segment, in order
 * @param load the entries of a segment, by its place in `firsts`
 * @param changes sorted, at most one for each id
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
  // They were inside a segment of enough entries, so they end none: a hash each is what an update
  // would cost most of, next to its compression. Few entries with much text end more easily.
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
 * The segment that the id falls into. If it is its first, the one before it has to be looked at too:
 * what is left of this one may join it.
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
