import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../../../../src/formats/bytes.ts'
import { deflatePiece, joinPieces } from '../../../../src/formats/compression/deflate-pieces.ts'
import { contextAfter, textOf, withContext } from '../../../../src/formats/segments/context.ts'
import {
  type CutRules,
  compareIds,
  cutSegments,
  type SegmentEntry,
} from '../../../../src/formats/segments/segments.ts'
import { type EntryChange, updateSegments } from '../../../../src/formats/segments/update.ts'

const rules: CutRules = { least: 2, most: 6, mayEndBefore: (id) => id.startsWith('e') }
const ids = Array.from({ length: 40 }, (_, at) => `${'eaib'[at % 4]}${at}`)
const entry = (id: string, text: string): SegmentEntry => ({ id, text })
const byId = (a: { readonly id: string }, b: { readonly id: string }) => compareIds(a.id, b.id)

interface Compressed {
  readonly entries: readonly SegmentEntry[]
  readonly context: string
}

/** What a store of compressed segments would do, and how many were compressed. */
function update(segments: readonly Compressed[], changes: readonly EntryChange[]) {
  const firsts = segments.map(({ entries }) => entries[0]?.id ?? '')
  const load = (at: number) => {
    const segment = segments[at]
    if (segment === undefined) throw new RangeError(`no segment at ${at}`)
    return segment.entries
  }
  const runs = updateSegments(firsts, load, changes, rules)
  const result = [...segments]
  let compressed = 0
  for (const run of withContext(runs, segments.length, load).toReversed()) {
    const fresh = compress(run.segments, run.before)
    compressed += fresh.length
    result.splice(run.start, run.end - run.start, ...fresh)
  }
  return { result, compressed }
}

function compress(
  segments: readonly (readonly SegmentEntry[])[],
  before?: readonly SegmentEntry[],
): Compressed[] {
  return segments.map((entries, at) => ({
    entries,
    context: contextAfter(at > 0 ? segments[at - 1] : before),
  }))
}

/** Short and long texts, so that a context is a part of a segment, all of it, or nothing. */
const text = fc.constantFrom('a\n', 'b\n', 'é'.repeat(3000), 'x'.repeat(4000), 'y'.repeat(9000))

describe('the context of a segment', () => {
  it('is the last entries before it, as many as fit', () => {
    expect(contextAfter()).toBe('')
    expect(contextAfter([entry('a', 'x'.repeat(8000)), entry('b', 'y'.repeat(192))])).toHaveLength(
      8192,
    )
    expect(contextAfter([entry('a', 'x'.repeat(8000)), entry('b', 'y'.repeat(193))])).toBe(
      'y'.repeat(193),
    )
    expect(contextAfter([entry('a', 'short'), entry('b', 'y'.repeat(8193))])).toBe('')
  })

  it('is after any history what it is when all is made anew', () => {
    const seed = fc.uniqueArray(fc.tuple(fc.constantFrom(...ids), text), { selector: ([id]) => id })
    const change = fc.tuple(fc.constantFrom(...ids), fc.option(text, { nil: undefined }))
    const group = fc.uniqueArray(change, { selector: ([id]) => id, maxLength: 8 })
    fc.assert(
      fc.property(seed, fc.array(group, { maxLength: 6 }), (given, groups) => {
        const model = new Map(given)
        const anew = () =>
          compress(cutSegments([...model].map(([id, each]) => entry(id, each)).sort(byId), rules))
        let segments = anew()
        for (const each of groups) {
          const changes = each.map(([id, content]) => ({ id, text: content })).sort(byId)
          for (const [id, content] of each) {
            if (content === undefined) model.delete(id)
            else model.set(id, content)
          }
          segments = update(segments, changes).result
          expect(segments).toEqual(anew())
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('is compressed again only where it changed', () => {
    const all = ids.toSorted().map((id) => entry(id, id.repeat(400)))
    const segments = compress(cutSegments(all, rules))
    const costs = all.map(({ id }) => update(segments, [{ id, text: 'new\n' }]).compressed)
    // Who changes the first entry of a segment looks at the segment before it, too.
    expect(new Set(costs)).toEqual(new Set([1, 2, 3]))
  })
})

it('pieces that refer to their context join in one gzip member', () => {
  const texts = fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { maxLength: 6 })
  fc.assert(
    fc.property(texts, (lists) => {
      const segments = lists.map((list) => list.map((each, at) => entry(String(at), each)))
      const pieces = compress(segments).map(({ entries, context }) =>
        deflatePiece(encodeUtf8(textOf(entries)), { context: encodeUtf8(context) }),
      )
      expect(gunzipSync(joinPieces(pieces)).toString()).toBe(lists.flat().join(''))
    }),
  )
})
