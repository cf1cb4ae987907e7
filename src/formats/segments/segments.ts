// A list in the order of its ids, cut into segments at content-defined points: the same entries give the
// same segments whatever was there before, and a change touches one or two. Each segment is compressed
// apart, with the end of the one before it as context (context.ts), and joined with the others
// inside one gzip member (../compression/deflate-pieces.ts).
import { createHash } from 'node:crypto'

/** What an index says of one file. */
export interface SegmentEntry {
  /** The file's: ASCII, begins with the time. It decides the place, so that what is new comes last. */
  readonly id: string
  /** All that the index says, with the line ends that separate it from the next entry. */
  readonly text: string
}

/** The order of an index, which is that of SQLite too. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Characters of text: a row of a Durable Object holds 2 MB. */
export const MAX_SEGMENT_TEXT = 512 * 1024

/** From so much text on a segment is long enough, however few its entries. Common ones have half of it. */
export const LONG_SEGMENT_TEXT = 64 * 1024

export interface CutRules {
  /** Entries that a segment has, but for the last one. */
  readonly least: number
  /** Entries that a segment has at most. */
  readonly most: number
  /**
   * Whether a segment that is long enough ends right before this entry, as one in so many do. It hangs
   * on the id alone, and what is so for a number is so for every smaller one.
   * @param oneIn a power of two
   */
  readonly mayEndBefore: (id: string, oneIn: number) => boolean
}

/** One entry in so many may end a segment. */
export const ONE_IN = 32

/**
 * 128 entries on average. A publish compresses the last segment, which is half as long; a removal 140
 * entries on average, and in one of a hundred cases more than 400, since ends behind it move, too.
 * Long entries make shorter segments, whose ends are content-defined likewise: where only the length of
 * the text ended them, a removal would move every end behind it.
 */
export const CUT_RULES: CutRules = {
  least: 96,
  most: 256,
  mayEndBefore: (id, oneIn) => createHash('sha1').update(id).digest().readUInt32BE(0) % oneIn === 0,
}

/** Cuts entries into segments as they come, sorted; none is empty. */
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

  /** Whether the open segment ends before such an entry, whatever its text. */
  endsBefore(id: string): boolean {
    const { least, most, mayEndBefore } = this.#rules
    const { length } = this.#open
    if (length >= most) return true
    if (length >= least) return mayEndBefore(id, ONE_IN)
    // Of a few long entries so many more as have come may follow on average.
    const oneIn = Math.min(2 ** Math.floor(Math.log2(length)), ONE_IN)
    return this.#text >= LONG_SEGMENT_TEXT && mayEndBefore(id, oneIn)
  }

  /** Whether no segment is open: only before the first entry. */
  isEmpty(): boolean {
    return this.#open.length === 0
  }

  /** The segment that is open, if any. */
  finish(): readonly SegmentEntry[] | undefined {
    const segment = this.#open
    this.#open = []
    this.#text = 0
    return segment.length > 0 ? segment : undefined
  }
}

/** All segments of sorted entries. */
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
