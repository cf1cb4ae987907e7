import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TarReader } from '../../../../src/formats/archive/tar.ts'
import { parseTarBlock } from '../../../../src/formats/archive/tar-header.ts'
import { formatTarHeader, tarEnd, tarPadding } from '../../../../src/formats/archive/tar-writer.ts'
import { buildApkParts, tarEntry, tarEnd as zeroBlocks } from '../../../types/alpine/builder.ts'
import { chunked, expectRefusal } from '../streams.ts'

const limits = { what: 'the archive', maxEntries: 100, maxHeaderData: 4096 }
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

async function list(bytes: Uint8Array, size = 65_536, own = {}) {
  const tar = new TarReader(chunked(bytes, size), { ...limits, ...own })
  const entries = []
  for (let entry = await tar.next(); entry; entry = await tar.next()) {
    const content = new TextDecoder().decode(await tar.readContent(1e6))
    entries.push({ ...entry, pax: Object.fromEntries(entry.pax), content })
  }
  return { entries, endBlocks: tar.endBlocks }
}

describe('reads', () => {
  const archive = join(
    tarEntry({ name: 'usr/', typeflag: '5', mode: 0o755 }),
    tarEntry({ name: 'usr/a', content: 'hello', pax: { 'APK-TOOLS.checksum.SHA1': 'ab' } }),
    tarEntry({ name: 'usr/b', typeflag: '2', linkName: 'a', magic: 'gnu' }),
    tarEntry({ name: 'usr/c', typeflag: '1', linkName: 'usr/a' }),
    tarEntry({ name: `usr/${'long/'.repeat(30)}x`, content: 'y'.repeat(513) }),
    zeroBlocks,
  )

  test.each([1, 7, 512, 1e6])('entries in chunks of %i', async (size) => {
    const { entries, endBlocks } = await list(archive, size)
    expect(entries).toMatchObject([
      { name: 'usr/', type: 'directory', mode: 0o755, size: 0 },
      { name: 'usr/a', type: 'file', content: 'hello', pax: { 'APK-TOOLS.checksum.SHA1': 'ab' } },
      { name: 'usr/b', type: 'symlink', linkName: 'a', pax: {} },
      { name: 'usr/c', type: 'hardlink', linkName: 'usr/a' },
      { name: `usr/${'long/'.repeat(30)}x`, content: 'y'.repeat(513), size: 513 },
    ])
    expect(endBlocks).toBe(2)
  })

  test('the name that is in a prefix, a GNU long name, or bytes that are not UTF-8', async () => {
    const prefixed = tarEntry({ name: 'tail' })
    prefixed.set(new TextEncoder().encode('deep'), 345)
    const sum = prefixed.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    const checksum = [...prefixed.subarray(148, 154)].reduce((total, byte) => total + byte, 0)
    const fixed = (sum - checksum - 0x20 + 8 * 0x20).toString(8).padStart(6, '0')
    prefixed.set(new TextEncoder().encode(fixed), 148)
    const gnu = tarEntry({ name: '././@LongLink', typeflag: 'L', content: `${'g'.repeat(150)}\0` })
    const latin = tarEntry({ name: 'caf?' })
    latin[3] = 0xe9
    const difference = 0xe9 - 0x3f
    const old = Number.parseInt(new TextDecoder().decode(latin.subarray(148, 154)), 8)
    const next = (old + difference).toString(8).padStart(6, '0')
    latin.set(new TextEncoder().encode(next), 148)
    const { entries } = await list(join(prefixed, gnu, tarEntry({ name: 'cut' }), latin))
    expect(entries.map((entry) => entry.name)).toEqual(['deep/tail', 'g'.repeat(150), 'café'])
  })

  test('a checksum of bytes that were added as signed numbers', async () => {
    const entry = tarEntry({ name: 'caf?' })
    entry[3] = 0xe9
    const old = Number.parseInt(new TextDecoder().decode(entry.subarray(148, 154)), 8)
    const withSum = (sum: number) => {
      const changed = entry.slice()
      changed.set(new TextEncoder().encode(sum.toString(8).padStart(6, '0')), 148)
      return changed
    }
    const signed = old + 0xe9 - 0x100 - 0x3f
    expect((await list(withSum(signed))).entries.map(({ name }) => name)).toEqual(['café'])
    await expectRefusal(() => list(withSum(signed + 1)), 'corrupt', /checksum/)
  })

  test('a global header as nothing, and an archive without or with half an end', async () => {
    const global = tarEntry({ name: 'g', typeflag: 'g', content: '14 comment=zz\n' })
    const archiveWithGlobal = join(global, tarEntry({ name: 'a' }))
    expect((await list(archiveWithGlobal)).entries).toMatchObject([{ name: 'a' }])
    expect((await list(archiveWithGlobal)).endBlocks).toBe(0)
    expect((await list(join(archiveWithGlobal, new Uint8Array(512)))).endBlocks).toBe(1)
    expect((await list(join(archiveWithGlobal, new Uint8Array(10_240)))).endBlocks).toBe(2)
    expect((await list(new Uint8Array(0))).entries).toEqual([])
  })

  test('V7, with files and folders that have no type', async () => {
    const file = tarEntry({ name: 'a', magic: 'v7', typeflag: '\0', content: 'hello' })
    const folder = tarEntry({ name: 'b/', magic: 'v7', typeflag: '\0' })
    expect((await list(join(file, folder, zeroBlocks))).entries).toMatchObject([
      { name: 'a', type: 'file', content: 'hello' },
      { name: 'b/', type: 'directory' },
    ])
  })

  test('whether the magic is ustar`s to the letter', () => {
    const exact = (block: Uint8Array) => parseTarBlock(block.subarray(0, 512), 'it').exactMagic
    expect(
      (['posix', 'gnu', 'v7'] as const).map((magic) => exact(tarEntry({ name: 'a', magic }))),
    ).toEqual([true, false, false])
    const other = tarEntry({ name: 'a', magic: 'v7' })
    other.set(new TextEncoder().encode('ustar'), 257)
    const sum = other.fill(0x20, 148, 156).reduce((total, byte) => total + byte, 0)
    other.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0`), 148)
    expect(exact(other)).toBe(false)
  })

  test('sizes in base 256 and in pax, and a long link target', async () => {
    const binary = withBytes(124, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], 'hello')
    const pax = tarEntry({ name: 'b', content: 'hello', sizeField: '0', pax: { size: '5' } })
    const target = 't'.repeat(150)
    const long = tarEntry({ name: '././@LongLink', typeflag: 'K', content: `${target}\0` })
    const link = tarEntry({ name: 'c', typeflag: '2', linkName: 'cut' })
    expect((await list(join(binary, pax, long, link, zeroBlocks))).entries).toMatchObject([
      { name: 'a', content: 'hello' },
      { name: 'b', content: 'hello' },
      { name: 'c', type: 'symlink', linkName: target },
    ])
  })

  test('past content that nobody asked for', async () => {
    const tar = new TarReader(chunked(archive, 100), limits)
    const names = []
    for (let entry = await tar.next(); entry; entry = await tar.next()) names.push(entry.name)
    expect(names).toHaveLength(5)
  })

  test('content within a limit only', async () => {
    const tar = new TarReader(chunked(tarEntry({ name: 'a', content: 'hello' })), limits)
    await tar.next()
    await expectRefusal(() => tar.readContent(4), 'too-large', /"a" in the archive has more than 4/)
  })
})

describe('refuses', () => {
  const entry = tarEntry({ name: 'a', content: 'hello' })
  const sparse = tarEntry({ name: 'a', pax: { 'GNU.sparse.major': '1' } })
  const folder = tarEntry({ name: 'a/', typeflag: '5', content: 'hello' })
  const longName = tarEntry({ name: '././@LongLink', typeflag: 'L', content: 'b\0' })
  const renamed = tarEntry({ name: 'a', pax: { path: 'c' } })
  const global = tarEntry({ name: 'g', typeflag: 'g', content: '10 path=a\n' })
  const badSize = tarEntry({ name: 'a', content: 'hello', pax: { size: '-4' } })
  test.each([
    ['a wrong checksum', tarEntry({ name: 'a', badChecksum: true }), 'corrupt', /checksum/],
    ['no name', tarEntry({ name: '' }), 'malformed', /has no name/],
    [
      'a size that is no number',
      tarEntry({ name: 'a', sizeField: '\x7f0000000001' }),
      'malformed',
      /size that is no number/,
    ],
    ['digits that are not octal', tarEntry({ name: 'a', sizeField: '9' }), 'malformed', /number/],
    ['a negative number', tarEntry({ name: 'a', sizeField: '-1' }), 'malformed', /number/],
    ['a negative number in base 256', withBytes(124, [0xff, 0xff]), 'malformed', /number/],
    ['more bytes than can be counted', withBytes(124, [0x80, 0xff]), 'malformed', /number/],
    ['a sparse file of GNU', tarEntry({ name: 'a', typeflag: 'S' }), 'malformed', /few readers/],
    ['a sparse file in pax', sparse, 'malformed', /sparse file/],
    ['a folder with content', folder, 'malformed', /directory with content/],
    ['two names', join(longName, renamed), 'malformed', /two names/],
    ['a name for all entries', global, 'malformed', /"path" in a global pax header/],
    ['a cut header', entry.subarray(0, 100), 'truncated', /inside a tar header/],
    ['cut content', entry.subarray(0, 514), 'truncated', /inside its entry "a"/],
    ['missing padding', entry.subarray(0, 517), 'malformed', /padded with zeros/],
    ['junk at the end', join(zeroBlocks, Uint8Array.of(1)), 'malformed', /goes on after/],
    ['part of a block at the end', join(zeroBlocks, new Uint8Array(9)), 'truncated', /512 bytes/],
    [
      'two pax headers',
      join(paxHeader('5 a=\n'), paxHeader(''), entry),
      'malformed',
      /entry 1 of .* has two extended headers of one kind \(x\): keep one/,
    ],
    [
      'a pax header of no entry',
      join(entry, paxHeader('5 a=\n'), zeroBlocks),
      'malformed',
      /next entry/,
    ],
    ['a long name of no entry', join(entry, longName), 'malformed', /says something of its next/],
    ['a size in pax that is no number', badSize, 'malformed', /size in its pax header/],
  ] as const)('%s', async (_name, bytes, code, message) => {
    await expectRefusal(() => list(bytes), code, message)
  })

  test.each(['0 a=b\n', '9 a=b\n', '7 a=b\nx', 'x a=b\n', '6 a=bc', '5 =b\n', '99999999999 a=b\n'])(
    'the pax record %j',
    async (content) => {
      const bytes = join(tarEntry({ name: 'x', typeflag: 'x', content }), entry)
      await expectRefusal(() => list(bytes), 'malformed', /broken pax header/)
    },
  )

  test('long header data and too many entries', async () => {
    const pax = tarEntry({ name: 'a', pax: { comment: 'c'.repeat(5000) } })
    await expectRefusal(() => list(pax), 'too-large', /more than 4096 bytes/)
    await expectRefusal(
      () => list(join(entry, entry), 64, { maxEntries: 1 }),
      'too-large',
      /1 entr/,
    )
  })

  test('noise, always with a FormatError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
        bytes[0] = 1
        await expectRefusal(() => list(bytes), bytes.length < 512 ? 'truncated' : 'corrupt', /./)
      }),
    )
  })
})

test('what is written reads back, with any name and content', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }).filter(isName)
  const pax = fc.constantFrom({}, { 'APK-TOOLS.checksum.SHA1': 'ab' }, { a: 'é=1\n', b: '' })
  const file = fc.record({ name, pax, content: fc.uint8Array({ maxLength: 1200 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 5 }), fc.nat(999), async (files, size) => {
      const parts = files.flatMap((each) => [
        formatTarHeader({ ...each, size: each.content.length, mode: 0o600 }),
        each.content,
        tarPadding(each.content.length),
      ])
      const { entries, endBlocks } = await list(join(...parts, tarEnd()), size + 1)
      expect(entries.map((entry) => entry.name)).toEqual(files.map((each) => each.name))
      for (const [at, each] of files.entries()) expect(entries[at]?.pax).toMatchObject(each.pax)
      expect(entries.map((entry) => entry.size)).toEqual(files.map((each) => each.content.length))
      expect(entries.every((entry) => entry.mode === 0o600)).toBe(true)
      expect(endBlocks).toBe(2)
    }),
    { numRuns: 50 },
  )
})

function paxHeader(content: string): Uint8Array {
  return tarEntry({ name: 'x', typeflag: 'x', content })
}

/** An entry of which bytes of the header are others, under a checksum that holds. */
function withBytes(start: number, changed: readonly number[], content = ''): Uint8Array {
  const bytes = tarEntry({ name: 'a', content })
  bytes.fill(0x20, 148, 156)
  bytes.fill(0, start, start + 12)
  bytes.set(changed, start)
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0`), 148)
  return bytes
}

function isName(name: string): boolean {
  return !name.includes('\0') && name.isWellFormed()
}

test('the writer gives the same bytes each time, and knows its bounds', async () => {
  const header = { name: 'usr/', size: 0, mode: 0o755, type: 'directory' } as const
  expect(formatTarHeader(header)).toEqual(formatTarHeader(header))
  expect((await list(formatTarHeader(header))).entries).toMatchObject([
    { name: 'usr/', type: 'directory', mode: 0o755 },
  ])
  await expectRefusal(() => formatTarHeader({ name: 'a', size: 8 ** 11 }), 'too-large', /"a"/)
  expect(tarPadding(512)).toHaveLength(0)
  expect(tarPadding(513)).toHaveLength(511)
})

test('a built package reads as one tar when its members are joined', async () => {
  const { control, data } = buildApkParts()
  const { entries } = await list(join(gunzipSync(control), gunzipSync(data)))
  expect(entries.map((entry) => entry.name)).toEqual([
    '.PKGINFO',
    'usr/',
    'usr/bin/',
    'usr/bin/hello',
  ])
})
