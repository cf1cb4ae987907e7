// The compression of a segment may refer to its context, the end of the segment before it. With it, short
// segments compress as well as long ones. The price: a change near the end of a segment compresses the
// next segment again. The next segment's own text stays the same, so no further segment changes.

import type { SegmentEntry } from './segments.ts'
import type { SegmentRun } from './update.ts'

/** Characters of a context. They fit deflate's window of 32 KiB, however many bytes a character takes. */
const CONTEXT_LENGTH = 8 * 1024

/** Joins as many of a segment's last entries as fit to one text; empty without a segment. */
export function contextAfter(segment: readonly SegmentEntry[] = []): string {
  let length = 0
  let from = segment.length
  for (; from > 0; from--) {
    length += segment[from - 1]?.text.length ?? 0
    if (length > CONTEXT_LENGTH) break
  }
  return textOf(segment.slice(from))
}

export function textOf(entries: readonly SegmentEntry[]): string {
  return entries.map((entry) => entry.text).join('')
}

export interface ContextRun extends SegmentRun {
  /** The segment before the run; undefined for a run at the beginning. */
  readonly before: readonly SegmentEntry[] | undefined
}

/**
 * Adds to each run of an update the segment before it. A run takes in the next segment too if the
 * update changes that segment's context.
 * @param count how many segments were stored before the update
 * @param load reads the entries of a stored segment by its place
 */
export function withContext(
  runs: readonly SegmentRun[],
  count: number,
  load: (at: number) => readonly SegmentEntry[],
): ContextRun[] {
  return joinAdjacent(runs).map(({ start, end, segments }) => {
    const before = start > 0 ? load(start - 1) : undefined
    const isContext = contextAfter(segments.at(-1) ?? before)
    const wasContext = contextAfter(end > 0 ? load(end - 1) : undefined)
    return end === count || isContext === wasContext
      ? { start, end, segments, before }
      : { start, end: end + 1, segments: [...segments, load(end)], before }
  })
}

function joinAdjacent(runs: readonly SegmentRun[]): SegmentRun[] {
  const joined: SegmentRun[] = []
  for (const run of runs) {
    const last = joined.at(-1)
    if (last?.end !== run.start) joined.push(run)
    else {
      const segments = [...last.segments, ...run.segments]
      joined[joined.length - 1] = { start: last.start, end: run.end, segments }
    }
  }
  return joined
}
