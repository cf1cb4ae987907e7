// The fuzzer's pure half: whatever is sent is either read, or refused by one line that may be printed; and
// what is read is what cargo would unpack, resolve and list.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agree } from '../../../src/types/cargo/format/agreement.ts'
import { inspectCrate } from '../../../src/types/cargo/format/crate-archive.ts'
import { beginIndexLine, endIndexLine } from '../../../src/types/cargo/format/index-line.ts'
import { parseManifest } from '../../../src/types/cargo/format/manifest.ts'
import { parseMetadata } from '../../../src/types/cargo/format/metadata.ts'
import { formatPlatform } from '../../../src/types/cargo/format/platform.ts'
import { readPublishBody } from '../../../src/types/cargo/format/publish-body.ts'
import { formatRequirement } from '../../../src/types/cargo/format/requirement.ts'
import { attempt } from '../../fuzz/attempt.ts'
import { fuzz, fuzzTimeout } from '../../fuzz/settings.ts'
import { number, text } from '../../fuzz/texts.ts'
import { chunked, collect } from '../../unit/formats/streams.ts'
import { gzipMember, tarEnd, tarEntry } from '../alpine/builder.ts'
import {
  buildCrate,
  buildMetadata,
  buildPublish,
  type CrateSpec,
  formatManifest,
  frame,
} from './builder.ts'
import { unpack } from './unpacked.ts'

const encode = (value: string) => new TextEncoder().encode(value)
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const identity = { name: 'hello-world', version: '1.0.0' }
const FOLDER = 'hello-world-1.0.0'

const ratio = fc.double({ min: 0, max: 1, noNaN: true })
const edit = fc.tuple(ratio, fc.nat(400), fc.uint8Array({ maxLength: 12 }))

/** Bytes with some taken out and others put in. */
const damaged = (base: fc.Arbitrary<Uint8Array>) =>
  fc.tuple(base, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([bytes, edits]) =>
    edits.reduce((whole, [at, length, other]) => {
      const start = Math.floor(at * whole.length)
      return join([whole.subarray(0, start), other, whole.subarray(start + length)])
    }, bytes),
  )

const spec: CrateSpec = {
  dependencies: [
    { name: 'log', optional: true, features: ['std'] },
    { name: 'rand', kind: 'dev', target: 'cfg(unix)', rename: 'r' },
  ],
  features: { default: ['dep:log'], x: ['log?/std', 'default'] },
  ...{ links: 'z', rustVersion: '1.70' },
}
const crates = fc.constantFrom(buildCrate(), buildCrate(spec))

