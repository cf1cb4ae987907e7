import { describe, expect, test } from 'vitest'
import { parseMetadata } from '../../../src/types/cargo/format/metadata.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { buildMetadata, type DependencySpec } from './builder.ts'

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const parse = (changed: Readonly<Record<string, unknown>> = {}) =>
  parseMetadata(encode({ ...buildMetadata(), ...changed }))

/** The JSON with a dependency of which members are others. */
const withDependency = (
  changed: Readonly<Record<string, unknown>>,
  spec: DependencySpec = { name: 'serde' },
) => {
  const [dependency] = buildMetadata({ dependencies: [spec] }).deps as Record<string, unknown>[]
  return { deps: [{ ...dependency, ...changed }] }
}

describe('what cargo sends', () => {
  test('is read', () => {
    expect(parse({ links: 'z', rust_version: '1.70', features: { a: ['serde/std'] } })).toEqual({
      ...{ name: 'hello-world', version: '1.0.0', dependencies: [] },
      ...{ features: new Map([['a', ['serde/std']]]), links: 'z', rustVersion: '1.70' },
      readme: { fileName: 'README.md', text: '# Hello' },
    })
  })

  test('with a dependency of all fields, in cargo`s own spelling', () => {
    const registry = 'sparse+https://example.com/index/'
    const changed = {
      ...{
        name: 'serde',
        explicit_name_in_toml: 'serde1',
        version_req: '>= 1, <3',
        optional: true,
      },
      ...{ default_features: false, features: ['derive', ''], target: 'cfg(any(unix,windows))' },
      ...{ kind: 'build', registry, artifact: ['bin:x'], bindep_target: 'wasm32', lib: true },
    }
    expect(parse(withDependency(changed)).dependencies).toEqual([
      {
        ...{ name: 'serde1', package: 'serde', requirement: '>=1, <3', optional: true },
        ...{ defaultFeatures: false, features: ['derive'], target: 'cfg(any(unix, windows))' },
        ...{ kind: 'build', registry },
        artifact: { kinds: ['bin:x'], target: 'wasm32', library: true },
      },
    ])
  })

  test('and what is missing or null is what it would be without', () => {
    const least = { name: 'a', vers: '1.0.0', deps: [{ name: 'b', version_req: '*' }] }
    expect(parseMetadata(encode({ ...least, unknown: 1, links: null }))).toEqual({
      ...{ name: 'a', version: '1.0.0', features: new Map(), links: null, rustVersion: null },
      dependencies: [
        {
          ...{ name: 'b', package: null, requirement: '*', features: [], optional: false },
          ...{ defaultFeatures: true, target: null, kind: 'normal', registry: null },
        },
      ],
    })
  })

  test('names that every object has are no fields', () => {
    const text =
      '{"name":"a","vers":"1.0.0","features":{"__proto__":[],"constructor":["__proto__"]}}'
    const { features } = parseMetadata(new TextEncoder().encode(text))
    expect([...features]).toEqual([
      ['__proto__', []],
      ['constructor', ['__proto__']],
    ])
    expect(parseMetadata(encode({ name: 'a', vers: '1.0.0' })).links).toBeNull()
  })
})

