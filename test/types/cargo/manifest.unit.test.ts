import { describe, expect, test } from 'vitest'
import { parseManifest } from '../../../src/types/cargo/format/manifest.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { type CrateSpec, formatManifest } from './builder.ts'

const parse = (text: string) => parseManifest(new TextEncoder().encode(text))
const PACKAGE = '[package]\nname = "a"\nversion = "1.0.0"\n'

describe('a manifest', () => {
  test('with all that is shown and listed', () => {
    const spec: CrateSpec = {
      ...{ links: 'z', rustVersion: '1.70', features: { default: ['dep:log'] } },
      dependencies: [{ name: 'log', optional: true }],
      packageLines: [
        ...['authors = ["A <a@example.com>"]', 'license = "MIT OR Apache-2.0"', 'readme = false'],
        ...['homepage = "https://example.com"', 'documentation = "https://example.com/d"'],
        ...['repository = "https://example.com/r"', 'license-file = "LICENSE"'],
        ...['keywords = ["a", "b"]', 'categories = ["c"]', 'publish = ["x"]'],
      ],
    }
    expect(parse(formatManifest(spec))).toEqual({
      ...{ name: 'hello-world', version: '1.0.0', links: 'z', rustVersion: '1.70' },
      dependencies: [
        {
          ...{ name: 'log', package: null, requirement: '^1', features: [], optional: true },
          ...{ defaultFeatures: true, target: null, kind: 'normal', registry: null },
        },
      ],
      features: new Map([['default', ['dep:log']]]),
      about: {
        ...{ description: 'Greets', documentation: 'https://example.com/d', edition: '2021' },
        ...{ homepage: 'https://example.com', repository: 'https://example.com/r' },
        ...{ license: 'MIT OR Apache-2.0', licenseFile: 'LICENSE', authors: ['A <a@example.com>'] },
        ...{ keywords: ['a', 'b'], categories: ['c'] },
      },
    })
  })

  test('with dependencies of every kind, in every spelling', () => {
    const { dependencies } = parse(`${PACKAGE}
[dependencies]
plain = "1.2"
bare = {}
[dependencies.renamed]
version = "~1"
package = "other"
registry-index = "sparse+https://example.com/"
[dev-dependencies.both]
version = "*"
default-features = false
[build_dependencies]
old = { version = "1", default_features = false, features = ["x", ""] }
[target."cfg(any(unix,windows))".dependencies]
both = ">= 1, <2"
[target.wasm32.dev_dependencies.tool]
version = "1"
artifact = "bin"
target = "x86_64"
lib = true
`)
    const of = {
      features: [],
      optional: false,
      defaultFeatures: true,
      registry: null,
      package: null,
    }
    expect(dependencies).toEqual([
      { ...of, name: 'plain', requirement: '^1.2', target: null, kind: 'normal' },
      { ...of, name: 'bare', requirement: '*', target: null, kind: 'normal' },
      {
        ...{ ...of, name: 'renamed', package: 'other', requirement: '~1', target: null },
        ...{ kind: 'normal', registry: 'sparse+https://example.com/' },
      },
      { ...of, name: 'both', requirement: '*', target: null, kind: 'dev', defaultFeatures: false },
      {
        ...{ ...of, name: 'old', requirement: '^1', target: null, kind: 'build' },
        ...{ defaultFeatures: false, features: ['x'] },
      },
      {
        ...{ ...of, name: 'both', requirement: '>=1, <2', kind: 'normal' },
        target: 'cfg(any(unix, windows))',
      },
      {
        ...{ ...of, name: 'tool', requirement: '^1', target: 'wasm32', kind: 'dev' },
        artifact: { kinds: ['bin'], target: 'x86_64', library: true },
      },
    ])
  })

  test('of before 2015, and with numbers and times that nobody asks for', () => {
    expect(parse(PACKAGE.replace('package', 'project')).name).toBe('a')
    const metadata = '[package.metadata]\nbig = 9223372036854775807\nwhen = 2024-01-01T00:00:00Z\n'
    expect(parse(`${PACKAGE}${metadata}`).version).toBe('1.0.0')
  })

  test('and __proto__ is a name like another', () => {
    const { features } = parse(
      `${PACKAGE}[features]\n__proto__ = ["constructor"]\nconstructor = []\n`,
    )
    expect([...features.keys()]).toEqual(['__proto__', 'constructor'])
  })
})

describe('refuses', () => {
  test.each([
    ['', 'malformed', /Cargo\.toml has no \[package\]: add it/],
    ['[workspace]\n', 'malformed', /no \[package\]/],
    ['[package\n', 'malformed', /Cargo\.toml is no TOML at line 1, column \d+: correct it/],
    [`${PACKAGE}name = "b"\n`, 'malformed', /is no TOML at line 4/],
    [`${PACKAGE}x = ${'['.repeat(2000)}`, 'malformed', /is no TOML/],
    [
      '[package]\nversion = "1.0.0"\n',
      'invalid-field',
      /"package\.name" in Cargo\.toml is missing/,
    ],
    [
      '[package]\nname = "a"\nversion.workspace = true\n',
      'invalid-field',
      /"package\.version" in Cargo\.toml is an object and should be a text: package it with cargo/,
    ],
    [
      `${PACKAGE}links = ""\n`,
      'invalid-field',
      /package\.links in Cargo\.toml is "": it should be/,
    ],
    [`${PACKAGE}links = "a\\nb"\n`, 'invalid-field', /package\.links/],
    [
      `${PACKAGE}rust-version = "^1.70"\n`,
      'invalid-field',
      /is "\^1\.70": use one to three numbers/,
    ],
    [
      `${PACKAGE}authors = "me"\n`,
      'invalid-field',
      /"package\.authors" .* should be a list of texts/,
    ],
    [`${PACKAGE}[dependencies]\na = 1\n`, 'invalid-field', /"dependencies\.a" .* an object/],
    [
      `${PACKAGE}[dependencies]\na.version = 1\n`,
      'invalid-field',
      /"dependencies\.a\.version" in Cargo\.toml is "1" and should be a text/,
    ],
    [
      `${PACKAGE}[dependencies]\na.workspace = true\n`,
      'invalid-field',
      /"dependencies\.a\.workspace" in Cargo\.toml .* inherits from a workspace/,
    ],
    [`${PACKAGE}[dependencies]\na = "latest"\n`, 'invalid-field', /requirement of "a" is "latest"/],
    [
      `${PACKAGE}[dependencies]\n"a b" = "1"\n`,
      'invalid-field',
      /not the name of a dependency: "a b"/,
    ],
    [`${PACKAGE}[target.'a b'.dependencies]\na = "1"\n`, 'invalid-field', /no platform that cargo/],
    [
      `${PACKAGE}[features]\na = ["b"]\n`,
      'invalid-field',
      /the feature "a" has "b": it is no feature/,
    ],
    [
      `${PACKAGE}[features]\na = "b"\n`,
      'invalid-field',
      /"features\.a" .* should be a list of texts/,
    ],
  ] as const)('%j', async (text, code, message) => {
    await expectRefusal(() => parse(text), code, message)
  })

  test('what is not UTF-8', async () => {
    const latin = new Uint8Array([...new TextEncoder().encode(`${PACKAGE}#`), 0xe9])
    await expectRefusal(
      () => parseManifest(latin),
      'malformed',
      /Cargo\.toml is not UTF-8: save it so/,
    )
  })
})
