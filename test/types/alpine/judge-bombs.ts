// Packages made to cost the server dearly: small to send, and huge, many or deep once taken apart.
import { constants, deflateRawSync } from 'node:zlib'
import { buildApkParts, gzipMember, tarEnd, tarEntry } from './builder.ts'

/** As much as an upload may be, about. */
export const bombBytes = 95_000_000

const emptySha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const pax = { 'APK-TOOLS.checksum.SHA1': emptySha1 }
const { control, bytes: ordinary } = buildApkParts()
const gzipHeader = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255)
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const fill = (part: Uint8Array, size = bombBytes) => new Uint8Array(Buffer.alloc(size, part))
const numbered = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

const piece = (bytes: Uint8Array) =>
  new Uint8Array(deflateRawSync(bytes, { level: 9, finishFlush: constants.Z_SYNC_FLUSH }))

/** A data segment that begins so and goes on with zeros, a thousand for each byte that is sent. */
function zerosAfter(start: Uint8Array): Uint8Array {
  const zeros = piece(new Uint8Array(64 * 1024 * 1024))
  return join(control, gzipHeader, piece(start), fill(zeros))
}

function dataOf(entries: readonly Uint8Array[]): Uint8Array {
  return buildApkParts({
    rawData: new Uint8Array(Buffer.concat([...entries, tarEnd])),
    gzip: { level: 1 },
  }).bytes
}

function infoOf(lines: string): Uint8Array {
  return buildApkParts({
    rawInfo: `pkgname = a\npkgver = 1\narch = noarch\ndatahash = $DATAHASH\n${lines}`,
  }).bytes
}

const largestFile = tarEntry({ name: 'a', sizeField: '77777777777', pax })
const records = tarEntry({
  name: 'x',
  typeflag: 'x',
  content: numbered(11_900, (index) => `11 k${10_000 + index}=\n`).join(''),
})

/** By what it is: how to make it, and what comes of it. */
export const bombs: Readonly<Record<string, readonly [make: () => Uint8Array, says: RegExp]>> = {
  'a file of zeros, 97 GB': [
    () => zerosAfter(largestFile),
    /400 the data segment unpacks to more than/,
  ],
  'a hidden file of zeros, 97 GB': [
    () => zerosAfter(tarEntry({ name: '.a', sizeField: '77777777777' })),
    /400 the data segment unpacks to more than/,
  ],
  'zeros behind the archive, 97 GB': [
    () => zerosAfter(tarEnd),
    /400 the data segment unpacks to more than/,
  ],
  'empty deflate blocks, 95 MB': [
    () => join(control, gzipHeader, fill(Uint8Array.of(0, 0, 0, 0xff, 0xff))),
    /400 the input ends inside the data segment/,
  ],
  'a million signatures': [
    () => join(fill(gzipMember(tarEntry({ name: '.SIGN.RSA.a.rsa.pub' }))), ordinary),
    /400 .*more than 16 signatures/,
  ],
  '.PKGINFO of 80 MB of zeros': [
    () => gzipMember(tarEntry({ name: '.PKGINFO', content: new Uint8Array(80_000_000) })),
    /400 "\.PKGINFO" .*more than 1048576 bytes/,
  ],
  '.PKGINFO of 80 MB, stored': [
    () =>
      gzipMember(tarEntry({ name: '.PKGINFO', content: new Uint8Array(80_000_000) }), { level: 0 }),
    /400 "\.PKGINFO" .*more than 1048576 bytes/,
  ],
  'lines of spaces': [
    () => infoOf(`pkgdesc = a${' '.repeat(130_000)}b\n`.repeat(7)),
    /400 pkgdesc in \.PKGINFO has 130002 bytes/,
  ],
  'lines of dependencies': [
    () => infoOf('depend = a\n'.repeat(90_000)),
    /400 depend in \.PKGINFO is longer/,
  ],
  'a name with 13,000 versions': [
    () => infoOf(`depend = ${numbered(13_000, (index) => `b>${index}`).join(' ')}\n`),
    /400 the index entry would take \d+ bytes/,
  ],
  'lines of nothing': [() => infoOf('a = \n'.repeat(200_000)), /201/],
  '100,001 files': [
    () => dataOf(numbered(100_001, (index) => tarEntry({ name: `f${index}`, pax }))),
    /400 the data segment has more than 100000 entries/,
  ],
  '100,000 files': [
    () => dataOf(numbered(100_000, (index) => tarEntry({ name: `f${index}`, pax }))),
    /201/,
  ],
  '100,000 folders with long names': [
    () =>
      dataOf(
        numbered(99_000, (index) =>
          tarEntry({ name: `${'語'.repeat(80)}${index}`, typeflag: '5' }),
        ),
      ),
    /201/,
  ],
  'folders a thousand deep': [
    () =>
      dataOf(numbered(2_000, (depth) => tarEntry({ name: 'a/'.repeat(depth + 1), typeflag: '5' }))),
    /201/,
  ],
  'pax headers of a million records': [
    () =>
      dataOf(
        numbered(300, (index) => join(records, tarEntry({ name: `d${index}`, typeflag: '5' }))),
      ),
    /400 the extended headers .* more than \d+ bytes in all/,
  ],
  'pax headers before nothing': [
    () => dataOf(numbered(100_000, () => records.subarray(0, 512))),
    /400/,
  ],
}
