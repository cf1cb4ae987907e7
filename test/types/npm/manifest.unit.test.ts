import { describe, expect, it } from 'vitest'
import { parsePublication } from '../../../src/types/npm/format/manifest.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { type BodySpec, buildBody, buildTarball } from './builder.ts'

/** The body without the bytes, as the scanner keeps it. */
function kept(spec: BodySpec = {}): Record<string, unknown> {
  const body = buildBody(spec)
  return JSON.parse(JSON.stringify(body, (key, value) => (key === 'data' ? '' : value)))
}

const parse = (spec: BodySpec = {}, name = 'hello-world') => parsePublication(kept(spec), name)

describe('a publication', () => {
  it('is name, version, manifest, tags and claims', () => {
    const found = parse({ tags: { latest: '1.0.0', next: '1.0.0' } })
    expect(found).toMatchObject({
      ...{ name: 'hello-world', version: '1.0.0', tags: ['latest', 'next'] },
      ...{ manifest: { description: 'Greets' }, length: buildTarball().length },
    })
    expect(found.claims.map(({ algorithm }) => algorithm)).toEqual(['sha512', 'sha1'])
  })

  it.each<object>([
    {
      author: 'A <a@example.org>',
      license: 'MIT',
      repository: 'github:a/b',
      bin: './a.js',
      keywords: 'a b',
    },
    {
      author: { name: 'A' },
      license: { type: 'MIT' },
      repository: { url: 'x' },
      bin: { a: 'a.js' },
    },
    {
      licenses: [{ type: 'MIT' }],
      bundleDependencies: true,
      keywords: [],
      engines: ['node >= 0.4'],
    },
    {
      bundledDependencies: ['a'],
      os: '!win32',
      cpu: ['x64'],
      libc: 'glibc',
      funding: [{ url: 'x' }],
    },
    {
      dependencies: {},
      optionalDependencies: { a: '' },
      peerDependenciesMeta: { a: { optional: true } },
    },
    {
      dependencies: { constructor: '1', toString: '*', 'b-alias': 'npm:b@1' },
      scripts: null,
      exports: null,
    },
    { __proto__: null, os: null, private: false, constructor: 'x', deprecated: false },
  ])('may have %j', (members) => {
    expect(parse({ members: { ...members } }).manifest).toMatchObject(
      JSON.parse(JSON.stringify(members)),
    )
  })

  it('keeps a member that is called __proto__', () => {
    const dependencies: unknown = JSON.parse('{"__proto__":"1.0.0"}')
    const { manifest } = parse({ members: { dependencies } })
    expect(JSON.stringify(manifest.dependencies)).toBe('{"__proto__":"1.0.0"}')
  })

  it('may be scoped, be without tags, and have a name that objects have', () => {
    expect(parse({ name: '@s/p' }, '@s/p').name).toBe('@s/p')
    expect(parse({ tags: null }).tags).toEqual([])
    expect(parse({ tags: {} }).tags).toEqual([])
    expect(parse({ name: 'constructor' }, 'constructor').name).toBe('constructor')
  })

  it('may say nothing of digests and lengths', () => {
    const attachments = { x: { data: '' } }
    const found = parse({ manifest: { dist: undefined }, body: { _attachments: attachments } })
    expect([found.claims, found.length]).toEqual([[], undefined])
  })
})

