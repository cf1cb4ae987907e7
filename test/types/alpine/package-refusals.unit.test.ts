import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { type ApkSpec, buildApkParts, gzipMember, tarEnd, tarEntry } from './builder.ts'
import { build, inspect, join, sign } from './inspection.ts'

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
    ['no .PKGINFO', { omitInfo: true, scripts: { '.trigger': '#!/bin/sh\n' } }, /no \.PKGINFO/],
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
    ['a .PKGINFO of an old type', { rawControl: oldType('.PKGINFO') }, /apk passes over: make/],
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
