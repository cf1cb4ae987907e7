// What the compression of a segment may refer to: the end of the segment before it. It makes short
// segments compress as well as long ones, at the price that a change near the end of a segment means
// to compress the next one again, too. That one's own text stays, so it ends there.

import type { SegmentEntry } from './segments.ts'
import type { SegmentRun } from './update.ts'

/** Characters: less than deflate's window of 32 KiB, however many bytes a character takes. */
const CONTEXT_LENGTH = 8 * 1024

/** The last entries of a segment, as many as fit, as one text; empty where there is no segment. */
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
  /** The segment before the first of these, if there is one. */
  readonly before: readonly SegmentEntry[] | undefined
}

/**
 * The runs of an update with what each begins behind, and longer by the next segment where that one
 * has something else before it now.
 * @param count segments before the update
 * @param load the entries of one of them, by its place
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
