import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectTarball, tarballLimits } from '../../../src/types/npm/format/tarball.ts'
import { chunked, expectRefusal } from '../../unit/formats/streams.ts'
import { gzipMember, tarEnd, tarEntry } from '../alpine/builder.ts'
import { buildTar, buildTarball, manifestOf, type PackageSpec } from './builder.ts'

const inspect = (spec: PackageSpec | Uint8Array = {}, size = 65_536) =>
  inspectTarball(chunked(spec instanceof Uint8Array ? spec : buildTarball(spec), size))

describe('a tarball', () => {
  it('says what is in it', async () => {
    for (const size of [1, 100, 65_536]) {
      const tarball = buildTarball({
        files: { 'index.js': 'abc', 'README.md': '# Hi', 'lib/README.md': 'no' },
      })
      expect(await inspect(tarball, size)).toEqual({
        packageJson: manifestOf({}),
        readme: { fileName: 'README.md', text: '# Hi' },
        hasShrinkwrap: false,
        hasBindings: false,
        size: tarball.length,
        fileCount: 4,
        unpackedSize: JSON.stringify(manifestOf({})).length + 3 + 4 + 2,
      })
    }
  })

  it('may have any folder, package.json anywhere in it, and files beside the folder', async () => {
    for (const folder of ['package', 'hello-world', 'a b', '@s', 'émile', '-']) {
      const spec = { folder, entriesBefore: [tarEntry({ name: '._package', content: 'x' })] }
      expect((await inspect(spec)).packageJson).toEqual(manifestOf({}))
    }
    const entries = [tarEntry({ name: 'package/node_modules/b/package.json', content: '{}' })]
    expect((await inspect({ entries })).fileCount).toBe(3)
  })

  it('may have a byte-order mark in package.json, and links within its folder', async () => {
    const entries = [
      tarEntry({ name: 'package/bin/a', typeflag: '2', linkName: '../lib/a.js' }),
      tarEntry({ name: 'package/b', typeflag: '1', linkName: 'package/index.js' }),
      tarEntry({ name: 'package/bin/', typeflag: '5' }),
    ]
    const packageJson = `\ufeff${JSON.stringify(manifestOf({}))}`
    expect(await inspect({ packageJson, entries })).toMatchObject({
      fileCount: 2,
      packageJson: manifestOf({}),
    })
  })

  it('may end in zeros, as old ones do', async () => {
    await inspect({ trailing: new Uint8Array(9000) })
  })

  it('has the README that npm shows, of which the beginning is kept', async () => {
    const files = {
      'readme.txt': 'txt',
      'Readme.MD': 'md',
      readme: 'plain',
      'README.markdown': 'markdown',
    }
    expect((await inspect({ files })).readme).toEqual({ fileName: 'Readme.MD', text: 'md' })
    const long = `é${'x'.repeat(200_000)}`
    expect((await inspect({ files: { README: long } })).readme?.text).toBe(long.slice(0, 65_535))
    const cut = `${'x'.repeat(65_535)}é`
    expect((await inspect({ files: { README: cut } })).readme?.text).toBe('x'.repeat(65_535))
  })

  it('may have a binding.gyp', async () => {
    expect((await inspect({ files: { 'binding.gyp': '{}' } })).hasBindings).toBe(true)
    expect((await inspect({ files: { 'a/binding.gyp': '{}' } })).hasBindings).toBe(false)
  })

  it('may have a shrinkwrap', async () => {
    expect((await inspect({ files: { 'npm-shrinkwrap.json': '{}' } })).hasShrinkwrap).toBe(true)
    expect((await inspect({ files: { 'lib/npm-shrinkwrap.json': '{}' } })).hasShrinkwrap).toBe(
      false,
    )
  })
})

const entry = (name: string, further: Partial<Parameters<typeof tarEntry>[0]> = {}) =>
  tarEntry({ name, content: further.typeflag === undefined ? '{}' : '', ...further })

