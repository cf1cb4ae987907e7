import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EntryChange, updateSegments } from '../../../src/formats/segment-update.ts'
import {
  cutSegments,
  isSegmentEnd,
  MAX_SEGMENT_ENTRIES,
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

/** Names whose segments are short, so that small histories have many: every third is a cut. */
const cuts = Array.from({ length: 3000 }, (_, at) => `c${at}`).filter((name) =>
  isSegmentEnd(entry(name)),
)
const plain = Array.from({ length: 100 }, (_, at) => `p${at}`).filter(
  (name) => !isSegmentEnd(entry(name)),
)
const names = [...cuts.slice(0, 15), ...plain.slice(0, 30)]

function apply(segments: readonly (readonly SegmentEntry[])[], changes: readonly EntryChange[]) {
  const firsts = segments.map((segment) => segment[0] ?? entry(''))
  const loaded: number[] = []
  const load = (at: number) => {
    loaded.push(at)
    return segments[at] ?? []
  }
  const runs = updateSegments(firsts, load, changes, compare)
  const result = [...segments]
  for (const { start, end, segments: fresh } of runs.toReversed())
    result.splice(start, end - start, ...fresh)
  return { result, loaded, runs }
}

describe('segments', () => {
  it('end before entries that say so, and when they are full of entries or text', () => {
    const many = plain
      .slice(0, 2)
      .flatMap((name) => Array.from({ length: 2000 }, (_, at) => entry(name, String(at))))
    const segments = cutSegments(many)
    expect(segments.flat()).toEqual(many)
    for (const segment of segments) {
      expect(segment.length).toBeLessThanOrEqual(MAX_SEGMENT_ENTRIES)
      expect(segment.slice(1).some((each) => isSegmentEnd(each))).toBe(false)
    }
    const heavy = Array.from({ length: 5 }, (_, at) =>
      entry(`p${at}`, '1', 'x'.repeat(MAX_SEGMENT_TEXT / 2)),
    )
    expect(cutSegments(heavy).every((segment) => segment.length <= 2)).toBe(true)
    expect(cutSegments([])).toEqual([])
  })
})

describe('an update', () => {
  it('gives what cutting everything anew gives, over any history', () => {
    const change = fc.record({
      name: fc.constantFrom(...names),
      version: fc.constantFrom('1', '2'),
      text: fc.option(fc.string()),
    })
    const history = fc.array(
      fc.uniqueArray(change, {
        selector: ({ name, version }) => `${name} ${version}`,
        maxLength: 12,
      }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(history, (groups) => {
        let segments: readonly (readonly SegmentEntry[])[] = []
        const model = new Map<string, SegmentEntry>()
        for (const group of groups) {
          const changes = group
            .map(
              ({ name, version, text }): EntryChange => ({
                key: { name, version },
                entry: text === null ? undefined : entry(name, version, text),
              }),
            )
            .toSorted((a, b) => compare(a.key, b.key))
          segments = apply(segments, changes).result
          for (const { key, entry: added } of changes) {
            if (added === undefined) model.delete(`${key.name} ${key.version}`)
            else model.set(`${key.name} ${key.version}`, added)
          }
          expect(segments).toEqual(cutSegments([...model.values()].toSorted(compare)))
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('also where segments are full', () => {
    const full = Array.from({ length: 1500 }, (_, at) => entry('p1', String(at * 2)))
    const pure = full.filter((each) => !isSegmentEnd(each))
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(3000), { maxLength: 20 }),
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        (versions, adds) => {
          const changes = versions
            .toSorted((a, b) => a - b)
            .map(
              (version, at): EntryChange => ({
                key: { name: 'p1', version: String(version) },
                entry: adds[at] ? entry('p1', String(version), 'new') : undefined,
              }),
            )
          const model = new Map(pure.map((each) => [each.version, each]))
          for (const { key, entry: added } of changes) {
            if (added === undefined) model.delete(key.version)
            else model.set(key.version, added)
          }
          expect(apply(cutSegments(pure), changes).result).toEqual(
            cutSegments([...model.values()].toSorted(compare)),
          )
        },
      ),
      { numRuns: 200 },
    )
  })

  it('reads one or two segments for one change, however many there are', () => {
    const all = Array.from({ length: 30_000 }, (_, at) => entry(`package-${at}`)).toSorted(compare)
    const segments = cutSegments(all)
    expect(segments.length).toBeGreaterThan(150)
    const costs = Array.from({ length: 200 }, (_, at) => {
      const key = { name: `package-${at * 149}x`, version: '1' }
      return apply(segments, [{ key, entry: entry(key.name) }]).loaded.length
    })
    expect(costs.toSorted((a, b) => a - b)[100]).toBe(1)
    expect(Math.max(...costs)).toBeLessThanOrEqual(3)
  })
})