describe('refusals', () => {
  const cases: [string, unknown, RegExp][] = [
    ['no object', [], /^the body is a list: make it an object/],
    [
      'another name',
      kept({ name: 'other' }),
      /^the path is that of "hello-world" and name is "other": publish/,
    ],
    ['no name', kept({ body: { name: undefined } }), /and name is nothing/],
    [
      'another name in the manifest',
      kept({ manifest: { name: 'x' } }),
      /the manifest's name is "x"/,
    ],
    [
      'a name that is none',
      kept({ manifest: { name: ['hello-world'] } }),
      /the manifest's name is a list/,
    ],
    [
      'a key that differs',
      kept({ manifest: { version: '1.0.1' } }),
      /^versions has "1.0.0" with the version "1.0.1"/,
    ],
    ['no version', kept({ manifest: { version: undefined } }), /with the version nothing/],
    ...['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0.0', ''].map((version): [string, unknown, RegExp] => [
      version,
      kept({ version }),
      /^the version ".*" is not valid/,
    ]),
    ['no versions', kept({ body: { versions: undefined } }), /^versions is nothing/],
    ['a list of versions', kept({ body: { versions: [] } }), /^versions is a list/],
    [
      'none of them',
      kept({ body: { versions: {} } }),
      /^versions has 0 entries beside one tarball: publish one/,
    ],
    [
      'two of them',
      kept({ body: { versions: { '1.0.0': {}, '1.0.1': {} } } }),
      /^versions has 2 entries/,
    ],
    [
      'a manifest that is none',
      kept({ body: { versions: { '1.0.0': 'x' } } }),
      /^versions \/ "1.0.0" is a text/,
    ],
    [
      'no attachments',
      kept({ body: { _attachments: {} } }),
      /^_attachments has 0 entries: send one tarball/,
    ],
    [
      'two',
      kept({ body: { _attachments: { a: { data: '' }, b: {} } } }),
      /^_attachments has 2 entries/,
    ],
    [
      'one that is none',
      kept({ body: { _attachments: { a: 'x' } } }),
      /^_attachments \/ "a" is a text/,
    ],
    [
      'one without data',
      kept({ body: { _attachments: { a: { stub: true } } } }),
      /"a" has no data: send the tarball/,
    ],
    [
      'provenance',
      kept({ body: { _attachments: { a: { data: '' }, 'b.sigstore': {} } } }),
      /publish with --no-prov/,
    ],
    [
      'tags that are none',
      kept({ body: { 'dist-tags': 'latest' } }),
      /^dist-tags is a text: make it an object/,
    ],
    [
      'a tag that reads as a range',
      kept({ tags: { '^1.0.0': '1.0.0' } }),
      /^the tag "\^1.0.0" is not valid/,
    ],
    ['another', kept({ tags: { v1: '1.0.0' } }), /^the tag "v1" reads as a version or a range/],
    [
      'a tag of another version',
      kept({ tags: { next: '2.0.0' } }),
      /^dist-tags has "next" for "2.0.0", which is not/,
    ],
    ['a tag of nothing', kept({ tags: { next: null } }), /^dist-tags has "next" for null/],
    [
      'many tags',
      kept({
        tags: Object.fromEntries('abcdefghijklmnopqrstu'.split('').map((t) => [t, '1.0.0'])),
      }),
      /has 21 tags/,
    ],
    ...['dependencies', 'optionalDependencies', 'devDependencies', 'peerDependencies'].flatMap(
      (field): [string, unknown, RegExp][] => [
        ...[['a'], 'a', 1, null, true].map((value): [string, unknown, RegExp] => [
          `${field} ${JSON.stringify(value)}`,
          kept({ members: { [field]: value } }),
          new RegExp(
            `^${field} is (a list|a text|a number|null|a boolean): write it as {"name": "range"}$`,
          ),
        ]),
        [
          `${field} of numbers`,
          kept({ members: { [field]: { a: 1 } } }),
          new RegExp(`^${field} has "a" with a number`),
        ],
      ],
    ),
    ['dist that is none', kept({ manifest: { dist: 'x' } }), /^dist is a text/],
    [
      'no digest',
      kept({ dist: { integrity: 'x' } }),
      /^dist.integrity has "x", which is no digest/,
    ],
  ]
  it.each(cases)('of %s', async (_, body, message) => {
    await expectRefusal(() => parsePublication(body, 'hello-world'), 'invalid-field', message)
  })
})
