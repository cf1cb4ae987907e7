import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EntryChange, updateSegments } from '../../../src/formats/segment-update.ts'
import {
  CUT_RULES,
  type CutRules,
  cutSegments,
  MAX_SEGMENT_TEXT,
  type SegmentEntry,
  type SegmentKey,
} from '../../../src/formats/segments.ts'

const compare = (a: SegmentKey, b: SegmentKey) =>
  a.name === b.name ? Number(a.version) - Number(b.version) : a.name < b.name ? -1 : 1

const entry = (name: string, version = '1', text = `${name} ${version}\n`): SegmentEntry => ({
  name,
  version,
  text,
})

/** Segments so short that small histories have many. Names with an e may begin one. */
const short: CutRules = { least: 3, most: 7, mayEndBefore: ({ name }) => name.startsWith('e') }
const noLeast: CutRules = { ...short, least: 0 }
const names = Array.from({ length: 45 }, (_, at) => `${'eaib'[at % 4]}${at}`)

function apply(
  segments: readonly (readonly SegmentEntry[])[],
  changes: readonly EntryChange[],
  rules: CutRules = CUT_RULES,
) {
  const firsts = segments.map((segment) => segment[0] ?? entry(''))
  const loaded: number[] = []
  const load = (at: number) => {
    loaded.push(at)
    return segments[at] ?? []
  }
  const runs = updateSegments(firsts, load, changes, compare, rules)
  const result = [...segments]
  for (const { start, end, segments: fresh } of runs.toReversed())
    result.splice(start, end - start, ...fresh)
  return { result, loaded, runs }
}

describe('segments', () => {
  it('end before entries that say so when they are long enough, and when they are full', () => {
    const many = Array.from({ length: 30_000 }, (_, at) => entry(`package-${at}`))
    const segments = cutSegments(many)
    expect(segments.flat()).toEqual(many)
    const lengths = segments.map((segment) => segment.length).slice(0, -1)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(CUT_RULES.least)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(CUT_RULES.most)
    expect(many.length / segments.length).toBeGreaterThan(56)
    expect(many.length / segments.length).toBeLessThan(72)
    for (const [first, ...rest] of segments.slice(1)) {
      expect(first && CUT_RULES.mayEndBefore(first)).toBe(true)
      expect(rest.slice(CUT_RULES.least - 1).some(CUT_RULES.mayEndBefore)).toBe(false)
    }
    const same = many.map(({ text }, at) => entry('never', String(at), text))
    const never = { ...CUT_RULES, mayEndBefore: () => false }
    expect(cutSegments(same, never)[0]).toHaveLength(CUT_RULES.most)
    expect(cutSegments([])).toEqual([])
  })

  it('end when they would have too much text', () => {
    const heavy = Array.from({ length: 5 }, (_, at) =>
      entry(`p${at}`, '1', 'x'.repeat(MAX_SEGMENT_TEXT / 2)),
    )
    expect(cutSegments(heavy).map((segment) => segment.length)).toEqual([2, 2, 1])
    const tooMuch = entry('p5', '1', 'x'.repeat(MAX_SEGMENT_TEXT + 1))
    expect(cutSegments([tooMuch, tooMuch]).map((segment) => segment.length)).toEqual([1, 1])
  })
})

describe('an update', () => {
  const change = fc.record({
    name: fc.constantFrom(...names),
    version: fc.constantFrom('1', '2'),
    text: fc.option(fc.oneof(fc.string(), fc.constant('x'.repeat(MAX_SEGMENT_TEXT / 3)))),
  })
  const group = fc.uniqueArray(change, {
    selector: ({ name, version }) => `${name} ${version}`,
    maxLength: 12,
  })

  it.each([
    ['a least length', short],
    ['none', noLeast],
    ['a least length above that of most runs', { ...short, least: 6 }],
    ['ends everywhere', { ...short, mayEndBefore: () => true }],
    ['no ends but where a segment is full', { ...short, mayEndBefore: () => false }],
  ])('gives what cutting everything anew gives, over any history (%s)', (_, rules) => {
    const history = fc.array(group, { maxLength: 8 })
    const seed = fc.subarray(names.flatMap((name) => [entry(name), entry(name, '2')]))
    fc.assert(
      fc.property(seed, history, (given, groups) => {
        const model = new Map(given.map((each) => [`${each.name} ${each.version}`, each]))
        let segments = cutSegments(given.toSorted(compare), rules)
        for (const each of groups) {
          const changes = each
            .map(
              ({ name, version, text }): EntryChange => ({
                key: { name, version },
                entry: text === null ? undefined : entry(name, version, text),
              }),
            )
            .toSorted((a, b) => compare(a.key, b.key))
          segments = apply(segments, changes, rules).result
          for (const { key, entry: added } of changes) {
            if (added === undefined) model.delete(`${key.name} ${key.version}`)
            else model.set(`${key.name} ${key.version}`, added)
          }
          expect(segments).toEqual(cutSegments([...model.values()].toSorted(compare), rules))
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('asks few keys whether a segment may end before them', () => {
    let asked = 0
    const counted = {
      ...CUT_RULES,
      mayEndBefore: (key: SegmentKey) => {
        asked++
        return CUT_RULES.mayEndBefore(key)
      },
    }
    const all = Array.from({ length: 3000 }, (_, at) => entry(`package-${at}`)).toSorted(compare)
    const segments = cutSegments(all)
    apply(segments, [{ key: entry('package-12'), entry: entry('package-12', '1', 'new') }], counted)
    expect(asked).toBeLessThan(5)
  })

  it('reads one or two segments for one change, however many there are', () => {
    const all = Array.from({ length: 30_000 }, (_, at) => entry(`package-${at}`)).toSorted(compare)
    const segments = cutSegments(all)
    expect(segments.length).toBeGreaterThan(150)
    const costs = Array.from({ length: 200 }, (_, at) => {
      const key = { name: `package-${at * 149}x`, version: '1' }
      return apply(segments, [{ key, entry: entry(key.name) }]).loaded.length
    })
    expect(costs.filter((cost) => cost === 1).length).toBeGreaterThan(170)
    expect(Math.max(...costs)).toBeLessThanOrEqual(7)
  })
})
