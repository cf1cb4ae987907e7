import { describe, expect, it } from 'vitest'
import { checkSameManifest } from '../../../src/types/npm/format/confusion.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

const same = { name: '@s/p', version: '1.0.0' }
const check = (manifest: object, packageJson: object) =>
  checkSameManifest({ ...same, ...manifest }, { ...same, ...packageJson })

describe('a manifest and its package.json', () => {
  it.each([
    [{}, {}],
    [{}, { version: 'v1.0.0' }],
    [{}, { version: ' =1.0.0+build' }],
    [{ version: '1.0.0+b' }, { version: '1.0.0+b' }],
    [
      { dependencies: { a: '1', b: '2' }, optionalDependencies: { b: '2' } },
      { dependencies: { a: ' 1' }, optionalDependencies: { b: '2' } },
    ],
    [{ bin: { p: 'cli.js' } }, { bin: './cli.js' }],
    [{ bin: { '@s/p': 'cli.js' } }, { bin: './cli.js' }],
    [{ bin: { p: 'cli.js', q: 'q.js' } }, { bin: { p: './cli.js', q: '/q.js' } }],
    [{ bin: { a: 'bin/a' }, directories: { bin: './bin/' } }, { directories: { bin: './bin/' } }],
    [{ directories: { bin: 'bin' } }, { directories: { bin: 'bin' } }],
    [{ bin: { a: 'bin/x/../a', b: 'b' } }, { bin: { a: './bin/a', b: '../b' } }],
    [{ bin: { 'a.js': 'lib/a.js' } }, { bin: ['./lib/a.js'] }],
    [
      { dependencies: { a: '1' }, bundleDependencies: ['a'] },
      { dependencies: { a: '1' }, bundledDependencies: true },
    ],
    [{ bundleDependencies: [] }, { bundleDependencies: false }],
    // npm 6.14.18, of itself.
    [
      { dependencies: { a: '1', b: '*' }, bundleDependencies: ['a', 'b'] },
      { dependencies: { a: '1' }, bundleDependencies: ['a', 'b'] },
    ],
    [{ bundleDependencies: ['a'] }, { bundleDependencies: { a: '1' } }],
    [
      { peerDependenciesMeta: { a: { optional: true } } },
      { peerDependenciesMeta: { a: { optional: true }, b: { optional: false } } },
    ],
    [{ scripts: { install: 'node-gyp rebuild' }, gypfile: true }, {}],
    [
      { scripts: { install: 'tool', test: 'x' } },
      { scripts: { install: 'node_modules/.bin/tool' } },
    ],
    [{ devDependencies: { a: '1' }, scripts: { test: 'a' } }, { devDependencies: { b: '1' } }],
    [
      { dependencies: JSON.parse('{"__proto__":"1"}') },
      { dependencies: JSON.parse('{"__proto__":"1"}') },
    ],
  ])('are the same: %j, %j', (manifest, packageJson) => {
    expect(() => check(manifest, packageJson)).not.toThrow()
  })

  it.each([
    [
      {},
      { name: 'p' },
      'name',
      /^name is "@s\/p" in the manifest and "p" in the tarball's package.json: publish/,
    ],
    [{}, { name: undefined }, 'name', /and nothing in the tarball/],
    [{}, { version: '1.0.1' }, 'version', /^version is "1.0.0" in the manifest and "1.0.1"/],
    [{}, { version: 1 }, 'version', /and a number in the tarball/],
    [
      {},
      { dependencies: { evil: '1' } },
      'dependencies',
      /^dependencies \/ "evil" is nothing in the manifest and "1"/,
    ],
    [
      { dependencies: { a: '1' } },
      { dependencies: { a: '2' } },
      'dependencies',
      /"a" is "1" in the manifest and "2"/,
    ],
    [{}, { optionalDependencies: { evil: '1' } }, 'dependencies', /"evil" is nothing/],
    [{ dependencies: { a: '1' } }, {}, 'dependencies', /"a" is "1" in the manifest and nothing/],
    [
      {},
      { dependencies: JSON.parse('{"__proto__":"1"}') },
      'dependencies',
      /"__proto__" is nothing/,
    ],
    [{}, { peerDependencies: { a: '1' } }, 'peerDependencies', /^peerDependencies \/ "a"/],
    [
      {},
      { scripts: { postinstall: 'evil' } },
      'scripts',
      /^scripts \/ "postinstall" is nothing in the manifest and "evil"/,
    ],
    [{ scripts: { install: 'a' } }, { scripts: { install: 'b' } }, 'scripts', /"install" is "a"/],
    [{}, { bin: 'evil.js' }, 'bin', /^bin \/ "p" is nothing in the manifest and "evil.js"/],
    [{ bin: { p: 'a' } }, { bin: { p: 'b' } }, 'bin', /"p" is "a"/],
    [
      { bin: { node: 'x' }, directories: { bin: 'b' } },
      {},
      'directories.bin',
      /"bin" is "b" in the manifest and nothing/,
    ],
    [
      { bin: { a: 'evil' }, directories: { bin: 'b' } },
      { bin: { a: 'x' }, directories: { bin: 'b' } },
      'bin',
      /^bin \/ "a" is "evil" in the manifest and "x"/,
    ],
    [
      { bin: { node: 'evil' }, directories: { bin: 'b' } },
      { directories: { bin: 'b' } },
      'bin',
      /^bin \/ "node" is "evil" in the manifest and nothing/,
    ],
    [
      { bin: { node: 'b/../evil' }, directories: { bin: 'b' } },
      { directories: { bin: 'b' } },
      'bin',
      /"node" is "evil"/,
    ],
    [
      {},
      { bundledDependencies: ['a'] },
      'bundleDependencies',
      /"a" is nothing in the manifest and "bundled"/,
    ],
    [{ bundleDependencies: ['a'] }, {}, 'bundleDependencies', /"a" is "bundled"/],
    [
      {},
      { peerDependenciesMeta: { a: { optional: true } } },
      'peerDependenciesMeta',
      /"a" is nothing in the manifest and "optional"/,
    ],
  ])('differ: %j, %j', async (manifest, packageJson, field, message) => {
    await expectRefusal(() => check(manifest, packageJson), 'invalid-field', message)
    try {
      check(manifest, packageJson)
    } catch (error) {
      expect(error).toMatchObject({ field })
    }
  })
})
