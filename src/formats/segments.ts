// A sorted list cut into segments at content-defined points: the same entries give the same segments
// whatever was there before, and a change touches one or two. Each segment is compressed apart and
// joined with the others inside one gzip member (deflate-pieces.ts).
import { createHash } from 'node:crypto'

/** What decides an entry's place in an index, and the segment that it falls into. */
export interface SegmentKey {
  readonly name: string
  readonly version: string
}

export interface SegmentEntry extends SegmentKey {
  /** All that the index says, with the line ends that separate it from the next entry. */
  readonly text: string
}

/** The order of an index. Only equal keys may compare as 0. */
export type CompareKeys = (a: SegmentKey, b: SegmentKey) => number

export const MAX_SEGMENT_ENTRIES = 512
/** Characters of text: a row of a Durable Object holds 2 MB. */
export const MAX_SEGMENT_TEXT = 512 * 1024
const MEAN_SEGMENT_ENTRIES = 128

/** Whether a segment ends right before this entry. It hangs on the key alone. */
export function isSegmentEnd({ name, version }: SegmentKey): boolean {
  const digest = createHash('sha1').update(`${name}\0${version}`).digest()
  return digest.readUInt32BE(0) % MEAN_SEGMENT_ENTRIES === 0
}

/** Cuts entries into segments as they come, sorted; none is empty. No segment has an end inside. */
export class SegmentCutter {
  #open: SegmentEntry[] = []
  #text = 0
  readonly #isEnd: (entry: SegmentEntry) => boolean

  constructor(isEnd: (entry: SegmentEntry) => boolean = isSegmentEnd) {
    this.#isEnd = isEnd
  }

  /** Takes the next entry and returns the segment that ends before it, if one does. */
  push(entry: SegmentEntry): readonly SegmentEntry[] | undefined {
    const ended = this.#open.length > 0 && this.#endsBefore(entry) ? this.finish() : undefined
    this.#open.push(entry)
    this.#text += entry.text.length
    return ended
  }

  /** The segment that is open, if any. */
  finish(): readonly SegmentEntry[] | undefined {
    const segment = this.#open
    this.#open = []
    this.#text = 0
    return segment.length > 0 ? segment : undefined
  }

  #endsBefore(entry: SegmentEntry): boolean {
    return (
      this.#open.length >= MAX_SEGMENT_ENTRIES ||
      this.#text + entry.text.length > MAX_SEGMENT_TEXT ||
      this.#isEnd(entry)
    )
  }
}

/**
 * All segments of sorted entries.
 * @param isEnd `isSegmentEnd`, for whoever knows of some entries without a hash
 */
export function cutSegments(
  entries: Iterable<SegmentEntry>,
  isEnd: (entry: SegmentEntry) => boolean = isSegmentEnd,
): (readonly SegmentEntry[])[] {
  const cutter = new SegmentCutter(isEnd)
  const segments: (readonly SegmentEntry[])[] = []
  for (const entry of entries) {
    const ended = cutter.push(entry)
    if (ended !== undefined) segments.push(ended)
  }
  const last = cutter.finish()
  return last === undefined ? segments : [...segments, last]
}
