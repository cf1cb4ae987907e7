// Prepares the segments as they will be after a commit: the stored ones, except the few that its changes
// replace. The new segments stay in memory until the commit is known to have happened.
import { encodeUtf8 } from '../../formats/bytes.ts'
import { deflatePiece, type PieceSummary } from '../../formats/compression/deflate-pieces.ts'
import { contextAfter, textOf, withContext } from '../../formats/segments/context.ts'
import { compareIds, type SegmentEntry } from '../../formats/segments/segments.ts'
import { type EntryChange, updateSegments } from '../../formats/segments/update.ts'
import type { CopyHead, FreshSegment, SegmentStore, StoredSegment } from './store.ts'

/** The segments of one part, from which a type assembles an index file. */
export interface SegmentSource {
  readonly summaries: readonly PieceSummary[]
  /** The deflated pieces of the segments in order. Each call reads them again, a bounded amount at a time. */
  pieces(): Iterable<Uint8Array>
}

type AnySegment = StoredSegment | FreshSegment

interface Prepared {
  readonly segments: readonly AnySegment[]
  readonly replaced: readonly number[]
}

export class PreparedSegments {
  readonly #store: SegmentStore
  readonly #changes: ReadonlyMap<string, readonly EntryChange[]>
  readonly #summaries = new Map<string, readonly StoredSegment[]>()
  readonly #prepared = new Map<string, Prepared>()

  constructor(store: SegmentStore, changes: ReadonlyMap<string, readonly EntryChange[]>) {
    this.#store = store
    this.#changes = changes
  }

  segmentsOf(part: string): SegmentSource {
    const { segments } = this.#prepare(part)
    return { summaries: segments, pieces: () => this.#pieces(segments) }
  }

  /** Bytes of the changes and of the segments that they fall into, about half of the memory in use. */
  get weight(): number {
    let sum = 0
    for (const [part, changes] of this.#changes) {
      const sized = changes.map(({ id, text = '' }) => ({ id, bytes: text.length }))
      sized.sort((a, b) => compareIds(a.id, b.id))
      for (const bytes of weighChanges(this.#summariesOf(part), sized)) sum += bytes
    }
    return sum
  }

  /** Stores the new segments, with the head of the commit that made them. Without a head, more changes follow. */
  apply(head?: CopyHead): void {
    this.#store.transaction(() => {
      for (const part of this.#changes.keys()) {
        const { segments, replaced } = this.#prepare(part)
        this.#store.delete(replaced)
        for (const segment of segments) {
          if (segment.id === undefined) this.#store.insert(part, segment)
        }
      }
      if (head !== undefined) this.#store.saveHead(head)
    })
  }

  #summariesOf(part: string): readonly StoredSegment[] {
    const known = this.#summaries.get(part) ?? this.#store.readSummaries(part)
    this.#summaries.set(part, known)
    return known
  }

  #prepare(part: string): Prepared {
    const known = this.#prepared.get(part)
    if (known !== undefined) return known
    const prepared = this.#update(part)
    this.#prepared.set(part, prepared)
    return prepared
  }

  #update(part: string): Prepared {
    const stored = this.#summariesOf(part)
    const changes = [...(this.#changes.get(part) ?? [])]
    changes.sort((a, b) => compareIds(a.id, b.id))
    const loaded = new Map<number, readonly SegmentEntry[]>()
    const load = (at: number) => {
      const entries = loaded.get(at) ?? this.#store.readEntries(idAt(stored, at))
      loaded.set(at, entries)
      return entries
    }
    const firsts = stored.map((segment) => segment.first)
    const segments: AnySegment[] = [...stored]
    const replaced: number[] = []
    const runs = withContext(updateSegments(firsts, load, changes), stored.length, load)
    for (const { start, end, segments: fresh, before } of runs.toReversed()) {
      replaced.push(...stored.slice(start, end).map((segment) => segment.id))
      segments.splice(start, end - start, ...compressSegments(fresh, before, this.#store))
    }
    return { segments, replaced }
  }

  *#pieces(segments: readonly AnySegment[]): Generator<Uint8Array> {
    for (let at = 0; at < segments.length; ) {
      const segment = segments[at]
      if (segment?.id === undefined) {
        if (segment !== undefined) yield segment.piece.deflated
        at++
        continue
      }
      const stored: StoredSegment[] = []
      for (let each = segments[at]; each?.id !== undefined; each = segments[++at]) stored.push(each)
      yield* this.#store.readPieces(stored)
    }
  }
}

/**
 * Bytes that each change of a part brings into memory: its own, and those of the segment that it falls
 * into, unless the change before it fell into the same segment.
 * @param changes sorted by id
 */
export function weighChanges(
  summaries: readonly StoredSegment[],
  changes: readonly { readonly id: string; readonly bytes: number }[],
): number[] {
  let at = -1
  return changes.map(({ id, bytes }) => {
    const before = at
    for (let next = summaries[at + 1]; next !== undefined && next.first <= id; )
      next = summaries[++at + 1]
    return bytes + (at === before ? 0 : (summaries[at]?.length ?? 0))
  })
}

/**
 * @param before the segment before the first of these; undefined at the beginning of a part
 * @param store the store that counts the work
 */
export function compressSegments(
  segments: readonly (readonly SegmentEntry[])[],
  before: readonly SegmentEntry[] | undefined,
  store: SegmentStore,
): FreshSegment[] {
  return segments.map((entries, at) =>
    compressSegment(entries, contextAfter(at > 0 ? segments[at - 1] : before), store),
  )
}

function compressSegment(
  entries: readonly SegmentEntry[],
  context: string,
  { work }: SegmentStore,
): FreshSegment {
  const [first] = entries
  if (first === undefined) throw new Error('a segment without entries')
  const text = textOf(entries)
  work.textCompressed += text.length
  const piece = deflatePiece(encodeUtf8(text), { context: encodeUtf8(context) })
  return {
    id: undefined,
    first: first.id,
    entries,
    piece,
    deflatedLength: piece.deflated.length,
    length: piece.length,
    crc32: piece.crc32,
  }
}

function idAt(stored: readonly StoredSegment[], at: number): number {
  const segment = stored[at]
  if (segment === undefined) throw new RangeError(`no segment at ${at}`)
  return segment.id
}
