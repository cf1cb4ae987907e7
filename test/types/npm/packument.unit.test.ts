import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/formats/text/json-value.ts'
import {
  describeVersion,
  formatMetadata,
  readmeIn,
} from '../../../src/types/npm/format/metadata.ts'
import {
  buildManifest,
  buildPackument,
  type PackumentVersion,
} from '../../../src/types/npm/format/packument.ts'
import type { InspectedTarball } from '../../../src/types/npm/format/tarball.ts'
import { digest, integrityOf, manifestOf } from './builder.ts'

const REGISTRY = 'https://registry.test/api/packages/acme/npm'
const tarball: InspectedTarball = {
  ...{ packageJson: {}, readme: { fileName: 'Readme.md', text: '# In the tarball' } },
  ...{ hasShrinkwrap: false, hasBindings: false, size: 300, fileCount: 2, unpackedSize: 400 },
}
const bytes = new TextEncoder().encode('bytes')
const hex = (algorithm: string) => digest(algorithm, bytes).toString('hex')

interface Spec {
  name?: string
  version?: string
  members?: object
  tarball?: Partial<InspectedTarball>
  deprecated?: string
  createdAt?: number
}

function versionOf(spec: Spec = {}): PackumentVersion {
  const { name = 'hello-world', version = '1.0.0', members = {} } = spec
  const manifest = manifestOf({ name, version, members: { ...members } })
  const metadata = describeVersion(manifest, { ...tarball, ...spec.tarball })
  return {
    version,
    ...{ sha1: hex('sha1'), sha512: hex('sha512'), metadata: formatMetadata(metadata) },
    ...{ createdAt: spec.createdAt ?? Date.UTC(2026, 0, 2), deprecated: spec.deprecated },
  }
}

function documentOf(
  form: 'full' | 'short',
  versions: readonly PackumentVersion[],
  tags: Readonly<Record<string, string>> = { latest: '1.0.0' },
  name = 'hello-world',
) {
  const of = {
    name,
    revision: 'r1',
    createdAt: Date.UTC(2026, 0, 1),
    changedAt: Date.UTC(2026, 1, 3),
    tags,
    readme: { fileName: 'Readme.md', text: '# It' },
  }
  const { begin, add, end } = buildPackument(form, of, REGISTRY)
  return JSON.parse([begin, ...versions.map(add), end()].join(''))
}

const dist = (name = 'hello-world', file = `${name}-1.0.0.tgz`) => ({
  ...{ integrity: integrityOf(bytes), shasum: hex('sha1') },
  ...{ tarball: `${REGISTRY}/${name}/-/${file}`, fileCount: 2, unpackedSize: 400 },
})

const members = {
  acceptDependencies: { a: '2' },
  ...{ dependencies: { a: '^1' }, devDependencies: { b: '2' }, peerDependencies: { c: '*' } },
  ...{ optionalDependencies: { d: '1' }, peerDependenciesMeta: { c: { optional: true } } },
  ...{
    bundleDependencies: ['a'],
    bundledDependencies: true,
    bin: './x.js',
    directories: { lib: 'l' },
  },
  ...{
    engines: { node: '>=20' },
    os: ['linux'],
    cpu: ['x64'],
    libc: ['glibc'],
    funding: 'http://x',
  },
}
const others = {
  ...{ exports: { '.': './i.js' }, type: 'module', scripts: { test: 'x' }, license: 'MIT', a: [1] },
  ...{ keywords: ['k'], author: { name: 'A' }, repository: 'r', homepage: 'h', bugs: { url: 'b' } },
  ...{ contributors: [{ name: 'C' }], maintainers: [{ name: 'M' }], _nodeVersion: '26.0.0' },
}

