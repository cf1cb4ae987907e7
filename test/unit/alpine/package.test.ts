import { createHash, generateKeyPairSync } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ContentEntry } from '../../../src/formats/content-list.ts'
import {
  inspectPackage,
  type PackageLimits,
  packageLimits,
} from '../../../src/registries/alpine/format/package.ts'
import {
  type ApkSpec,
  buildApk,
  buildApkParts,
  gzipMember,
  tarEnd,
  tarEntry,
} from '../../support/apk-builder.ts'
import { chunked, expectRefusal } from '../formats/streams.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const sign = { privateKeyPem, keyName: 'me@example.org-1.rsa.pub' }
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

const inspect = (bytes: Uint8Array, limits: Partial<PackageLimits> = {}, size = 65_536) =>
  inspectPackage(chunked(bytes, size), { ...packageLimits, ...limits })
const build = (spec: ApkSpec, limits?: Partial<PackageLimits>) => inspect(buildApk(spec), limits)

const everything: ApkSpec = {
  sign: [sign, { ...sign, algorithm: 'RSA', keyName: 'old.rsa.pub' }],
  scripts: { '.pre-install': '#!/bin/sh\n', '.trigger': '#!/bin/sh\n' },
  controlEntries: [tarEntry({ name: '.melange.yaml', content: 'x' })],
  info: { depend: ['a', 'b'], triggers: '/usr/bin' },
  files: [
    { path: 'etc/empty', directory: true },
    { path: 'usr/bin/hello', content: 'hello' },
    { path: `usr/share/${'long'.repeat(40)}`, content: 'x'.repeat(70_000) },
    { path: 'usr/bin/link', link: '../hello', checksum: null },
    { path: 'usr/bin/hard', hardLink: 'usr/bin/hello' },
    { path: 'usr/bin/nothing' },
    { path: '.hidden/ignored', content: 'y', checksum: null },
  ],
}

describe('tells of', () => {
  const entriesOf = async (bytes: Uint8Array) => {
    const entries: ContentEntry[] = []
    await inspectPackage(chunked(bytes), packageLimits, 0, (entry) => entries.push(entry))
    return entries
  }

  test('what apk installs, in the order of the package', async () => {
    const digest = (text: string) => createHash('sha1').update(text).digest('hex')
    const long = `usr/share/${'long'.repeat(40)}`
    const directory = (path: string) => ({ path, type: 'directory', mode: '0755' })
    const regular = (path: string, content: string) => ({
      path,
      type: 'file',
      mode: '0755',
      size: content.length,
      sha1: digest(content),
    })
    expect(await entriesOf(buildApk(everything))).toEqual([
      directory('etc'),
      directory('etc/empty'),
      directory('usr'),
      directory('usr/bin'),
      regular('usr/bin/hello', 'hello'),
      directory('usr/share'),
      regular(long, 'x'.repeat(70_000)),
      { path: 'usr/bin/link', type: 'symlink', mode: '0777', target: '../hello' },
      { path: 'usr/bin/hard', type: 'hardlink', mode: '0644', target: 'usr/bin/hello' },
      regular('usr/bin/nothing', ''),
    ])
  })

  test('all bits of a mode, checksums in lower case, and devices', async () => {
    const sha1 = createHash('sha1').update('').digest('hex')
    const pax = { 'APK-TOOLS.checksum.SHA1': sha1.toUpperCase() }
    const rawData = join(
      tarEntry({ name: 'su', mode: 0o104755, pax }),
      tarEntry({ name: 'null', typeflag: '3', mode: 0o666 }),
      tarEntry({ name: 'disk', typeflag: '4', mode: 0o60 }),
      tarEntry({ name: 'pipe', typeflag: '6', mode: 0 }),
      tarEnd,
    )
    expect(await entriesOf(buildApk({ rawData }))).toEqual([
      { path: 'su', type: 'file', mode: '4755', size: 0, sha1 },
      { path: 'null', type: 'character', mode: '0666' },
      { path: 'disk', type: 'block', mode: '0060' },
      { path: 'pipe', type: 'fifo', mode: '0000' },
    ])
  })
})

