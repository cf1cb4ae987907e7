import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  describePackage,
  formatIndexEntry,
  type IndexEntry,
} from '../../../src/types/alpine/format/apkindex.ts'
import { inspectPackage } from '../../../src/types/alpine/format/package.ts'
import { chunked, expectRefusal } from '../../unit/formats/streams.ts'
import { buildApkParts } from './builder.ts'
import { parseIndex } from './read-index.ts'

const least: IndexEntry = {
  identity: 'Q1/se1PjO94hYXbfpNR1/61hVORIc=',
  name: 'hello',
  version: '1.0-r0',
  architecture: 'x86_64',
  fileSize: 1353,
  installedSize: 4096,
  description: '',
  url: '',
  license: '',
  depends: [],
  provides: [],
  installIf: [],
}

const most: IndexEntry = {
  ...least,
  description: 'A greeting: = größe',
  url: 'https://example.org/',
  license: 'MIT',
  origin: 'hello',
  maintainer: 'Someone <someone@example.org>',
  buildTime: 1679498030,
  commit: 'abc-dirty',
  providerPriority: 10,
  depends: ['a>=1', '!b'],
  provides: ['cmd:hello=1.0-r0', 'c'],
  installIf: ['d', 'e=1'],
}

test('an entry has the fields of apk index, in its order', () => {
  expect(formatIndexEntry(most)).toBe(`C:Q1/se1PjO94hYXbfpNR1/61hVORIc=
P:hello
V:1.0-r0
A:x86_64
S:1353
I:4096
T:A greeting: = größe
U:https://example.org/
L:MIT
o:hello
m:Someone <someone@example.org>
t:1679498030
c:abc-dirty
k:10
D:a>=1 !b
p:cmd:hello=1.0-r0 c
i:d e=1

`)
})

test('T, U and L are written when empty, others are not, nor zeros', () => {
  const zeros = { ...least, buildTime: 0, providerPriority: 0, origin: '', commit: '' }
  const expected =
    'C:Q1/se1PjO94hYXbfpNR1/61hVORIc=\nP:hello\nV:1.0-r0\nA:x86_64\nS:1353\nI:4096\nT:\nU:\nL:\n\n'
  expect(formatIndexEntry(zeros)).toBe(expected)
  expect(formatIndexEntry(least)).toBe(expected)
})

test('a package is described by what was found in it', async () => {
  const built = buildApkParts({ info: { depend: 'a', size: '0', triggers: '/x', replaces: 'y' } })
  const entry = describePackage(await inspectPackage(chunked(built.bytes)))
  expect(entry).toEqual({
    identity: built.identity,
    name: 'hello',
    version: '1.0-r0',
    architecture: 'x86_64',
    fileSize: built.bytes.length,
    installedSize: built.installedSize,
    description: 'A greeting',
    url: 'https://example.org/hello',
    license: 'MIT',
    origin: 'hello',
    maintainer: 'Someone <someone@example.org>',
    buildTime: 1_700_000_000,
    depends: ['a'],
    provides: [],
    installIf: [],
  })
})

describe('an index', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9.:/-]{0,12}$/)
  const text = fc.string({ unit: fc.constantFrom(...'abc =:äß大') })
  const list = fc.array(word, { maxLength: 4 })
  const optional = { origin: text, maintainer: text, commit: text }
  const entry = fc
    .record({ name: word, version: word, description: text, url: text, license: text })
    .chain((base) =>
      fc
        .record({ depends: list, provides: list, installIf: list, fileSize: fc.nat(), ...optional })
        .map((rest) => ({ ...least, ...base, ...rest })),
    )

  test('parses back into what was formatted', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        const whole = entries.map(formatIndexEntry).join('')
        const parsed = parseIndex(whole)
        expect(parsed.map(formatIndexEntry).join('')).toBe(whole)
        expect(parsed.map((each) => each.description)).toEqual(
          entries.map((each) => each.description),
        )
      }),
    )
    expect(parseIndex(formatIndexEntry(most))).toEqual([most])
    expect(parseIndex(formatIndexEntry(least))).toEqual([least])
    expect(parseIndex('')).toEqual([])
  })

  test.each([
    ['no end', 'C:x\nP:a', /^line 2 of the index does not end with a newline/],
    ['an open entry', 'C:x\nP:a\n', /not ended/],
    ['a line that is no field', 'C:x\nhello\n\n', /line 2 of the index is no field: "hello"/],
    ['an unknown letter', 'C:x\nZ:1\n\n', /line 2 .* no field/],
    ['a field twice', 'C:x\nC:y\n\n', /line 2 of the index repeats C:/],
    ['no identity', 'P:a\nV:1\n\n', /line 3 of the index ends an entry without C:/],
    ['no version', 'C:x\nP:a\n\n', /without V:/],
    ['a line without an end', 'T:'.padEnd(140_000, 'x'), /^line 1 of the index is longer than apk/],
    ['a bad number', 'C:x\nP:a\nV:1\nS:-1\n\n', /S: is no number/],
  ])('with %s is refused', async (_name, bad, message) => {
    await expectRefusal(() => parseIndex(bad), 'malformed', message)
  })

  test.each(['a\nP:evil', 'a\r', '\u202e', 'x'.repeat(131_070), 'ä'.repeat(65_535)])(
    'refuses to write the value %#',
    async (description) => {
      const work = () => formatIndexEntry({ ...least, description })
      await expectRefusal(work, 'invalid-field', /^T: "/)
    },
  )

  test('writes the longest line that apk reads', () => {
    const description = 'x'.repeat(128 * 1024 - 'T:\n'.length)
    expect(formatIndexEntry({ ...least, description })).toContain(description)
  })
})