describe('the full document', () => {
  it('has all of the manifests, and what the registry knows', () => {
    expect(documentOf('full', [versionOf({ members: { ...members, ...others } })])).toEqual({
      ...{ _id: 'hello-world', _rev: 'r1', name: 'hello-world', 'dist-tags': { latest: '1.0.0' } },
      versions: {
        '1.0.0': {
          ...manifestOf({ members: { ...members, ...others } }),
          ...{ _id: 'hello-world@1.0.0', dist: dist() },
        },
      },
      time: {
        ...{ created: '2026-01-01T00:00:00.000Z', modified: '2026-02-03T00:00:00.000Z' },
        '1.0.0': '2026-01-02T00:00:00.000Z',
      },
      ...{ description: 'Greets', readme: '# It', readmeFilename: 'Readme.md' },
      ...{
        keywords: ['k'],
        author: { name: 'A' },
        repository: 'r',
        homepage: 'h',
        bugs: { url: 'b' },
      },
      ...{ contributors: [{ name: 'C' }], maintainers: [{ name: 'M' }], license: 'MIT' },
    })
  })

  it('says of the package what its latest version says', () => {
    const versions = [
      versionOf({
        version: '1.0.0',
        members: { description: 'old', license: 'A' },
        createdAt: 5000,
      }),
      versionOf({ version: '2.0.0-rc.1', members: { description: 'new' }, createdAt: 9000 }),
    ]
    const tags = { latest: '1.0.0', next: '2.0.0-rc.1' }
    const document = documentOf('full', versions, tags)
    expect(document).toMatchObject({
      'dist-tags': tags,
      description: 'old',
      license: 'A',
      maintainers: [],
    })
    expect(document.time).toMatchObject({
      ...{ '1.0.0': '1970-01-01T00:00:05.000Z', '2.0.0-rc.1': '1970-01-01T00:00:09.000Z' },
    })
    expect(Object.keys(document.versions)).toEqual(['1.0.0', '2.0.0-rc.1'])
  })

  it('has no manifest member that its sender has no say in', () => {
    const claimed = {
      ...{
        dist: { tarball: 'http://evil' },
        _id: 'x',
        _rev: 'y',
        hasInstallScript: true,
        readme: 'text',
      },
      ...{ _hasShrinkwrap: true, deprecated: false, _attachments: {}, readmeFilename: 'r.md' },
      // pnpm's trustPolicy goes by it.
      _npmUser: { name: 'admin', trustedPublisher: { id: 'github' } },
    }
    const document = documentOf('full', [versionOf({ members: claimed })])
    expect(document.versions['1.0.0']).toEqual({
      ...manifestOf({}),
      ...{ _id: 'hello-world@1.0.0', dist: dist() },
    })
  })

  it('is called latest what is highest, where no tag says it', () => {
    const versions = ['1.9.0', '1.10.0', '1.2.0', '2.0.0-rc.1'].map((version) =>
      versionOf({ version, members: { description: version } }),
    )
    const document = documentOf('full', versions, { next: '2.0.0-rc.1' })
    expect(document).toMatchObject({
      'dist-tags': { latest: '1.10.0', next: '2.0.0-rc.1' },
      description: '1.10.0',
    })
    const early = ['1.0.0-rc.2', '1.0.0-rc.10', '1.0.0-rc.1'].map((version) =>
      versionOf({ version }),
    )
    expect(documentOf('short', early, {})['dist-tags']).toEqual({ latest: '1.0.0-rc.10' })
  })

  it('has names that objects have of themselves', () => {
    const dependencies: unknown = JSON.parse('{"__proto__":"1","constructor":"2"}')
    const version = versionOf({ name: 'constructor', members: { dependencies } })
    const document = documentOf('full', [version], { latest: '1.0.0' }, 'constructor')
    expect(JSON.stringify(document.versions['1.0.0'].dependencies)).toBe(
      '{"__proto__":"1","constructor":"2"}',
    )
    expect(document.versions['1.0.0'].dist.tarball).toBe(
      `${REGISTRY}/constructor/-/constructor-1.0.0.tgz`,
    )
  })

  it('has the tarball of a scoped package by its name without the scope', () => {
    const version = versionOf({ name: '@s/p' })
    const document = documentOf('full', [version], { latest: '1.0.0' }, '@s/p')
    expect(document.versions['1.0.0']).toMatchObject({
      _id: '@s/p@1.0.0',
      dist: dist('@s/p', 'p-1.0.0.tgz'),
    })
  })
})

