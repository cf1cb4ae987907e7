import { describe, expect, test } from 'vitest'
import { agree } from '../../../src/types/cargo/format/agreement.ts'
import { parseManifest } from '../../../src/types/cargo/format/manifest.ts'
import { parseMetadata } from '../../../src/types/cargo/format/metadata.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { buildMetadata, type CrateSpec, type DependencySpec, formatManifest } from './builder.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const PUBLIC = 'https://github.com/rust-lang/crates.io-index'

function compare(claimed: CrateSpec, found: CrateSpec = claimed) {
  const metadata = parseMetadata(encode(JSON.stringify(buildMetadata(claimed))))
  return agree(metadata, parseManifest(encode(formatManifest(found))), '/here/')
}

const of = (...dependencies: DependencySpec[]): CrateSpec => ({ dependencies })
const log: DependencySpec = { name: 'log', req: '1.2' }

describe('what the JSON and the manifest say alike', () => {
  test('in their own spellings', () => {
    const platform = 'cfg(any(unix,windows))'
    const dependencies = compare({
      ...of(
        { ...log, features: ['b', 'a'] },
        { ...log, kind: 'dev', req: '=1.2.3' },
        { ...log, target: platform, rename: 'l' },
        { ...log, target: 'wasm32', kind: 'build', defaultFeatures: false },
      ),
      ...{ links: 'z', rustVersion: '1.70', features: { a: ['log/std'] } },
    })
    expect(dependencies.map(({ requirement }) => requirement)).toEqual([
      ...['^1.2', '=1.2.3', '^1.2', '^1.2'],
    ])
  })

  test('but for registries, of which only the JSON knows what is elsewhere', () => {
    const here = 'sparse+https://example.com/here/'
    const dependencies = compare(
      of({ name: 'a' }, { name: 'b', registry: PUBLIC }, { name: 'c', registry: here }),
      of({ name: 'a', registry: here }, { name: 'b' }, { name: 'c', registry: here }),
    )
    expect(dependencies.map(({ registry }) => registry)).toEqual([null, PUBLIC, here])
  })

  test('but for what features enable of dependencies that cargo left out', () => {
    const claimed = { features: { a: ['helper/std', 'b'], b: [] } }
    expect(compare(claimed, { features: { a: ['b'], b: [] } })).toEqual([])
  })

  test('but for what a crate is developed with, which the JSON may leave out', () => {
    expect(compare({}, of({ ...log, kind: 'dev' }))).toEqual([])
  })

  test('but for a wildcard that is written as a caret', () => {
    expect(compare(of({ ...log, req: '1.*' }), of({ ...log, req: '^1' }))).toHaveLength(1)
  })

  test('but for a version of Rust, which old versions of cargo do not send', () => {
    expect(compare({}, { rustVersion: '1.70' })).toEqual([])
  })
})

describe('refuses another', () => {
  test.each([
    [
      { name: 'a' },
      { name: 'b' },
      /^the name is "a" in the JSON and "b" in Cargo\.toml: publish with/,
    ],
    [{ name: 'Hello' }, { name: 'hello' }, /the name is "Hello" in the JSON and "hello"/],
    [{}, { version: '1.0.1' }, /the version is "1\.0\.0" in the JSON and "1\.0\.1" in Cargo\.toml/],
    [{ version: '1.0.0+a' }, { version: '1.0.0' }, /the version is "1\.0\.0\+a"/],
    [{}, { links: 'z' }, /the links is absent in the JSON and "z" in Cargo\.toml/],
    [{ rustVersion: '1.60' }, { rustVersion: '1.70' }, /the rust-version is "1\.60"/],
    [{ rustVersion: '1.60' }, {}, /the rust-version is "1\.60" in the JSON and absent/],
    [{}, of(log), /Cargo\.toml has the dependency "log", and the JSON has not/],
    [
      of({ ...log, kind: 'dev' }),
      {},
      /the JSON has the dev dependency "log", and Cargo\.toml has not/,
    ],
    [of({ ...log, req: '1.2.*' }), of({ ...log, req: '^1.2' }), /the requirement/],
    [of(log), {}, /the JSON has the dependency "log", and Cargo\.toml has not/],
    [of(log, log), of(log), /the JSON has the dependency "log" twice/],
    [
      of({ ...log, kind: 'dev' }),
      of({ ...log, kind: 'build' }),
      /Cargo\.toml has the build dependency "log", and/,
    ],
    [of({ ...log, target: 'a' }), of({ ...log, target: 'b' }), /the dependency "log" for "b", and/],
    [
      of({ name: 'evil', rename: 'log' }),
      of(log),
      /the name in its registry of .* is "evil" in the/,
    ],
    [
      of({ ...log, req: '*' }),
      of(log),
      /the requirement of the dependency "log" is "\*" in the JSON/,
    ],
    [
      of({ ...log, optional: true }),
      of(log),
      /the optionality of the dependency "log" is "optional"/,
    ],
    [of({ ...log, defaultFeatures: false }), of(log), /the default features of the dep.* is "off"/],
    [
      of({ ...log, features: ['a'] }),
      of(log),
      /the features of the dependency "log" is "a" in the/,
    ],
    [
      of({ ...log, registry: PUBLIC }),
      of({ ...log, registry: 'https://example.com/' }),
      /the registry of the dependency "log" is "https:\/\/github.com/,
    ],
    [{ features: { a: [] } }, {}, /the feature "a" is "" in the JSON and absent in Cargo\.toml/],
    [{}, { features: { a: [] } }, /the feature "a" is absent in the JSON/],
    [
      { features: { a: ['b'], b: [] } },
      { features: { a: [], b: [] } },
      /the feature "a" is "b" in the JSON and "" in Cargo\.toml/,
    ],
  ] as const)('%j', async (claimed, found, message) => {
    await expectRefusal(() => compare(claimed, found), 'invalid-field', message)
  })
})