describe('refuses', () => {
  test.each([
    [
      { name: undefined },
      /^"name" in the JSON is missing and should be a text: publish with cargo/,
    ],
    [{ name: 5 }, /"name" in the JSON is "5" and should be a text/],
    [{ name: '' }, /^name is not the name of a crate: "" should be a letter, then at most 63/],
    [{ name: '1a' }, /not the name of a crate/],
    [{ name: 'a.b' }, /not the name of a crate/],
    [{ name: 'é' }, /not the name of a crate/],
    [{ name: 'a'.repeat(65) }, /not the name of a crate/],
    [{ name: '../a' }, /not the name of a crate/],
    [{ name: 'Nul' }, /"Nul", which Windows takes for a device: choose another name/],
    [{ vers: '1.0' }, /^vers is "1\.0": it has to be a version by SemVer 2\.0\.0: 1\.0\.0$/],
    [{ vers: null }, /"vers" in the JSON is missing/],
    [{ deps: {} }, /"deps" in the JSON is an object and should be a list of objects/],
    [{ deps: ['a'] }, /"deps\[0\]" in the JSON is "a" and should be an object/],
    [withDependency({ name: 'a b' }), /deps\[0\]\.name is not the name of a dependency: "a b"/],
    [withDependency({ explicit_name_in_toml: '1' }), /deps\[0\]\.name is not the name/],
    [withDependency({ name: '' }, { name: 'a', rename: 'b' }), /deps\[0\]\.package is not the/],
    [withDependency({ version_req: '1 || 2' }), /the requirement of "serde" is "1 \|\| 2", which/],
    [withDependency({ version_req: null }), /"deps\[0\]\.version_req" in the JSON is missing/],
    [
      withDependency({ target: 'cfg(' }),
      /the platform of "serde" is "cfg\(", which is no platform/,
    ],
    [withDependency({ kind: 'test' }), /deps\[0\]\.kind is "test": use "normal", "dev" or "build"/],
    [
      withDependency({ optional: 'no' }),
      /"deps\[0\]\.optional" in the JSON is "no" and should be true/,
    ],
    [
      withDependency({ kind: 'dev', optional: true }),
      /the dev dependency "serde" is optional, which/,
    ],
    [
      withDependency({ features: ['a b'] }),
      /deps\[0\]\.features of "serde" is not the name of a feat/,
    ],
    [
      withDependency({ features: 'a' }),
      /"deps\[0\]\.features" in the JSON is "a" and should be a list/,
    ],
    [
      withDependency({ registry: 'here' }),
      /deps\[0\]\.registry is "here" and should be the address/,
    ],
    [
      withDependency({ registry: 'sparse+https://me:secret@example.com/index/' }),
      /deps\[0\]\.registry has a password in it, which all who read the index would get: /,
    ],
    [withDependency({ registry: 'https://a b/' }), /should be the address of an index/],
    [withDependency({ artifact: ['exe'] }), /deps\[0\]\.artifact has "exe": use "bin"/],
    [{ features: ['a'] }, /"features" in the JSON is a list and should be an object/],
    [{ features: { a: 'b' } }, /"features\.a" in the JSON is "b" and should be a list of texts/],
    [{ features: { a: [1] } }, /"features\.a" in the JSON is a list and should be a list of texts/],
    [{ links: 1 }, /"links" in the JSON is "1" and should be a text/],
    [{ rust_version: 1.7 }, /"rust_version" in the JSON is "1\.7"/],
    [{ description: ['x'] }, /"description" in the JSON is a list and should be a text/],
    [{ readme: 0 }, /"readme"/],
    [{ authors: 'me' }, /"authors" in the JSON is "me" and should be a list of texts/],
    [{ badges: [] }, /"badges" in the JSON is a list and should be an object/],
    [{ badges: { ci: 'x' } }, /"badges\.ci" in the JSON is "x" and should be an object/],
    [{ license: 'half \ud800' }, /"license" in the JSON is no Unicode/],
  ] as const)('%j', async (changed, message) => {
    await expectRefusal(() => parse(changed), 'invalid-field', message)
  })

  test.each([
    ['', /^what comes before the crate is no JSON: publish with cargo$/],
    ['{', /is no JSON/],
    ['\ufeff{}', /is no JSON/],
  ])('the text %j', async (text, message) => {
    await expectRefusal(() => parseMetadata(new TextEncoder().encode(text)), 'malformed', message)
  })

  test('what is no object, and what is no UTF-8', async () => {
    await expectRefusal(() => parseMetadata(encode([])), 'invalid-field', /"the whole" in the JSON/)
    await expectRefusal(() => parseMetadata(Uint8Array.of(0xff)), 'malformed', /is not UTF-8/)
  })
})
