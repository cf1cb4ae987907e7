// Cuts a list of entries, in the order of their ids, into segments at content-defined points. The same
// entries give the same segments, whatever the list held before, and a change touches one or two segments.
// Each segment is compressed apart, with the end of the segment before it as context (context.ts). One
// gzip member joins all of them (../compression/deflate-pieces.ts).
import { createHash } from 'node:crypto'

/** The entry of one file in an index. */
export interface SegmentEntry {
  /** The file's id: ASCII, and it begins with the time. It decides the place, so that new files come last. */
  readonly id: string
  /** All that the index says of the file, with the line ends that separate this entry from the next. */
  readonly text: string
}

/** Compares ids in the order of an index, which is SQLite's order too. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Characters of a segment's text, at most: a row in a Durable Object holds 2 MB. */
export const MAX_SEGMENT_TEXT = 512 * 1024

/** A segment with so much text is long enough, however few entries it has. Common segments have half of it. */
export const LONG_SEGMENT_TEXT = 64 * 1024

export interface CutRules {
  /** Entries that every segment but the last has at least, if its text is not long. */
  readonly least: number
  /** Entries that a segment has at most. */
  readonly most: number
  /**
   * Whether a segment that is long enough may end right before this entry, as it may before one in `oneIn`.
   * The answer depends on the id alone. An entry that ends segments for a number does so for every smaller one.
   * @param oneIn a power of two
   */
  readonly mayEndBefore: (id: string, oneIn: number) => boolean
}

/** A segment may end before one entry in so many. */
export const ONE_IN = 32

/**
 * These rules give segments of 128 entries on average. A publish compresses the last segment, which is half
 * as long. A removal compresses 140 entries on average, and more than 400 in one of a hundred cases, since
 * ends behind the removed entry can move too. Long entries make shorter segments, whose ends depend on the
 * content as well: if the length of the text alone ended them, a removal would move every end behind it.
 */
export const CUT_RULES: CutRules = {
  least: 96,
  most: 256,
  mayEndBefore: (id, oneIn) => createHash('sha1').update(id).digest().readUInt32BE(0) % oneIn === 0,
}

/** Cuts entries, which come sorted, into segments. No segment is empty. */
export class SegmentCutter {
  #open: SegmentEntry[] = []
  #text = 0
  readonly #rules: CutRules

  constructor(rules: CutRules = CUT_RULES) {
    this.#rules = rules
  }

  /** Takes the next entry and returns the segment that ends before it, if one does. */
  push(entry: SegmentEntry): readonly SegmentEntry[] | undefined {
    const heavy = this.#text + entry.text.length > MAX_SEGMENT_TEXT
    const ended = heavy || this.endsBefore(entry.id) ? this.finish() : undefined
    this.#open.push(entry)
    this.#text += entry.text.length
    return ended
  }

  /** Whether the open segment ends before an entry with this id, whatever the entry's text. */
  endsBefore(id: string): boolean {
    const { least, most, mayEndBefore } = this.#rules
    const { length } = this.#open
    if (length >= most) return true
    if (length >= least) return mayEndBefore(id, ONE_IN)
    // A segment of n long entries gets about n more on average before it ends.
    const oneIn = Math.min(2 ** Math.floor(Math.log2(length)), ONE_IN)
    return this.#text >= LONG_SEGMENT_TEXT && mayEndBefore(id, oneIn)
  }

  /** Whether no segment is open, which is so before the first entry alone. */
  isEmpty(): boolean {
    return this.#open.length === 0
  }

  /** Ends the open segment and returns it; undefined if none is open. */
  finish(): readonly SegmentEntry[] | undefined {
    const segment = this.#open
    this.#open = []
    this.#text = 0
    return segment.length > 0 ? segment : undefined
  }
}

/** Cuts sorted entries into all their segments. */
export function cutSegments(
  entries: Iterable<SegmentEntry>,
  rules: CutRules = CUT_RULES,
): (readonly SegmentEntry[])[] {
  const cutter = new SegmentCutter(rules)
  const segments: (readonly SegmentEntry[])[] = []
  for (const entry of entries) {
    const ended = cutter.push(entry)
    if (ended !== undefined) segments.push(ended)
  }
  const last = cutter.finish()
  return last === undefined ? segments : [...segments, last]
}
