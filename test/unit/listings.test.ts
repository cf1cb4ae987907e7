import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FileName, ListingComparison } from '../../src/repository/listings.ts'
import type { Listing } from '../../src/types/type.ts'

const listing = (fileName: string, text = fileName): Listing => ({
  part: 'x86_64',
  fileName,
  text,
})

async function compare(entries: readonly Listing[], rows: readonly Listing[]) {
  async function* all() {
    yield* rows
  }
  const comparison = new ListingComparison(all())
  for (const entry of entries) await comparison.take(entry)
  const names = new Set(rows.map(({ fileName }) => fileName))
  const findFiles = async (files: readonly FileName[]) =>
    files.filter(({ fileName }) => names.has(fileName))
  return (await comparison.finish(findFiles)).sort()
}

/** The same by all of both at once. */
function compareAtOnce(entries: readonly Listing[], rows: readonly Listing[]): string[] {
  const problems: string[] = []
  const expected = new Map(rows.map(({ fileName, text }) => [fileName, text]))
  const seen = new Set<string>()
  for (const { fileName, text } of entries) {
    const name = `x86_64/${fileName}`
    const wanted = expected.get(fileName)
    if (seen.has(fileName)) problems.push(`entry twice: ${name}`)
    else if (wanted === undefined) problems.push(`entry without row: ${name}`)
    else if (wanted !== text) problems.push(`entry differs from row: ${name}`)
    seen.add(fileName)
  }
  for (const name of expected.keys())
    if (!seen.has(name)) problems.push(`row without entry: x86_64/${name}`)
  return problems.sort()
}

describe('the comparison of an index with rows', () => {
  it('finds what a comparison of all at once finds, in whatever order they come', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `p${at}`)
    const changed = fc.record({ name: fc.constantFrom(...names, 'stray'), twice: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(names),
        fc.shuffledSubarray(names),
        fc.array(changed, { maxLength: 3 }),
        fc.subarray(names, { maxLength: 2 }),
        async (listed, stored, strays, differing) => {
          const text = (name: string) => (differing.includes(name) ? 'another text' : name)
          const entries = listed.map((name) => listing(name, text(name)))
          for (const { name, twice } of strays) {
            if (twice || !listed.includes(name)) entries.push(listing(name, text(name)))
          }
          const rows = stored.map((name) => listing(name))
          expect(await compare(entries, rows)).toEqual(compareAtOnce(entries, rows))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('tells a file from that of another part, also where both are shown alike', async () => {
    const entry = { part: 'main', fileName: 'amd64/tool', text: 'a' }
    const row = { part: 'main/amd64', fileName: 'tool', text: 'b' }
    expect(await compare([entry], [row])).toEqual([
      'entry without row: main/amd64/tool',
      'row without entry: main/amd64/tool',
    ])
    const ofOneList = { part: '', fileName: 'tool', text: 'a' }
    expect(await compare([], [ofOneList])).toEqual(['row without entry: tool'])
  })

  it('tells the first of very many problems', async () => {
    const rows = Array.from({ length: 3000 }, (_, at) => listing(`p${at}`))
    const problems = await compare([], rows)
    expect(problems).toHaveLength(1001)
    expect(problems).toContain('further problems are not listed')
    const others = rows.map(({ fileName }) => listing(fileName, 'another text'))
    expect(await compare(others, rows)).toHaveLength(1001)
  })

  it('gives up on an index that has nothing to do with its rows', async () => {
    const many = (prefix: string) =>
      Array.from({ length: 26_000 }, (_, at) => listing(`${prefix}${at}`, ''))
    const givenUp = [expect.stringMatching(/^over 50000 entries and rows do not match/)]
    expect(await compare(many('a'), many('b'))).toEqual(givenUp)
    expect(await compare([], [...many('a'), ...many('b')])).toEqual(givenUp)
  })

  it('reads no rows ahead of the entries', async () => {
    let read = 0
    async function* rows() {
      for (; read < 10_000; read++) yield listing(`p${read}`)
    }
    const comparison = new ListingComparison(rows())
    for (let at = 0; at < 5; at++) await comparison.take(listing(`p${at}`))
    expect(read).toBeLessThan(6)
  })
})