describe('the short document', () => {
  it('has what installs read', () => {
    const version = versionOf({ members: { ...members, ...others }, deprecated: 'use another' })
    const { name, version: number } = manifestOf({})
    expect(documentOf('short', [version])).toEqual({
      ...{ name: 'hello-world', modified: '2026-02-03T00:00:00.000Z' },
      'dist-tags': { latest: '1.0.0' },
      versions: {
        '1.0.0': { name, version: number, ...members, deprecated: 'use another', dist: dist() },
      },
    })
  })

  it.each([
    [{ scripts: { preinstall: 'x' } }, {}, { hasInstallScript: true }],
    [{ scripts: { install: 'x' } }, {}, { hasInstallScript: true }],
    [{ scripts: { postinstall: 'x' } }, {}, { hasInstallScript: true }],
    [{ scripts: { test: 'x', install: '' } }, {}, {}],
    [{ scripts: 'x' }, {}, {}],
    [{}, { hasBindings: true }, { hasInstallScript: true }],
    [{ gypfile: false }, { hasBindings: true }, {}],
    [{}, { hasShrinkwrap: true }, { _hasShrinkwrap: true }],
  ])('of %j and %j says %j', (own, found, says) => {
    const document = documentOf('short', [versionOf({ members: own, tarball: found })])
    const { name, version } = manifestOf({})
    expect(document.versions['1.0.0']).toEqual({ name, version, ...says, dist: dist() })
  })
})

it('a version is deprecated by what is said of it later, and not by its manifest', () => {
  const version = (deprecated: string | undefined) =>
    versionOf({ members: { deprecated: 'own' }, ...(deprecated && { deprecated }) })
  const warningOf = (deprecated?: string) =>
    documentOf('short', [version(deprecated)]).versions['1.0.0'].deprecated
  expect([warningOf(), warningOf(''), warningOf('later')]).toEqual([undefined, undefined, 'later'])
})

describe('the manifest of one version', () => {
  it('is that of the full document', () => {
    const version = versionOf({ members: others, deprecated: 'no "more"\n' })
    const { begin, add, end } = buildManifest('hello-world', REGISTRY)
    const manifest = JSON.parse(begin + add(version) + end())
    expect(manifest).toEqual(documentOf('full', [version]).versions['1.0.0'])
    expect(manifest).toMatchObject({ deprecated: 'no "more"\n' })
  })
})

describe('the README', () => {
  it('is that of the manifest, of the body, or of the tarball', () => {
    const none = { ...tarball, readme: undefined }
    const readmeOf = (members: JsonObject, body: JsonObject = {}, of = tarball) => {
      const { text, fileName } = readmeIn(manifestOf({ members }), body, of) ?? {}
      return [text, fileName]
    }
    const body = { readme: 'of the body' }
    const own = { readme: 'own', readmeFilename: 'a.md' }
    expect(readmeOf(own, body)).toEqual(['own', 'a.md'])
    expect(readmeOf({ readme: '' }, body)).toEqual(['of the body', 'README.md'])
    expect(readmeOf({ readme: 'ERROR: No README data found!' })).toEqual([
      '# In the tarball',
      'Readme.md',
    ])
    expect(readmeOf({ readme: 1 }, {}, none)).toEqual([undefined, undefined])
    const [long = ''] = readmeOf({ readme: `a${'😀'.repeat(40_000)}` })
    // Of 65,536 bytes no half of a character.
    expect([Buffer.byteLength(long), long.at(-2)]).toEqual([65_533, '\ud83d'])
    expect(documentOf('short', [versionOf()]).readme).toBe(undefined)
  })
})
