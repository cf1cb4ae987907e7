import { describe, expect, test } from 'vitest'
import { crateLimits, inspectCrate } from '../../../src/types/cargo/format/crate-archive.ts'
import { chunked, expectRefusal, failure } from '../../unit/formats/streams.ts'
import { gzipMember, tarEnd, tarEntry } from '../alpine/builder.ts'
import { buildCrate, type CrateSpec } from './builder.ts'

const identity = { name: 'hello-world', version: '1.0.0' }
const FOLDER = 'hello-world-1.0.0'
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

async function inspect(bytes: Uint8Array, size = 65_536, limits = {}) {
  const entries: string[] = []
  const manifest = await inspectCrate(
    chunked(bytes, size),
    () => identity,
    { ...crateLimits, ...limits },
    (entry) => entries.push([entry.path, entry.type, entry.size].join(' ').trim()),
  )
  return { manifest, entries }
}

/** A crate with a further entry of this name. */
const withEntry = (entry: Parameters<typeof tarEntry>[0]) =>
  buildCrate({ entries: [tarEntry(entry)] })
const inside = (path: string) => `${FOLDER}/${path}`

/** An entry of which bytes of the header are others, under a checksum that holds. */
function withBytes(entry: Uint8Array, start: number, text: string): Uint8Array {
  const bytes = entry.slice()
  bytes.set(Buffer.from(text, 'latin1'), start)
  bytes.fill(0x20, 148, 156)
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return bytes
}

describe('a crate', () => {
  test.each([1, 100, 100_000])('in chunks of %i', async (size) => {
    const { manifest, entries } = await inspect(buildCrate({ rustVersion: '1.70' }), size)
    expect(manifest).toMatchObject({ ...identity, rustVersion: '1.70' })
    expect(entries).toEqual(['Cargo.toml file 111', 'src/lib.rs file 11'])
  })

  test('with folders, long names in GNU`s form, an empty file and names beyond ASCII', async () => {
    const long = inside(`src/${'deep/'.repeat(30)}lib.rs`)
    const { entries } = await inspect(
      buildCrate({
        entries: [
          tarEntry({ name: FOLDER, typeflag: '5', magic: 'gnu' }),
          tarEntry({ name: `${FOLDER}/`, typeflag: '5', magic: 'gnu' }),
          tarEntry({ name: inside('tests/'), typeflag: '5', magic: 'gnu' }),
          tarEntry({ name: '././@LongLink', typeflag: 'L', content: `${long}\0`, magic: 'gnu' }),
          tarEntry({ name: long.slice(0, 100), magic: 'gnu' }),
          tarEntry({ name: inside('été.txt'), magic: 'v7', typeflag: '\0' }),
          tarEntry({ name: inside('Makefile') }),
          tarEntry({ name: inside('makefile') }),
          tarEntry({ name: inside('sub/Cargo.toml') }),
          tarEntry({ name: inside('.cargo-ok'), content: 'ok' }),
        ],
      }),
    )
    expect(entries.slice(2)).toEqual([
      ...['tests directory', `${long.slice(FOLDER.length + 1)} file 0`, 'été.txt file 0'],
      ...['Makefile file 0', 'makefile file 0', 'sub/Cargo.toml file 0', '.cargo-ok file 2'],
    ])
  })

  test('and asks who it is only when there are bytes', async () => {
    let metadata: typeof identity | undefined
    async function* source() {
      metadata = identity
      yield buildCrate()
    }
    const identify = () => metadata ?? (Promise.reject(new Error('too early')) as never)
    expect(await inspectCrate(source(), identify)).toMatchObject({ name: 'hello-world' })
  })
})

