import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CUT_RULES,
  type CutRules,
  compareIds,
  cutSegments,
  MAX_SEGMENT_TEXT,
  ONE_IN,
  type SegmentEntry,
} from '../../../../src/formats/segments/segments.ts'
import { type EntryChange, updateSegments } from '../../../../src/formats/segments/update.ts'

const entry = (id: string, text = `${id}\n`): SegmentEntry => ({ id, text })
const byId = (a: { readonly id: string }, b: { readonly id: string }) => compareIds(a.id, b.id)
const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => entry(`file-${String(at).padStart(6, '0')}`))

/** Segments so short that small histories have many. Ids with an e may begin one. */
const short: CutRules = { least: 3, most: 7, mayEndBefore: (id) => id.startsWith('e') }
const noLeast: CutRules = { ...short, least: 0 }
const ids = Array.from({ length: 90 }, (_, at) => `${'eaib'[at % 4]}${at}`)

function apply(
  segments: readonly (readonly SegmentEntry[])[],
  changes: readonly EntryChange[],
  rules: CutRules = CUT_RULES,
) {
  const firsts = segments.map((segment) => segment[0]?.id ?? '')
  const loaded: number[] = []
  const load = (at: number) => {
    loaded.push(at)
    return segments[at] ?? []
  }
  const runs = updateSegments(firsts, load, changes, rules)
  const result = [...segments]
  for (const { start, end, segments: fresh } of runs.toReversed())
    result.splice(start, end - start, ...fresh)
  return { result, loaded, runs }
}

describe('segments', () => {
  it('end before entries that say so when they are long enough, and when they are full', () => {
    const many = numbered(30_000)
    const mayEnd = (id: string) => CUT_RULES.mayEndBefore(id, ONE_IN)
    const segments = cutSegments(many)
    expect(segments.flat()).toEqual(many)
    const lengths = segments.map((segment) => segment.length).slice(0, -1)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(CUT_RULES.least)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(CUT_RULES.most)
    expect(many.length / segments.length).toBeGreaterThan(118)
    expect(many.length / segments.length).toBeLessThan(138)
    for (const [at, segment] of segments.slice(1).entries()) {
      const [first = '', ...rest] = segment.map(({ id }) => id)
      const wasFull = segments[at]?.length === CUT_RULES.most
      expect(wasFull || mayEnd(first)).toBe(true)
      expect(rest.slice(CUT_RULES.least - 1).some(mayEnd)).toBe(false)
    }
    const never = { ...CUT_RULES, mayEndBefore: () => false }
    expect(cutSegments(many, never)[0]).toHaveLength(CUT_RULES.most)
    expect(cutSegments([])).toEqual([])
  })

  it('end when they would have too much text', () => {
    const heavy = Array.from({ length: 5 }, (_, at) =>
      entry(`p${at}`, 'x'.repeat(MAX_SEGMENT_TEXT / 2)),
    )
    const never = { ...CUT_RULES, mayEndBefore: () => false }
    expect(cutSegments(heavy, never).map((segment) => segment.length)).toEqual([2, 2, 1])
    const tooMuch = entry('p5', 'x'.repeat(MAX_SEGMENT_TEXT + 1))
    expect(cutSegments([tooMuch, tooMuch]).map((segment) => segment.length)).toEqual([1, 1])
  })
})

describe('an update', () => {
  const change = fc.record({
    id: fc.constantFrom(...ids),
    text: fc.option(fc.oneof(fc.string(), fc.constant('x'.repeat(MAX_SEGMENT_TEXT / 3))), {
      nil: undefined,
    }),
  })
  const group = fc.uniqueArray(change, { selector: ({ id }) => id, maxLength: 12 })

  it.each([
    ['a least length', short],
    ['none', noLeast],
    ['a least length above that of most runs', { ...short, least: 6 }],
    ['ends everywhere', { ...short, mayEndBefore: () => true }],
    ['no ends but where a segment is full', { ...short, mayEndBefore: () => false }],
  ])('gives what cutting everything anew gives, over any history (%s)', (_, rules) => {
    const history = fc.array(group, { maxLength: 8 })
    const seed = fc.subarray(ids.map((id) => entry(id)))
    fc.assert(
      fc.property(seed, history, (given, groups) => {
        const model = new Map(given.map((each) => [each.id, each]))
        let segments = cutSegments(given.toSorted(byId), rules)
        for (const changes of groups) {
          segments = apply(segments, changes.toSorted(byId), rules).result
          for (const { id, text } of changes) {
            if (text === undefined) model.delete(id)
            else model.set(id, entry(id, text))
          }
          expect(segments).toEqual(cutSegments([...model.values()].toSorted(byId), rules))
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('asks few ids whether a segment may end before them', () => {
    let asked = 0
    const counted = {
      ...CUT_RULES,
      mayEndBefore: (id: string, oneIn: number) => {
        asked++
        return CUT_RULES.mayEndBefore(id, oneIn)
      },
    }
    const segments = cutSegments(numbered(3000))
    apply(segments, [{ id: 'file-000012', text: 'new' }], counted)
    expect(asked).toBeLessThan(5)
  })

  it('reads the last segment for what comes last', () => {
    const segments = cutSegments(numbered(30_000))
    const added = Array.from({ length: 32 }, (_, at) => entry(`later-${at + 10}`))
    const { loaded, runs } = apply(segments, added)
    expect(loaded).toEqual([segments.length - 1])
    expect(runs.map(({ start, end }) => [start, end])).toEqual([
      [segments.length - 1, segments.length],
    ])
  })

  it('reads one or two segments for one change, however many there are', () => {
    const segments = cutSegments(numbered(30_000))
    expect(segments.length).toBeGreaterThan(150)
    const costs = Array.from({ length: 200 }, (_, at) => {
      const id = `file-${String(at * 149).padStart(6, '0')}x`
      return apply(segments, [{ id, text: 'new' }]).loaded.length
    })
    expect(costs.filter((cost) => cost === 1).length).toBeGreaterThan(170)
    expect(Math.max(...costs)).toBeLessThanOrEqual(7)
  })

  it.each([200_000, 100_000, 50_000, 20_000, 5000, 1500])(
    'reads little text for a removal, where entries have %i characters',
    (length) => {
      const text = 'x'.repeat(length)
      const count = Math.ceil(40_000_000 / length)
      const segments = cutSegments(numbered(count).map(({ id }) => entry(id, text)))
      const costs = Array.from({ length: 100 }, (_, at) => {
        const id = `file-${String(Math.floor((at * count) / 100)).padStart(6, '0')}`
        const { loaded } = apply(segments, [{ id, text: undefined }])
        return new Set(loaded).size
      })
      expect(Math.max(...costs)).toBeLessThanOrEqual(12)
      expect(costs.reduce((sum, cost) => sum + cost, 0)).toBeLessThan(350)
    },
  )
})