describe('takes', () => {
  test.each([1, 13, 511, 1e6])('a package with everything, in chunks of %i', async (size) => {
    const built = buildApkParts(everything)
    expect(await inspect(built.bytes, {}, size)).toMatchObject({
      identity: built.identity,
      fileSize: built.bytes.length,
      installedSize: built.installedSize,
      signatures: [
        { algorithm: 'RSA256', keyName: 'me@example.org-1.rsa.pub' },
        { algorithm: 'RSA', keyName: 'old.rsa.pub' },
      ],
      scripts: ['pre-install', 'trigger'],
      info: {
        name: 'hello',
        depends: ['a', 'b'],
        dataHash: createHash('sha256').update(built.data).digest('hex'),
      },
    })
  })

  test.each<[string, ApkSpec]>([
    ['no signature', {}],
    ['GNU tar', { magic: 'gnu' }],
    ['no end of archive in data', { omitEndBlocks: true }],
    ['stored blocks and a full gzip header', { gzip: { level: 0, name: 'x', headerCrc: true } }],
    ['a directory twice', { files: ['a', 'a'].map((path) => ({ path, directory: true })) }],
    ['a checksum in capitals', { files: [{ path: 'x', checksum: sha1('').toUpperCase() }] }],
    ['a name that is not UTF-8', { rawData: join(latinFile(), tarEnd) }],
  ])('%s', async (_name, spec) => {
    await expect(build({ sign, ...spec })).resolves.toMatchObject({ info: { name: 'hello' } })
    await expect(build(spec)).resolves.toMatchObject({ signatures: [] })
  })

  test('signatures in members of their own', async () => {
    const one = buildApkParts({ sign })
    const bytes = join(one.signature, one.signature, one.control, one.data)
    expect((await inspect(bytes)).signatures).toHaveLength(2)
  })

  test.each<[string, ApkSpec['files'], string | null, number]>([
    ['what it says', undefined, '4096', 4096],
    ['the sum of the files if it says nothing', [{ path: 'a', content: 'abc' }], null, 3],
    ['the sum of the files if it says 0', [{ path: 'a', content: 'abc' }], '0', 3],
    ['1 for links only, or apk would not fetch it', [{ path: 'a', link: 'b' }], '0', 1],
    ['1 for a directory', [{ path: 'a', directory: true }], '0', 1],
    ['1 for an empty file', [{ path: 'a' }], '0', 1],
    ['0 for a package without entries', [], '0', 0],
    ['the sum for 4 GiB, which is 0 to apk 2', [{ path: 'a', content: 'abc' }], '4294967296', 3],
  ])('the installed size: %s', async (_name, files, size, expected) => {
    const inspected = await build({ ...(files ? { files } : {}), info: { size } })
    expect(inspected.installedSize).toBe(expected)
  })
})

describe('refuses what is no package of format v2:', () => {
  const tar = tarEntry({ name: '.PKGINFO', content: 'x' })
  const text = (value: string) => new TextEncoder().encode(value)
  test.each([
    ['nothing', new Uint8Array(0), 'malformed', /no body.*curl -T/],
    ['v3', text('ADBd....'), 'unsupported', /format v3.*not taken yet: build it in format v2/],
    ['v3 plain', text('ADB.pckg'), 'unsupported', /format v3/],
    ['v3 compressed', text('ADBc\x02\x01'), 'unsupported', /format v3/],
    ['text', text('hello\nworld\n'), 'malformed', /but plain text/],
    ['deb', text('!<arch>\ndebian-binary'), 'malformed', /Debian/],
    ['zip', text('PK\x03\x04....'), 'malformed', /zip.*Android/],
    ['rpm', Uint8Array.of(0xed, 0xab, 0xee, 0xdb, 3), 'malformed', /RPM/],
    ['tar', tar, 'malformed', /tar archive that is not compressed/],
    ['something', Uint8Array.of(1, 2, 3, 0), 'malformed', /something else/],
    ['gzipped text', gzipSync('hello'), 'truncated', /inside a tar header/],
    ['an empty member', gzipSync(''), 'malformed', /is empty: this is not an Alpine package/],
    [
      'tar.gz',
      gzipSync(tarEntry({ name: 'usr/', typeflag: '5' })),
      'malformed',
      /begins with "usr/,
    ],
  ] as const)('%s', async (_name, bytes, code, message) => {
    await expectRefusal(() => inspect(new Uint8Array(bytes)), code, message)
  })
})

