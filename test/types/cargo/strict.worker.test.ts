// What a crate depends on, where from, and what it may be called, over HTTP.
import { beforeEach, describe, expect, it } from 'vitest'
import { ADMIN, answerOf, createOwner } from '../../support/worker/registry.ts'
import type { CrateSpec } from './builder.ts'
import { mustPublish, publish } from './client.ts'
import { CARGO } from './index-reader.ts'

beforeEach(() => createOwner())

const PUBLIC = 'https://github.com/rust-lang/crates.io-index'
const SPARSE = 'sparse+https://index.crates.io/'
const HERE = `sparse+https://registry.test${CARGO}/`

const HEAD = '[package]\nname = "hello-world"\nversion = "1.0.0"\nedition = "2021"\n'
/** A crate whose JSON has a dependency `a`, and whose Cargo.toml says this of it. */
const withToml = (toml: string, registry?: string): CrateSpec => ({
  dependencies: [{ name: 'a', ...(registry === undefined ? {} : { registry }) }],
  manifest: `${HEAD}${toml}`,
})

it('a spelling stays with a crate of which all versions were removed', async () => {
  await mustPublish({ name: 'delTwo' }, { name: 'delTwo', version: '1.1.0' })
  for (const version of ['1.0.0', '1.1.0']) {
    const path = `/api/v1/packages/acme/cargo/deltwo/${version}`
    expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
  }
  for (const name of ['DELTWO', 'deltwo']) {
    expect((await publish({ name, version: '2.0.0' })).said).toMatch(
      /^409 .*that acme\/cargo has as "delTwo": publish it under that spelling/,
    )
  }
  await mustPublish({ name: 'delTwo', version: '2.0.0' })
})

describe('a dependency that the index cannot carry is refused', () => {
  it.each([
    ['[dependencies.a]\ngit = "https://example.com/a"\n', /"dependencies.a.git" in Cargo.toml/],
    [
      '[dependencies.a]\ngit = "https://e.com/a"\nversion = "1"\n',
      /"dependencies.a.git" .*version/,
    ],
    ['[dependencies]\na.path = "../a"\n', /"dependencies.a.path" in Cargo.toml .*version/],
    [
      '[target."cfg(unix)".dependencies]\na = { path = "a" }\n',
      /"target.*\.dependencies\.a\.path" in/,
    ],
  ])('%s', async (toml, reason) => {
    const answer = await publish(withToml(toml))
    expect(answer.said).toMatch(/^400 /)
    expect(answer.said).toMatch(reason)
  })

  it('but not one with a version beside its path, as crates of old have it', async () => {
    await mustPublish(withToml('[dependencies.a]\npath = "a"\nversion = "1"\n'))
  })
})

describe('the registry of a dependency', () => {
  it.each([
    'file:///etc/index',
    'sparse+file:///x/',
    'ssh://git@example.com/index.git',
    'git://example.com/index',
    'http://example.com/index',
    'sparse+http://example.com/index/',
    'sparse+https://example.com/index',
    'registry+https://example.com/index',
    'https://',
  ])('%s is no address that cargo writes and users can reach', async (registry) => {
    expect((await publish(withToml('[dependencies]\na = "1"\n', registry))).said).toMatch(
      /^400 deps\[0\]\.registry is ".*" and should be .*such as sparse\+https:\/\/example.com\/index\//,
    )
  })

  it.each([
    [PUBLIC, ''],
    [SPARSE, ''],
    [
      'sparse+http://localhost:9000/index/',
      'registry-index = "sparse+http://localhost:9000/index/"',
    ],
    [undefined, `registry-index = "${HERE}"`],
    [undefined, ''],
  ])('%s is taken beside %s in Cargo.toml', async (registry, line) => {
    await mustPublish(withToml(`[dependencies.a]\nversion = "1"\n${line}\n`, registry))
  })

  it.each([
    ['https://evil.example/index', '', /is "https:\/\/evil.* in the JSON and absent in Cargo.toml/],
    [
      PUBLIC,
      'registry-index = "https://other.example/i"',
      /crates.io-index" in the JSON and "https:\/\/other/,
    ],
    [
      undefined,
      'registry-index = "https://other.example/i"',
      /absent in the JSON and "https:\/\/other/,
    ],
    [
      undefined,
      `registry-index = "${HERE.replace('acme', 'evil')}"`,
      /absent in the JSON and "sparse/,
    ],
  ])('%s is refused beside %s', async (registry, line, reason) => {
    const { said } = await publish(withToml(`[dependencies.a]\nversion = "1"\n${line}\n`, registry))
    expect(said).toMatch(/^400 the registry of the dependency "a"/)
    expect(said).toMatch(reason)
  })
})

it.each(['std', 'core', 'alloc', 'test', 'proc_macro', 'proc-macro', 'Std', 'fn', 'self', 'async'])(
  'no crate is called %s, which means something to Rust',
  async (name) => {
    expect((await publish({ name })).said).toMatch(/^400 name is ".*", .*choose another name$/)
  },
)

describe('Cargo.toml is read in every form of TOML', () => {
  const DEPENDS = '[dependencies]\na = "1"\n'
  it.each([
    [
      'dotted keys',
      'package.name = "hello-world"\npackage.version = "1.0.0"\ndependencies.a = "1"\n',
    ],
    ['deep dotted keys', `${HEAD}[dependencies]\na.version = "1"\n`],
    [
      'inline tables',
      'package = { name = "hello-world", version = "1.0.0" }\ndependencies = { a = { version = "1" } }\n',
    ],
    ['CRLF', `${HEAD}${DEPENDS}`.replaceAll('\n', '\r\n')],
    ['a byte-order mark', `\ufeff${HEAD}${DEPENDS}`],
    ['arrays of tables', `${HEAD}${DEPENDS}[[bin]]\nname = "x"\n[[bin]]\nname = "y"\n`],
    ['quoted keys', `["package"]\n"name" = 'hello-world'\n'version' = """1.0.0"""\n${DEPENDS}`],
    ['no end of line', `${HEAD}${DEPENDS}`.trimEnd()],
  ])('%s', async (_, manifest) => {
    await mustPublish({ dependencies: [{ name: 'a' }], manifest })
  })

  it.each([
    ['[[dependencies]]\na = "1"\n', /"dependencies" in Cargo.toml is a list/],
    [`${DEPENDS}${DEPENDS}`, /Cargo.toml is no TOML at line/],
    ['[[package]]\nname = "x"\n', /Cargo.toml is no TOML at line/],
  ])('%s is refused', async (toml, reason) => {
    const { said } = await publish(withToml(toml))
    expect(said).toMatch(/^400 /)
    expect(said).toMatch(reason)
  })
})
