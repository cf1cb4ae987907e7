import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ContentEntry } from '../../../src/formats/content-list.ts'
import {
  inspectPackage,
  type PackageLimits,
  packageLimits,
} from '../../../src/types/alpine/format/package.ts'
import { chunked } from '../../unit/formats/streams.ts'
import { type ApkSpec, buildApk, buildApkParts, tarEnd, tarEntry } from './builder.ts'
import { build, inspect, join, sign } from './inspection.ts'

const everything: ApkSpec = {
  sign: [sign, { ...sign, algorithm: 'RSA', keyName: 'old.rsa.pub' }],
  scripts: { '.pre-install': '#!/bin/sh\n', '.trigger': '#!/bin/sh\n' },
  controlEntries: [tarEntry({ name: '.melange.yaml', content: 'x' })],
  info: { depend: ['a', 'b'], triggers: '/usr/bin' },
  files: [
    { path: '.ignored', content: 'y', checksum: null },
    { path: 'etc/empty', directory: true },
    { path: 'usr/bin/hello', content: 'hello' },
    { path: `usr/share/${'long'.repeat(40)}`, content: 'x'.repeat(70_000) },
    { path: 'usr/bin/link', link: '../hello', checksum: null },
    { path: 'usr/bin/hard', hardLink: 'usr/bin/hello' },
    { path: 'usr/bin/nothing' },
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

  // apk warns of attributes that it cannot set, such as those of a package built in Docker on a Mac.
  test('files with extended attributes', async () => {
    const pax = {
      'APK-TOOLS.checksum.SHA1': createHash('sha1').update('').digest('hex'),
      'SCHILY.xattr.user.a': 'v'.repeat(3000),
      'SCHILY.xattr.security.capability': '\x01\x00\x00\x02'.repeat(5),
      'SCHILY.xattr.com.docker.grpcfuse.ownership': '{"UID":501}',
    }
    const rawData = join(tarEntry({ name: 'a', pax }), tarEnd)
    expect(await entriesOf(buildApk({ rawData }))).toHaveLength(1)
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

describe('keeps within its limits:', () => {
  const noise = new TextEncoder().encode(Array.from({ length: 999 }, (_, i) => i * i).join())
  test.each<[string, Partial<PackageLimits>, RegExp]>([
    ['control', { maxControl: 100 }, /first gzip member is larger than 100 bytes/],
    ['unpacked control', { maxControlUnpacked: 100 }, /unpacks to more than 100 bytes/],
    ['entries', { maxEntries: 2 }, /the data segment has more than 2 entries/],
    ['unpacked data', { maxUnpacked: 4000 }, /the data segment unpacks to more than 4000/],
    ['all paths together', { maxAllPaths: 22 }, /paths of the data segment have more than 22/],
    ['paths', { maxPath: 12 }, /"usr\/bin\/hello" has more than 12 bytes/],
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

function latinFile(): Uint8Array {
  const entry = fileEntry('caf?')
  entry[1024 + 3] = 0xe9
  const sum = entry.subarray(1024, 1536).reduce((total, byte, index) => {
    return total + (index >= 148 && index < 156 ? 0x20 : byte)
  }, 0)
  entry.set(new TextEncoder().encode(sum.toString(8).padStart(6, '0')), 1024 + 148)
  return entry
}