describe('refuses', () => {
  const manifest = tarEntry({ name: inside('Cargo.toml'), content: '[package]' })
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /the crate is empty: send the \.crate file/],
    ['no gzip', new TextEncoder().encode('not a crate'), /does not begin with a gzip header/],
    ['no tar', gzipMember(new TextEncoder().encode('x'.repeat(600))), /checksum of its tar header/],
    ['a cut crate', buildCrate().subarray(0, -20), /the input ends inside the crate|trailer/],
    [
      'bytes behind it',
      buildCrate({ trailing: Uint8Array.of(0) }),
      /goes on after its gzip member/,
    ],
    ['a second member', join(buildCrate(), buildCrate()), /goes on after its gzip member/],
    ['no manifest', buildCrate({ manifest: null }), /has no "hello-world-1\.0\.0\/Cargo\.toml"/],
    ['another folder', buildCrate({ folder: 'hello-1.0.0' }), /has to be in "hello-world-1\.0\.0"/],
    ['a second folder', withEntry({ name: 'other-1.0.0/a' }), /everything has to be in/],
    ['a name that begins like it', withEntry({ name: `${FOLDER}-x/a` }), /everything has to be in/],
    ['a leading ./', withEntry({ name: `./${inside('a')}` }), /everything has to be in/],
    ['a root', withEntry({ name: `/${inside('a')}` }), /everything has to be in/],
    ['..', withEntry({ name: inside('../a') }), /is not safe: no part of it may be empty, "\."/],
    ['.. at the end', withEntry({ name: inside('a/..') }), /is not safe/],
    ['an empty part', withEntry({ name: inside('a//b') }), /is not safe/],
    ['the folder as a file', withEntry({ name: FOLDER }), /is a file: it has to be the folder/],
    ['a control character', withEntry({ name: inside('a\n') }), /without control characters/],
    ['a backslash', withEntry({ name: inside('a\\..\\b') }), /without control characters and/],
    ['a stream of NTFS', withEntry({ name: inside('a:b') }), /without control characters and/],
    [
      'a symbolic link',
      withEntry({ name: inside('a'), typeflag: '2', linkName: 'b' }),
      /no file and/,
    ],
    [
      'a hard link',
      withEntry({ name: inside('a'), typeflag: '1', linkName: 'b' }),
      /no file and no/,
    ],
    ['a device', withEntry({ name: inside('a'), typeflag: '3' }), /no file and no folder: cargo/],
    ['a contiguous file', withEntry({ name: inside('a'), typeflag: '7' }), /no file and no folder/],
    ['a file with a slash', withEntry({ name: inside('a/') }), /has a slash at its end/],
    [
      'V7`s folder',
      withEntry({ name: inside('a/'), typeflag: '\0', magic: 'v7' }),
      /a slash at its/,
    ],
    [
      'a global header',
      withEntry({ name: 'g', typeflag: 'g', content: '6 a=b\n' }),
      /has a global pax header, which cargo refuses/,
    ],
    ['a file twice', withEntry({ name: inside('src/lib.rs') }), /holds "src\/lib\.rs" twice/],
    ['a file for a folder', withEntry({ name: inside('src') }), /holds "src" twice/],
    ['a folder for a file', withEntry({ name: inside('src/lib.rs/'), typeflag: '5' }), /twice/],
    [
      'a file in a file',
      withEntry({ name: inside('src/lib.rs/a') }),
      /is in "src\/lib\.rs", which/,
    ],
    ['the manifest twice', buildCrate({ entries: [manifest] }), /holds "Cargo\.toml" twice/],
    ['a manifest in another case', withEntry({ name: inside('cargo.toml') }), /name "Cargo\.toml"/],
    [
      'a manifest as a folder',
      withEntry({ name: inside('CARGO.TOML/'), typeflag: '5' }),
      /a file of/,
    ],
    ['a long part', withEntry({ name: inside('é'.repeat(128)) }), /more than 255 bytes: shorten/],
    ['a long path', withEntry({ name: inside(`${'a/'.repeat(600)}b`) }), /more than 1024 bytes/],
    [
      'two sizes',
      withEntry({ name: inside('a'), content: 'x', pax: { size: '0' } }),
      /another size/,
    ],
    ['no TOML', buildCrate({ manifest: '[' }), /Cargo\.toml is no TOML/],
    [
      'a name put together in two ways',
      buildCrate({
        entries: [withBytes(withBytes(manifest, 345, inside('a')), 257, 'ustar\0  ')],
      }),
      /readers put together differently/,
    ],
    [
      'times in the field of names',
      buildCrate({
        entries: [withBytes(withBytes(manifest, 345, 'p'.repeat(140)), 508, 'tar\0')],
      }),
      /has times in its header/,
    ],
  ])('%s', async (_, bytes, message) => {
    expect((await failure(() => inspect(bytes))).message).toMatch(message)
  })

  test('a prefix is a part of the name, as in archives of old', async () => {
    const entry = withBytes(tarEntry({ name: 'a' }), 345, FOLDER)
    const { entries } = await inspect(buildCrate({ entries: [entry] }))
    expect(entries).toContain('a file 0')
  })
})

describe('keeps its limits', () => {
  const long: CrateSpec = { files: { a: new Uint8Array(200_000) } }
  test.each([
    [{ maxUnpacked: 100_000 }, long, /unpacks to more than 100000 bytes/],
    [{ maxEntries: 1 }, {}, /more than 1 entr/],
    [{ maxAllPaths: 10 }, {}, /have more than 10 characters in all: package fewer files/],
    [{ maxManifest: 10 }, {}, /"hello-world-1\.0\.0\/Cargo\.toml" in the crate has more than 10/],
  ] as const)('%j', async (limits, spec, message) => {
    await expectRefusal(() => inspect(buildCrate(spec), 65_536, limits), 'too-large', message)
  })

  test('a bomb stops where it passes them, in flat memory', async () => {
    const zeros = new Uint8Array(64 * 1024 * 1024)
    const entry = tarEntry({ name: inside('zeros'), content: zeros })
    const bomb = gzipMember(join(manifestEntry(), entry, tarEnd))
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage().arrayBuffers
    await expectRefusal(() => inspect(bomb, 4096, { maxUnpacked: 2 ** 20 }), 'too-large', /unpacks/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  })

  function manifestEntry() {
    const text = '[package]\nname = "hello-world"\nversion = "1.0.0"\n'
    return tarEntry({ name: inside('Cargo.toml'), content: text })
  }
})
