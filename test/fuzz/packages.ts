// Packages on their way to being wrong: from a right one by damage to its bytes, by other members,
// by hostile tar entries, and by hostile lines of .PKGINFO. What encloses the damage is made right
// again (checksums, datahash), so that it reaches the check that has to find it.
import fc from 'fast-check'
import {
  type ApkSpec,
  buildApkParts,
  gzipMember,
  tarEnd,
  tarEntry,
} from '../types/alpine/builder.ts'
import { number, text } from './texts.ts'

const emptySha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const signature = gzipMember(tarEntry({ name: '.SIGN.RSA256.a.rsa.pub', content: 'x' }))
const bases = [
  buildApkParts(),
  buildApkParts({ scripts: { '.post-install': '#!/bin/sh\n' }, files: [{ path: 'a', link: 'b' }] }),
  buildApkParts({
    arch: 'noarch',
    files: [{ path: 'x'.repeat(120), content: 'y' }],
    gzip: { level: 0 },
  }),
]
const base = fc.constantFrom(...bases)
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const ratio = fc.double({ min: 0, max: 1, noNaN: true })

const edit = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'drop', 'repeat', 'insert', 'zero'),
  at: ratio,
  length: fc.nat(600),
  bytes: fc.uint8Array({ maxLength: 40 }),
})

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function apply(bytes: Uint8Array, { kind, at, length, bytes: other }: Edit): Uint8Array {
  const start = Math.floor(at * bytes.length)
  const end = Math.min(bytes.length, start + length)
  const [before, middle, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, end),
    bytes.subarray(end),
  ]
  switch (kind) {
    case 'flip':
      return bytes.map((byte, index) => (index === start ? byte ^ (1 << (length % 8)) : byte))
    case 'cut':
      return before
    case 'drop':
      return join([before, after])
    case 'repeat':
      return join([before, middle, middle, after])
    case 'zero':
      return join([before, middle.map(() => 0), after])
    default:
      return join([before, other, middle, after])
  }
}

const edits = fc.array(edit, { minLength: 1, maxLength: 3 })
const damaged = fc.tuple(base, edits).map(([built, list]) => list.reduce(apply, built.bytes))

const member = fc.oneof(
  base.map(({ control }) => control),
  base.map(({ data }) => data),
  fc.constantFrom(signature, gzipMember(new Uint8Array(0)), gzipMember(tarEnd)),
  fc.uint8Array({ maxLength: 700 }).map((noise) => gzipMember(noise)),
)
const spliced = fc.array(member, { maxLength: 5 }).map(join)

const header = fc.record(
  {
    name: text,
    content: fc.constantFrom('', 'x', 'y'.repeat(600), '10 path=c\n', '15 comment=abc\n'),
    typeflag: fc.constantFrom(
      '0',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      'L',
      'K',
      'x',
      'g',
      'S',
      '\0',
      'é',
    ),
    linkName: text,
    magic: fc.constantFrom('posix', 'gnu', 'v7'),
    sizeField: fc.constantFrom('77777777777', '-1', '00000000001\0', '9', '           \0', ''),
    pax: fc.dictionary(
      fc.constantFrom(
        'path',
        'linkpath',
        'size',
        'SCHILY.xattr.user.x',
        'APK-TOOLS.checksum.SHA1',
        'a',
      ),
      fc.oneof(text, fc.constant(emptySha1)),
    ),
  },
  { requiredKeys: ['name'] },
)
const entry = header.map(({ name, linkName, pax, ...rest }) =>
  tarEntry({
    ...rest,
    name: name.replaceAll('\0', ''),
    ...(linkName === undefined ? {} : { linkName: linkName.slice(0, 90) }),
    // Most entries are right but for one thing.
    pax: { 'APK-TOOLS.checksum.SHA1': emptySha1, ...pax },
  }),
)
const folder = fc
  .constantFrom('a', 'a/', 'usr', 'usr/')
  .map((name) => tarEntry({ name, typeflag: '5' }))
const data = fc
  .array(fc.oneof(entry, folder), { maxLength: 6 })
  .map((list) => join([...list, tarEnd]))
const withData: fc.Arbitrary<ApkSpec> = data.map((rawData) => ({ rawData }))
const withControl: fc.Arbitrary<ApkSpec> = fc
  .array(entry, { maxLength: 2 })
  .map((controlEntries) => ({ controlEntries }))
const withEditedData: fc.Arbitrary<ApkSpec> = fc
  .tuple(data, edits)
  .map(([tar, list]) => ({ rawData: list.reduce(apply, tar) }))

const field = fc.constantFrom(
  ...['pkgname', 'pkgver', 'pkgdesc', 'url', 'license', 'arch', 'size', 'builddate', 'origin'],
  ...['maintainer', 'packager', 'commit', 'provider_priority', 'depend', 'provides', 'install_if'],
  ...['replaces', 'triggers', 'datahash', 'other'],
)
const withFields: fc.Arbitrary<ApkSpec> = fc
  .dictionary(field, fc.oneof(text, number, fc.constant(null)), { minKeys: 1, maxKeys: 2 })
  .map((info) => ({ info }))
const separator = fc.constantFrom(' = ', '=', ' =', '= ', ' : ', '  =  ')
const line = fc.tuple(field, separator, text).map((parts) => parts.join(''))
const withLines: fc.Arbitrary<ApkSpec> = fc
  .array(line, { minLength: 1, maxLength: 4 })
  .map((lines) => ({ lines }))
const info = fc
  .tuple(base, edits)
  .map(([{ pkginfo }, list]) => list.reduce(apply, new TextEncoder().encode(pkginfo)))

/** .PKGINFO, by itself. */
export const infoBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  info,
  fc
    .oneof(withFields, withLines)
    .map((spec) => new TextEncoder().encode(buildApkParts(spec).pkginfo)),
)

export const packageBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: damaged },
  { weight: 1, arbitrary: spliced },
  {
    weight: 5,
    arbitrary: fc
      .oneof(withData, withControl, withEditedData, withFields, withLines)
      .map((spec) => buildApkParts(spec).bytes),
  },
)
