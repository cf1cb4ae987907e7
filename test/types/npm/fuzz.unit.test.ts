// The fuzzer's pure half: whatever is sent is either read, or refused by one line that may be printed; and what
// is read makes documents that say the same.
import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBody } from '../../../src/types/npm/format/body.ts'
import { checkSameManifest } from '../../../src/types/npm/format/confusion.ts'
import { parseDeprecations } from '../../../src/types/npm/format/deprecations.ts'
import { checkClaims } from '../../../src/types/npm/format/digests.ts'
import { parsePublication } from '../../../src/types/npm/format/manifest.ts'
import { describeVersion, formatMetadata } from '../../../src/types/npm/format/metadata.ts'
import { buildPackument } from '../../../src/types/npm/format/packument.ts'
import { inspectTarball, tarballLimits } from '../../../src/types/npm/format/tarball.ts'
import { attempt } from '../../fuzz/attempt.ts'
import { fuzz, fuzzTimeout } from '../../fuzz/settings.ts'
import { chunked, collect } from '../../unit/formats/streams.ts'
import { gzipMember, tarEnd, tarEntry } from '../alpine/builder.ts'
import { buildBody, buildTarball, digest, manifestOf } from './builder.ts'

const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const limits = { ...tarballLimits, maxUnpacked: 16 * 1024 * 1024 }

const odd = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    0,
    -1.5,
    '',
    'x',
    'hello-world',
    '1.0.0',
    '^1.0.0',
    [],
    {},
    ['x'],
    { x: 'y' },
    { x: {} },
  ],
  ...[JSON.parse('{"__proto__":"1"}'), { constructor: '1' }, '\u0000\u202e\ud800', 'é😀', 1e300],
)
const field = fc.constantFrom(
  ...[
    'name',
    'version',
    'dependencies',
    'optionalDependencies',
    'devDependencies',
    'peerDependencies',
  ],
  ...[
    'bundleDependencies',
    'bin',
    'scripts',
    'engines',
    'os',
    'readme',
    'description',
    'dist',
    'license',
  ],
  ...['__proto__', 'constructor', 'deprecated', 'directories', 'maintainers', 'exports', 'gypfile'],
)
const memberList = fc.array(fc.tuple(field, odd), { maxLength: 3 })
const top = fc.constantFrom('name', 'versions', '_attachments', 'dist-tags', 'readme', '_rev', 'x')

const bodies = fc
  .record({
    members: memberList,
    manifest: memberList,
    body: fc.array(fc.tuple(top, odd), { maxLength: 1 }),
    dist: fc.array(fc.tuple(fc.constantFrom('integrity', 'shasum', 'tarball'), odd), {
      maxLength: 1,
    }),
    often: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ members, manifest, body, dist, often }) =>
    buildBody({
      members: Object.fromEntries(members),
      manifest: often > 2 ? {} : Object.fromEntries(manifest),
      body: often > 1 ? {} : Object.fromEntries(body),
      dist: often > 1 ? {} : Object.fromEntries(dist),
    }),
  )
const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 4 })

test('bodies of a publish', { timeout: fuzzTimeout }, async () => {
  const counts = { published: 0, deprecations: 0 }
  const property = fc.asyncProperty(bodies, sizes, async (body, split) => {
    const bytes = new Uint8Array(Buffer.from(JSON.stringify(body)))
    const found: { kept?: unknown } = {}
    const file = await attempt(() =>
      collect(
        readBody(chunked(bytes, split), (kept) => {
          found.kept = kept
        }),
      ),
    )
    if (file === undefined) return
    const deprecations = await attempt(() => parseDeprecations(found.kept, 'hello-world'))
    if (deprecations !== undefined) counts.deprecations += 1
    const publication = await attempt(() => parsePublication(found.kept, 'hello-world'))
    const tarball = await attempt(() => inspectTarball(chunked(file), limits))
    if (publication === undefined || tarball === undefined) return
    const { manifest } = publication
    if ((await attempt(() => checkSameManifest(manifest, tarball.packageJson) ?? true)) !== true)
      return
    const hex = (algorithm: string) => digest(algorithm, file).toString('hex')
    const digests = {
      sha1: hex('sha1'),
      sha256: hex('sha256'),
      sha512: hex('sha512'),
    }
    if ((await attempt(() => checkClaims(publication.claims, digests) ?? true)) !== true) return
    counts.published += 1
    expectDocuments(manifest, formatMetadata(describeVersion(manifest, tarball)), digests)
  })
  await fuzz('npm bodies', property, 3000, () => counts)
  expect(counts.published).toBeGreaterThan(0)
  expect(counts.deprecations).toBeGreaterThan(0)
})

