import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TarReader } from '../../../src/formats/archive/tar.ts'
import { apkTarRules } from '../../../src/types/alpine/format/tar-rules.ts'
import { chunked, expectRefusal } from '../../unit/formats/streams.ts'
import { tarEntry, tarEnd as zeroBlocks } from './builder.ts'

const limits = { what: 'the archive', maxEntries: 100, maxHeaderData: 4096, rules: apkTarRules }
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

async function namesIn(bytes: Uint8Array): Promise<string[]> {
  const tar = new TarReader(chunked(bytes, 512), limits)
  const names: string[] = []
  for (let entry = await tar.next(); entry; entry = await tar.next()) names.push(entry.name)
  return names
}

test('take what apk reads as others do', async () => {
  const archive = join(
    tarEntry({ name: 'usr/', typeflag: '5' }),
    tarEntry({ name: 'usr/a', content: 'hello', pax: { uid: '0', size: '5' } }),
    tarEntry({ name: 'usr/b', typeflag: '2', linkName: 'a', magic: 'gnu' }),
    tarEntry({ name: 'g', typeflag: 'g', content: '14 comment=zz\n' }),
    zeroBlocks,
  )
  expect(await namesIn(archive)).toEqual(['usr/', 'usr/a', 'usr/b'])
})

describe('refuse', () => {
  const longLink = tarEntry({ name: '././@LongLink', typeflag: 'K', content: 'target\0' })
  const link = tarEntry({ name: 'a', typeflag: '2', linkName: 'cut' })
  test.each([
    ['V7', tarEntry({ name: 'a', magic: 'v7' }), /no ustar header.*not V7/],
    ['no type', tarEntry({ name: 'a', typeflag: '\0' }), /"a" is a kind of tar entry that apk/],
    ['a sparse file', tarEntry({ name: 'a', typeflag: 'S' }), /kind of tar entry that apk passes/],
    ['a long link target of GNU', join(longLink, link), /link target in GNU's own form/],
    [
      'base-256 numbers',
      tarEntry({ name: 'a', sizeField: '\x7f0000000001' }),
      /size that is not an octal number/,
    ],
    ['a number that nobody reads', largeOwner(), /uid that is not an octal number/],
    ['digits that are not octal', tarEntry({ name: 'a', sizeField: '9' }), /octal/],
    ['a negative number', tarEntry({ name: 'a', sizeField: '-1' }), /octal/],
    [
      'another size in pax',
      tarEntry({ name: 'a', content: 'hello', pax: { size: '4' } }),
      /another size/,
    ],
    ['another owner in pax', tarEntry({ name: 'a', pax: { uid: '7' } }), /another uid/],
    [
      'a link target of a file',
      tarEntry({ name: 'a', pax: { linkpath: 'b' } }),
      /hard link to apk/,
    ],
    [
      'anything but a comment for all entries',
      tarEntry({ name: 'g', typeflag: 'g', content: '9 uid=12\n' }),
      /"uid" in a global pax header/,
    ],
  ] as const)('%s', async (_name, bytes, message) => {
    await expectRefusal(() => namesIn(bytes), 'malformed', message)
  })

  test('noise, always with a FormatError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
        bytes[0] = 1
        const code = bytes.length < 512 ? 'truncated' : 'malformed'
        await expectRefusal(() => namesIn(bytes), code, /./)
      }),
    )
  })
})

/** An owner beyond seven octal digits, as GNU tar writes it. */
function largeOwner(): Uint8Array {
  const bytes = tarEntry({ name: 'a' })
  bytes[108] = 0x80
  const sum = Number.parseInt(new TextDecoder().decode(bytes.subarray(148, 154)), 8) + 0x80 - 0x30
  bytes.set(new TextEncoder().encode(sum.toString(8).padStart(6, '0')), 148)
  return bytes
}