describe('refuses segments:', () => {
  const infoTwice = tarEntry({ name: '.PKGINFO', content: 'pkgname = other\n' })
  test.each<[string, ApkSpec, RegExp]>([
    [
      'zero blocks after control',
      { endBlocksInControl: true },
      /control segment ends with two zero/,
    ],
    ['zero blocks after the signature', { endBlocksInSignature: true }, /signature segment ends/],
    ['no padding after the signature', { unpaddedSignature: true }, /padded with zeros/],
    ['no padding after control', { unpaddedControl: true }, /padded with zeros/],
    ['signature and control joined', { join: 'signature-control' }, /in one gzip member/],
    ['control and data joined', { join: 'control-data' }, /control segment goes on with "usr\/"/],
    [
      'control split',
      { split: 'control' },
      /first gzip member ends inside its entry|gzip member 2 ends inside its entry/,
    ],
    ['data split', { split: 'data' }, /another gzip member after its data segment/],
    ['data first', { dataFirst: true }, /begins with "usr\/"/],
    ['no data', { omitData: true }, /data segment is missing/],
    ['an empty member more', { trailing: gzipMember(new Uint8Array(0)) }, /another gzip member/],
    ['garbage at the end', { trailing: Uint8Array.of(0) }, /goes on after its data segment/],
    ['V7 tar', { magic: 'v7' }, /no ustar header/],
    ['no .PKGINFO', { omitInfo: true, scripts: { '.trigger': 'x' } }, /no \.PKGINFO/],
    ['two .PKGINFO', { controlEntries: [infoTwice] }, /\.PKGINFO twice/],
    ['.INSTALL', { controlEntries: [tarEntry({ name: '.INSTALL' })] }, /\.INSTALL/],
    ['./.PKGINFO', { rawControl: tarEntry({ name: './.PKGINFO' }) }, /without "\.\/"/],
    [
      'a signature without a key',
      { controlEntries: [tarEntry({ name: '.SIGN.RSA' })] },
      /"\.SIGN\.RSA" does not name a signature/,
    ],
    [
      'a signature whose key has no name to print',
      { controlEntries: [tarEntry({ name: '.SIGN.RSA.a\nb' })] },
      /which is no name for a file: rename it/,
    ],
    ['a directory in control', { controlEntries: [tarEntry({ name: '.a/b' })] }, /"\.a\/b"/],
    ['a .PKGINFO of an old type', { rawControl: oldType('.PKGINFO') }, /not a regular file/],
    ['a large script', { scripts: { '.trigger': 'x'.repeat(262_145) } }, /262144 bytes/],
    ['no datahash', { omitDatahash: true }, /datahash in \.PKGINFO is missing/],
    ['another datahash', { wrongDatahash: true }, /is not the SHA-256 of the data segment/],
  ])('%s', async (_name, spec, message) => {
    await expect(build({ sign, ...spec })).rejects.toThrow(message)
  })

  test('a signature alone', async () => {
    const { signature } = buildApkParts({ sign })
    await expectRefusal(() => inspect(signature), 'truncated', /ends after its signature/)
  })
})