test('crates', { timeout: fuzzTimeout }, async () => {
  const path = fc.oneof(
    fc.constantFrom(
      'src/lib.rs',
      'Cargo.toml',
      'cargo.toml',
      'a',
      'a/b',
      '',
      '..',
      '.',
      'a/',
      'a\\b',
    ),
    text,
  )
  const name = fc.oneof(
    { weight: 4, arbitrary: path.map((each) => `${FOLDER}/${each}`) },
    { weight: 1, arbitrary: path },
  )
  const entry = fc
    .record(
      {
        name,
        content: fc.constantFrom('', 'x', 'y'.repeat(600), formatManifest({}), `${FOLDER}/b\0`),
        typeflag: fc.constantFrom(
          '0',
          '0',
          '0',
          '5',
          '\0',
          '1',
          '2',
          '3',
          '6',
          '7',
          'L',
          'K',
          'g',
          'S',
        ),
        magic: fc.constantFrom('posix', 'gnu', 'v7'),
        sizeField: fc.constantFrom('00000000001\0', '           \0', '9'),
        pax: fc.dictionary(fc.constantFrom('path', 'size', 'linkpath'), fc.oneof(name, text)),
      },
      { requiredKeys: ['name'] },
    )
    .map(({ name: given, ...rest }) => tarEntry({ ...rest, name: given.replaceAll('\0', '') }))
  const manifest = tarEntry({ name: `${FOLDER}/Cargo.toml`, content: formatManifest({}) })
  const entries = fc
    .array(entry, { maxLength: 4 })
    .map((list) => gzipMember(join([manifest, ...list, tarEnd])))
  const tars = damaged(
    fc.constant(join([manifest, tarEntry({ name: `${FOLDER}/a` }), tarEnd])),
  ).map((tar) => gzipMember(tar))
  const any = fc.oneof({ weight: 4, arbitrary: entries }, tars, damaged(crates))
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 })
  const counts = { taken: 0 }
  const property = fc.asyncProperty(any, sizes, async (bytes, split) => {
    const inspected = await attempt(() => inspectCrate(chunked(bytes, split), () => identity))
    if (inspected === undefined) return
    counts.taken += 1
    const { entries: unpacked, faults } = unpack(bytes, FOLDER)
    expect(faults).toEqual([])
    const files = unpacked
      .map(({ path: each }) => each.replace(/\/$/, ''))
      .filter((each) => each !== FOLDER)
    const manifests = unpacked.filter(({ path: each }) => /^[^/]+\/cargo\.toml\/?$/i.test(each))
    expect(manifests.map((each) => each.path)).toEqual([`${FOLDER}/Cargo.toml`])
    expect(await attempt(() => parseManifest(encode(manifests[0]?.content ?? '')))).toEqual(
      inspected,
    )
    expect(files.length).toBeGreaterThan(0)
  })
  await fuzz('crates', property, 3000, () => counts)
  expect(counts.taken).toBeGreaterThan(0)
})

const json: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: text },
  number,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, 1e300, [], {}, [null], ['a'], { a: ['b'] }, { a: null }),
)
const member = fc.constantFrom(
  ...['name', 'vers', 'deps', 'features', 'authors', 'description', 'readme', 'keywords', 'badges'],
  ...['license', 'links', 'rust_version', 'x'],
)
const dependencyMember = fc.constantFrom(
  ...[
    'name',
    'version_req',
    'features',
    'optional',
    'default_features',
    'target',
    'kind',
    'registry',
  ],
  ...['explicit_name_in_toml', 'artifact', 'bindep_target', 'lib'],
)
const metadatas = fc.oneof(
  fc
    .dictionary(member, json, { maxKeys: 2 })
    .map((changed) => encode(JSON.stringify({ ...buildMetadata(spec), ...changed }))),
  fc.dictionary(dependencyMember, json, { minKeys: 1, maxKeys: 2 }).map((changed) => {
    const metadata = buildMetadata(spec)
    const [first, ...rest] = metadata.deps as object[]
    return encode(JSON.stringify({ ...metadata, deps: [{ ...first, ...changed }, ...rest] }))
  }),
  damaged(fc.constant(encode(JSON.stringify(buildMetadata(spec))))),
)

test('metadata, alone and beside its manifest', { timeout: fuzzTimeout }, async () => {
  const manifest = parseManifest(encode(formatManifest(spec)))
  const counts = { read: 0, agreed: 0 }
  const property = fc.asyncProperty(metadatas, async (bytes) => {
    const metadata = await attempt(() => parseMetadata(bytes))
    if (metadata === undefined) return
    counts.read += 1
    expect(metadata.name).toMatch(/^[A-Za-z][\w-]{0,63}$/)
    const dependencies = await attempt(() => agree(metadata, manifest, '/here/'))
    if (dependencies === undefined) return
    counts.agreed += 1
    const { name, version } = metadata
    const about = { features: manifest.features, links: manifest.links, rustVersion: '1.70' }
    const line = endIndexLine(
      beginIndexLine({ name, version, ...about, dependencies, sha256: 'ab', publishedAt: 0 }),
      true,
    )
    expect(line).toMatch(/^\{[^\n\r]*\}\n$/)
    const read: unknown = JSON.parse(line)
    expect(read).toMatchObject({ name: 'hello-world', vers: '1.0.0', yanked: true })
    const withoutRegistry = (each: object) => ({ ...each, registry: null })
    expect(dependencies.map(withoutRegistry)).toEqual(manifest.dependencies.map(withoutRegistry))
  })
  await fuzz('metadata', property, 6000, () => counts)
  expect(counts.agreed).toBeGreaterThan(0)
})

