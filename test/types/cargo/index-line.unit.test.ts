import { describe, expect, test } from 'vitest'
import type { CrateDependency } from '../../../src/types/cargo/format/dependency.ts'
import { beginIndexLine, endIndexLine } from '../../../src/types/cargo/format/index-line.ts'

const crate = {
  ...{ name: 'Hello_World', version: '1.0.0', dependencies: [], features: new Map() },
  ...{ links: null, rustVersion: null, sha256: 'ab'.repeat(32), publishedAt: 1_700_000_000_999 },
}
const dependency: CrateDependency = {
  ...{ name: 'log', package: null, requirement: '^1', features: [], optional: false },
  ...{ defaultFeatures: true, target: null, kind: 'normal', registry: null },
}

const line = (changed: object, yanked = false) =>
  endIndexLine(beginIndexLine({ ...crate, ...changed }), yanked)

describe('the line of a version', () => {
  test('that has nothing', () => {
    expect(line({})).toBe(
      `{"name":"Hello_World","vers":"1.0.0","deps":[],"cksum":"${'ab'.repeat(32)}","features":{},` +
        '"links":null,"pubtime":"2023-11-14T22:13:20Z","yanked":false}\n',
    )
  })

  test('that is yanked differs at its end alone', () => {
    const [kept, yanked] = [line({}), line({}, true)]
    expect(yanked).toBe(kept.replace('"yanked":false', '"yanked":true'))
    expect(kept.indexOf('"yanked"')).toBe(kept.length - '"yanked":false}\n'.length)
  })

  test('that has all', () => {
    const dependencies = [
      { ...dependency, name: 'z', package: 'real', target: 'cfg(unix)', optional: true },
      { ...dependency, kind: 'dev' },
      {
        ...dependency,
        features: ['std'],
        registry: 'https://example.com/',
        defaultFeatures: false,
      },
    ]
    const features = new Map([
      ['old', ['log/std']],
      ['new', ['dep:z', 'log?/x']],
    ])
    const given = line({ dependencies, features, links: 'z', rustVersion: '1.60' })
    const of = {
      optional: false,
      default_features: true,
      target: null,
      registry: null,
      package: null,
    }
    expect(JSON.parse(given)).toEqual({
      ...{ name: 'Hello_World', vers: '1.0.0', cksum: 'ab'.repeat(32), links: 'z' },
      ...{ rust_version: '1.60', pubtime: '2023-11-14T22:13:20Z', yanked: false },
      ...{ v: 2, features: { old: ['log/std'] }, features2: { new: ['dep:z', 'log?/x'] } },
      deps: [
        {
          ...{ ...of, name: 'log', req: '^1', features: ['std'], kind: 'normal' },
          ...{ registry: 'https://example.com/', default_features: false },
        },
        { ...of, name: 'log', req: '^1', features: [], kind: 'dev' },
        {
          ...{ ...of, name: 'z', package: 'real', req: '^1', features: [], kind: 'normal' },
          ...{ target: 'cfg(unix)', optional: true },
        },
      ],
    })
  })

  test('that builds a program of a dependency is for a cargo that knows it', () => {
    const artifact = { kinds: ['bin'], target: null, library: true }
    expect(JSON.parse(line({ dependencies: [{ ...dependency, artifact }] }))).toMatchObject({
      v: 3,
      deps: [{ artifact: ['bin'], bindep_target: null, lib: true }],
    })
  })

  test('is one line, whatever is in it', () => {
    const given = line({ features: new Map([['__proto__', ['\u2028"\\']]]) })
    expect(given.split('\n')).toHaveLength(2)
    expect(given).toContain('"__proto__":["\u2028\\"\\\\"]')
  })
})