const DERIVED = ['dist', '_id', 'hasInstallScript', '_hasShrinkwrap']
const NOT_KEPT = ['readme', 'readmeFilename', 'deprecated', '_rev', '_attachments']

function expectDocuments(
  manifest: Readonly<Record<string, unknown>>,
  metadata: string,
  { sha1, sha512 }: { sha1: string; sha512: string },
): void {
  const of = { name: 'hello-world', revision: 'r', createdAt: 0, changedAt: 0, tags: {} }
  for (const form of ['full', 'short'] as const) {
    const { begin, add, end } = buildPackument(form, of, 'https://x')
    const version = {
      version: '1.0.0',
      sha1,
      sha512,
      metadata,
      createdAt: 0,
      deprecated: '' as const,
    }
    const document = JSON.parse(begin + add(version) + end())
    expect(document['dist-tags']).toEqual({ latest: '1.0.0' })
    const shown = Object.entries(document.versions['1.0.0']).filter(
      ([name]) => !DERIVED.includes(name),
    )
    const sent = Object.entries(manifest).filter(
      ([name]) => ![...DERIVED, ...NOT_KEPT].includes(name),
    )
    for (const [name, value] of shown) expect([name, value]).toEqual([name, manifest[name]])
    if (form === 'full')
      expect(shown.map(([name]) => name).sort()).toEqual(sent.map(([name]) => name).sort())
  }
}

const ratio = fc.double({ min: 0, max: 1, noNaN: true })
const edits = fc.array(fc.tuple(ratio, fc.nat(40), fc.uint8Array({ maxLength: 12 })), {
  minLength: 1,
  maxLength: 3,
})

const damage = (bytes: Uint8Array, list: readonly (readonly [number, number, Uint8Array])[]) =>
  list.reduce((whole, [at, length, other]) => {
    const start = Math.floor(at * whole.length)
    return join([whole.subarray(0, start), other, whole.subarray(start + length)])
  }, bytes)

const path = fc.oneof(
  fc.constantFrom('package/a', 'package/b/c', 'package/', 'a', 'package/README', './package/x'),
  fc.constantFrom(
    'package/package.json',
    'x/package.json',
    'package/Package.json',
    'package\\package.json',
  ),
  fc
    .array(fc.constantFrom('package', '..', '.', 'package.json', '/', '\\', 'a', 'é', ''), {
      maxLength: 5,
    })
    .map((parts) => parts.join('/')),
)
const WITH_CONTENT = ['0', '\\0', '7', 'x', 'g', 'S']
const entries = fc.array(
  fc
    .record({
      name: path,
      typeflag: fc.constantFrom('0', '0', '\0', '1', '2', '5', '3', '6', '7', 'x', 'g', 'S'),
      linkName: fc.oneof(fc.constant('package/a'), path),
      content: fc.constantFrom('', 'x', '{}', 'x'.repeat(600)),
    })
    .map((entry) => ({
      ...entry,
      content: WITH_CONTENT.includes(entry.typeflag) ? entry.content : '',
    })),
  { maxLength: 4 },
)

const bytesOf = (list: readonly Parameters<typeof tarEntry>[0][]) =>
  list.map((entry) => tarEntry(entry))

test('tarballs', { timeout: fuzzTimeout }, async () => {
  const counts = { taken: 0, damaged: 0 }
  const packageJson = tarEntry({
    name: 'package/package.json',
    content: JSON.stringify(manifestOf({})),
  })
  const whole = buildTarball({ files: { 'README.md': 'x'.repeat(3000), a: 'b' } })
  const property = fc.asyncProperty(
    entries,
    entries,
    edits,
    sizes,
    async (before, after, list, split) => {
      const tarball = gzipMember(join([...bytesOf(before), packageJson, ...bytesOf(after), tarEnd]))
      const inspected = await attempt(() => inspectTarball(chunked(tarball, split), limits))
      if (inspected !== undefined) {
        counts.taken += 1
        expect(inspected.packageJson).toEqual(manifestOf({}))
        expect(inspected.size).toBe(tarball.length)
        for (const { name, typeflag } of [...before, ...after]) {
          if (typeflag === 'x' || typeflag === 'g') continue
          const parts = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.')
          expect(parts).not.toContain('..')
          expect(parts[1]?.toLowerCase()).not.toBe('package.json')
        }
      }
      const broken = damage(whole, list)
      const read = await attempt(() => inspectTarball(chunked(broken, split), limits))
      if (read === undefined) counts.damaged += 1
      else expect(read.packageJson).toEqual(manifestOf({}))
    },
  )
  await fuzz('npm tarballs', property, 2500, () => counts)
  expect(counts.taken).toBeGreaterThan(0)
  expect(counts.damaged).toBeGreaterThan(0)
})