describe('refusals', () => {
  it('of what is no gzip or no tar', async () => {
    const text = new TextEncoder()
    await expectRefusal(
      () => inspect(text.encode('<html>')),
      'malformed',
      /does not begin with a gzip header/,
    )
    await expectRefusal(
      () => inspect(new Uint8Array()),
      'malformed',
      /does not begin with a gzip header/,
    )
    await expectRefusal(() => inspect(buildTar()), 'malformed', /does not begin with a gzip header/)
    const noTar = new Uint8Array(gzipSync('x'.repeat(2000)))
    await expectRefusal(
      () => inspect(noTar),
      'corrupt',
      /does not match the checksum of its tar header/,
    )
    const whole = buildTarball()
    await expectRefusal(
      () => inspect(whole.slice(0, -9)),
      'truncated',
      /ends inside the tarball|sent whole/,
    )
    const damaged = whole.slice()
    damaged[30] = (damaged[30] ?? 0) ^ 0xff
    await expect(inspect(damaged)).rejects.toThrow(/tarball/)
  })

  it('of what goes on behind the gzip data', async () => {
    const message = /^the tarball goes on after its gzip data: pack it anew$/
    await expectRefusal(() => inspect({ trailing: new Uint8Array([0, 1]) }), 'malformed', message)
    const second = new Uint8Array(Buffer.concat([buildTarball(), gzipMember(tarEnd)]))
    await expectRefusal(() => inspect(second), 'malformed', message)
  })

  it('of bombs', async () => {
    const limits = { ...tarballLimits, maxUnpacked: 10_000_000 }
    const bomb = buildTarball({ files: { a: new Uint8Array(20_000_000) } })
    expect(bomb.length).toBeLessThan(30_000)
    await expectRefusal(
      () => inspectTarball(chunked(bomb), limits),
      'too-large',
      /unpacks to more than 10000000/,
    )
    const few = { ...tarballLimits, maxEntries: 1 }
    await expectRefusal(
      () => inspectTarball(chunked(buildTarball()), few),
      'too-large',
      /more than 1 entries/,
    )
    const packageJson = JSON.stringify({ a: 'x'.repeat(1024 * 1024) })
    await expectRefusal(
      () => inspect({ packageJson }),
      'too-large',
      /"package\/package.json" in the tarball has more/,
    )
  })

  it.each([
    ['none', { packageJson: null }, /has no package.json in its folder: pack it with npm pack/],
    [
      'none in a folder',
      { packageJson: null, entries: [entry('package.json')] },
      /has no package.json/,
    ],
    ['none at the top', { packageJson: null, folder: 'a/b' }, /has no package.json/],
    ['no JSON', { packageJson: '{' }, /package.json in the tarball is not JSON: mend it/],
    ['no object', { packageJson: '[]' }, /is not a JSON object/],
    ['no UTF-8', { packageJson: new Uint8Array([0x22, 0xff, 0x22]) }, /is not UTF-8/],
  ] as [string, PackageSpec, RegExp][])('of a package.json: %s', async (_, spec, message) => {
    await expectRefusal(() => inspect(spec), 'malformed', message)
  })

  it.each([
    ...[
      'package/package.json',
      'other/package.json',
      './package/package.json',
      'package//package.json',
    ],
    ...[
      'package/./package.json',
      'package/Package.JSON',
      'package\\package.json',
      '.\\a\\package.json',
    ],
    ...['package/pac\u212aage.json', 'package/package.json/x'],
  ])('of a second meaning of package.json: %s', async (name) => {
    const message = /is package.json to some clients and not to others|has package.json twice/
    await expectRefusal(() => inspect({ entries: [entry(name)] }), 'malformed', message)
    await expectRefusal(() => inspect({ entriesBefore: [entry(name)] }), 'malformed', message)
  })

  it('of a package.json that is a link or a folder', async () => {
    for (const further of [
      { typeflag: '2', linkName: 'index.js' },
      { typeflag: '1', linkName: 'package/a' },
      { typeflag: '5' },
    ]) {
      const entries = [entry('package/package.json', further)]
      await expectRefusal(
        () => inspect({ entries }),
        'malformed',
        /is package.json to some clients/,
      )
    }
  })

  it.each([
    '../a',
    'package/../../a',
    '/package/a',
    'package/..\\a',
    '\\a',
    'C:\\a',
    'package/a/../b',
  ])('of the path %s', async (name) => {
    const message = /leads out of its folder: pack it anew/
    await expectRefusal(() => inspect({ entries: [entry(name)] }), 'malformed', message)
  })

  it.each([
    ...[
      ['2', '/etc/passwd'],
      ['2', '../../a'],
      ['2', '..'],
      ['2', 'a/../../../package/index.js'],
    ],
    ...[
      ['1', '/etc/passwd'],
      ['1', '../a'],
      ['1', 'other/a'],
      ['1', 'package'],
      ['2', 'C:\\a'],
      ['2', ''],
    ],
  ] as [string, string][])('of a link (%s) to %s', async (typeflag, linkName) => {
    const entries = [entry('package/lib', { typeflag, linkName })]
    await expectRefusal(
      () => inspect({ entries }),
      'malformed',
      /is a link to ".*", out of its folder: pack what/,
    )
  })

  it('of what lies under a link, or replaces one', async () => {
    const link = entry('package/a', { typeflag: '2', linkName: 'index.js' })
    for (const name of ['package/a/b', 'package/a', 'package/./a', 'package/A/b', 'package/Ａ']) {
      const entries = [link, entry(name)]
      await expectRefusal(
        () => inspect({ entries }),
        'malformed',
        /lies under a link: pack the files themselves/,
      )
    }
  })

  it('of devices', async () => {
    for (const typeflag of ['3', '4', '6']) {
      const entries = [entry('package/a', { typeflag })]
      await expectRefusal(
        () => inspect({ entries }),
        'malformed',
        /is a (character|block|fifo): pack files and/,
      )
    }
  })
})
