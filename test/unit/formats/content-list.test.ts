import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ContentEntry,
  type ContentListLimits,
  ContentListWriter,
  contentListLimits,
  parseContentEntry,
  parseContentListHead,
} from '../../../src/formats/content-list.ts'
import { expectRefusal } from './streams.ts'

/** Written and read again by what shares nothing with the writer. */
function write(entries: readonly ContentEntry[], limits?: ContentListLimits) {
  const writer = new ContentListWriter(limits)
  for (const entry of entries) writer.add(entry)
  const bytes = writer.finish()
  const lines = gunzipSync(bytes).toString().split('\n')
  expect(lines.pop()).toBe('')
  const [head, ...rest] = lines.map((line) => JSON.parse(line) as unknown)
  return { bytes, lines, head, rest }
}

const file = (path: string): ContentEntry => ({ path, type: 'file', mode: '0644', size: 1 })

/** Digits that compress badly, the same at each run. */
function noise(length: number, seed: number): string {
  let state = seed + 1
  return Array.from({ length }, () => {
    state = (state * 48_271) % 0x7fffffff
    return String.fromCharCode(0x4e00 + (state % 20_000))
  }).join('')
}

const entries: fc.Arbitrary<ContentEntry> = fc.record(
  {
    path: fc.string({ unit: 'binary', minLength: 1 }),
    type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'),
    mode: fc.constantFrom('0644', '4755', '0000'),
    size: fc.nat(),
    target: fc.string({ unit: 'binary' }),
    sha1: fc.constant('da39a3ee5e6b4b0d3255bfef95601890afd80709'),
  },
  { requiredKeys: ['path', 'type', 'mode'] },
)

describe('a list', () => {
  it('has the entries in their order, whatever their texts hold', () => {
    fc.assert(
      fc.property(fc.array(entries), (list) => {
        const { head, rest, lines } = write(list)
        expect(head).toEqual({ format: 1, entries: list.length, listed: list.length })
        expect(rest).toEqual(list)
        expect(lines.slice(1).map(parseContentEntry)).toEqual(list)
      }),
    )
  })

  it('of a package without files is a head', () => {
    const { head, rest } = write([])
    expect([head, rest]).toEqual([{ format: 1, entries: 0, listed: 0 }, []])
  })

  it('is the same bytes for the same entries', () => {
    const list = ['a', 'b', 'c'].map(file)
    expect(write(list).bytes).toEqual(write(list).bytes)
  })

  it('stays a line an entry where a text has line ends', () => {
    const link: ContentEntry = {
      path: 'a\nb',
      type: 'symlink',
      mode: '0777',
      target: '\r\n\u2028"\\',
    }
    const { lines, rest } = write([link])
    expect([lines.length, rest]).toEqual([2, [link]])
  })

  it('has long targets cut, and says so', () => {
    const link = (length: number): ContentEntry => ({
      path: 'l',
      type: 'symlink',
      mode: '0777',
      target: 'x'.repeat(length),
    })
    const { rest } = write([link(4096), link(4097)])
    expect(rest).toEqual([link(4096), { ...link(0), target: `${'x'.repeat(4096)}…` }])
  })
})

describe('a list that passes a limit', () => {
  const within = (limits: Partial<ContentListLimits>) => ({ ...contentListLimits, ...limits })
  const many = Array.from({ length: 20_000 }, (_, at) => file(`usr/share/${noise(20, at)}`))

  it.each([
    ['its plain bytes', within({ maxPlain: 500_000 })],
    ['its compressed bytes', within({ maxDeflated: 300_000 })],
  ])('of %s has the first entries and the count of all', (_, limits) => {
    const { bytes, lines, head, rest } = write(many, limits)
    expect(head).toEqual({ format: 1, entries: many.length, listed: rest.length })
    expect(rest.length).toBeGreaterThan(1000)
    expect(rest).toEqual(many.slice(0, rest.length))
    expect(lines.join('\n').length).toBeLessThan(limits.maxPlain)
    expect(bytes.length).toBeLessThan(limits.maxDeflated + 200)
  })

  it('takes no entry after the first that did not fit', () => {
    const large = Array.from({ length: 64 }, (_, at) => file(noise(2000, at)))
    const { head, rest } = write([...large, file('small')], within({ maxPlain: 100_000 }))
    expect(head).toEqual({ format: 1, entries: 65, listed: rest.length })
    expect(rest).toEqual(large.slice(0, rest.length))
  })

  it('is as a list without limits up to there, whatever they are', () => {
    fc.assert(
      fc.property(fc.nat(1_500_000), fc.nat(900_000), (maxPlain, maxDeflated) => {
        const { head, rest } = write(many.slice(0, 10_000), { maxPlain, maxDeflated })
        expect(head).toEqual({ format: 1, entries: 10_000, listed: rest.length })
        expect(rest).toEqual(many.slice(0, rest.length))
      }),
      { numRuns: 10 },
    )
  })
})

it('has all the files of the largest package, with their checksums', () => {
  const list = Array.from({ length: 100_000 }, (_, at) => ({
    ...file(`usr/lib/python3.12/site-packages/module${at % 317}/file${at}.py`),
    sha1: (at * 2_654_435_761).toString(16).padStart(40, '0'),
  }))
  expect(write(list).head).toEqual({ format: 1, entries: 100_000, listed: 100_000 })
})

describe('what is no list', () => {
  it.each([
    ['[]', 'unsupported'],
    ['{"format":2,"entries":0,"listed":0}', 'unsupported'],
    ['{"format":1,"entries":1,"listed":2}', 'unsupported'],
    ['{"format":1,"entries":-1,"listed":-1}', 'unsupported'],
    ['null', 'malformed'],
    ['{', 'malformed'],
  ] as const)('has no head: %s', async (line, code) => {
    await expectRefusal(() => parseContentListHead(line), code, /./)
  })

  it.each([
    '{}',
    '{"path":"a","type":"door","mode":"0644"}',
    '{"path":1,"type":"file","mode":"0644"}',
    'x',
  ])('has no entry: %s', async (line) => {
    await expectRefusal(() => parseContentEntry(line), 'malformed', /./)
  })
})