describe('refuses contents:', () => {
  const at = (path: string): ApkSpec => ({ rawData: join(fileEntry(path), tarEnd) })
  test.each<[string, ApkSpec, RegExp]>([
    ['an absolute path', at('/etc/passwd'), /"\/etc\/passwd" is not safe/],
    ['a path with ./', at('./hello'), /"\.\/hello" is not safe/],
    ['a path that climbs', at('usr/../../etc'), /is not safe/],
    ['..', at('..'), /is not safe/],
    ['a path that climbs from the start', at('../etc/passwd'), /"\.\.\/etc\/passwd" is not safe/],
    ['a hidden path that climbs', at('.hidden/../../etc'), /is not safe/],
    ['a hidden path with an escape sequence', at('.a\u001b[1m'), /holds a control character/],
    ['a script among the data', at('.post-install'), /which apk 3 passes over: scripts belong/],
    [
      'an escape sequence in a link',
      { files: [{ path: 'a', link: '\u001b[2J' }] },
      /"a" points to/,
    ],
    ['a NUL in a link', { rawData: nulLink() }, /points to "b\\u\{0\}c", which holds a control/],
    ['an empty part', at('usr//hello'), /is not safe/],
    ['a control character', at('a\u001b[1m'), /\\u\{1b\}\[1m" holds a control character/],
    ['DEL', at('a\x7f'), /\\u\{7f\}" holds a control character/],
    ['a missing directory', { omitParents: true }, /without an entry for its directory "usr\/bin"/],
    ['no checksum', { omitChecksums: true }, /no checksum \(pax record APK-TOOLS/],
    ['a wrong checksum', { wrongChecksums: true }, /does not match its checksum/],
    ['a file twice', { files: [{ path: 'a' }, { path: 'a' }] }, /"a" is in the data segment twice/],
    ['a file as directory', { files: [{ path: 'a' }, { path: 'a', directory: true }] }, /twice/],
    [
      'a hard link to elsewhere',
      { files: [{ path: 'a', hardLink: 'etc/x' }] },
      /"etc\/x", which is/,
    ],
    ['an old tar type', { rawData: oldType('hello') }, /passes over/],
    ['a sparse file', { rawData: tarEntry({ name: 'a', typeflag: 'S' }) }, /passes over/],
    ['.PKGINFO', at('.PKGINFO'), /the data segment holds "\.PKGINFO"/],
    ['a link to nothing', { files: [{ path: 'a', link: '' }] }, /has no target/],
  ])('%s', async (_name, spec, message) => {
    await expect(build(spec)).rejects.toThrow(message)
  })
})

describe('keeps within its limits:', () => {
  const noise = new TextEncoder().encode(Array.from({ length: 999 }, (_, i) => i * i).join())
  test.each<[string, Partial<PackageLimits>, RegExp]>([
    ['control', { maxControl: 100 }, /first gzip member is larger than 100 bytes/],
    ['unpacked control', { maxControlUnpacked: 100 }, /unpacks to more than 100 bytes/],
    ['entries', { maxEntries: 2 }, /the data segment has more than 2 entries/],
    ['unpacked data', { maxUnpacked: 4000 }, /the data segment unpacks to more than 4000/],
    ['all paths together', { maxAllPaths: 22 }, /paths of the data segment have more than 22/],
    ['paths', { maxPath: 12 }, /"usr\/bin\/hello" has more than 12 characters/],
  ])('%s', async (_name, limits, message) => {
    const files = [{ path: 'usr/bin/hello', content: noise }]
    await expect(build({ files }, limits)).rejects.toThrow(message)
    await expect(build({ files })).resolves.toBeDefined()
  })
})

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}

function fileEntry(name: string): Uint8Array {
  return tarEntry({ name, content: 'x', pax: { 'APK-TOOLS.checksum.SHA1': sha1('x') } })
}

/** Its target ends at the NUL for a reader in C. */
function nulLink(): Uint8Array {
  return tarEntry({ name: 'a', typeflag: '2', linkName: 'b', pax: { linkpath: 'b\0c' } })
}

/** The type flag NUL, which only archives from before POSIX have. */
function oldType(name: string): Uint8Array {
  return tarEntry({ name, typeflag: '\0' })
}

function latinFile(): Uint8Array {
  const entry = fileEntry('caf?')
  entry[1024 + 3] = 0xe9
  const sum = entry.subarray(1024, 1536).reduce((total, byte, index) => {
    return total + (index >= 148 && index < 156 ? 0x20 : byte)
  }, 0)
  entry.set(new TextEncoder().encode(sum.toString(8).padStart(6, '0')), 1024 + 148)
  return entry
}