test('manifests', { timeout: fuzzTimeout }, async () => {
  const quoted = fc.oneof(
    text.map((each) => JSON.stringify(each)),
    text,
    number,
  )
  const key = fc.constantFrom(
    'name',
    'version',
    'links',
    'rust-version',
    'authors',
    'description',
    '"a b"',
  )
  const inPackage = fc
    .array(fc.tuple(key, quoted), { maxLength: 2 })
    .map((list) => list.map(([name, value]) => `${name} = ${value}`))
  const lines = fc.array(
    fc.oneof(
      fc.constantFrom('[dependencies]', '[features]', '[target.x.dependencies]', '[[bin]]'),
      fc
        .tuple(fc.constantFrom('log', '"é"', 'a.b', '__proto__'), quoted)
        .map((pair) => pair.join(' = ')),
    ),
    { maxLength: 5 },
  )
  const built = fc
    .tuple(inPackage, lines)
    .map(([packageLines, rest]) =>
      encode(`${formatManifest({ ...spec, packageLines })}${rest.join('\n')}\n`),
    )
  const any = fc.oneof(built, damaged(fc.constant(encode(formatManifest(spec)))))
  const counts = { read: 0 }
  const property = fc.asyncProperty(any, async (bytes) => {
    const manifest = await attempt(() => parseManifest(bytes))
    if (manifest === undefined) return
    counts.read += 1
    expect(
      JSON.stringify([...manifest.features, manifest.links, manifest.dependencies]),
    ).not.toMatch(/\\u00|\\ud[89a-f]/)
  })
  await fuzz('manifests', property, 5000, () => counts)
  expect(counts.read).toBeGreaterThan(0)
})

test('bodies', { timeout: fuzzTimeout }, async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 })
  const whole = fc.constantFrom(
    buildPublish(),
    frame('', new Uint8Array(0)),
    frame('{}', encode('x')),
  )
  const counts = { read: 0 }
  const property = fc.asyncProperty(
    fc.oneof(whole, damaged(whole)),
    sizes,
    async (bytes, split) => {
      let metadata: Uint8Array | undefined
      const take = (given: Uint8Array) => {
        metadata = given
      }
      const crate = await attempt(() => collect(readPublishBody(chunked(bytes, split), take)))
      if (crate === undefined || metadata === undefined) return
      counts.read += 1
      expect(Buffer.compare(frame(metadata, crate), bytes)).toBe(0)
    },
  )
  await fuzz('bodies', property, 5000, () => counts)
  expect(counts.read).toBeGreaterThan(0)
})

test('requirements and platforms, which are read again as they are written', {
  timeout: fuzzTimeout,
}, async () => {
  const likely = fc.string({ unit: fc.constantFrom(...'01.*xX-+a=<>~^, '), maxLength: 14 })
  const platform = fc.array(
    fc.constantFrom(
      ...['cfg(', ')', 'any(', 'all(', 'not(', 'unix', ',', ' ', '=', '"x"', 'r#if', '"'],
    ),
    { maxLength: 10 },
  )
  const property = fc.asyncProperty(
    fc.oneof(likely, text),
    fc.oneof(
      platform.map((parts) => `cfg(${parts.join('')})`),
      text,
    ),
    async (requirement, target) => {
      const canonical = await attempt(() => formatRequirement(requirement, 'version_req'))
      if (canonical !== undefined) {
        expect(canonical).toMatch(/^[-0-9A-Za-z.*=<>~^, ]+$/)
        expect(formatRequirement(canonical, 'version_req')).toBe(canonical)
      }
      const shown = await attempt(() => formatPlatform(target, 'target'))
      if (shown !== undefined) expect(formatPlatform(shown, 'target')).toBe(shown)
    },
  )
  await fuzz('requirements and platforms', property, 8000)
})
