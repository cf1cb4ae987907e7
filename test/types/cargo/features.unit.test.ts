import { describe, expect, test } from 'vitest'
import { checkFeatures, splitFeatures } from '../../../src/types/cargo/format/features.ts'
import { cpuMilliseconds } from '../../support/cpu-time.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

const mapOf = (features: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(features))
const serde = { name: 'serde', optional: true }
const log = { name: 'log', optional: false }

describe('what features may enable', () => {
  test.each([
    ['nothing', { default: [] }],
    ['other features, and itself', { a: ['b', 'a'], b: [] }],
    ['an optional dependency by its name, or by dep:', { a: ['serde'] }],
    ['a dependency by dep:', { a: ['dep:serde'] }],
    ['a feature of a dependency, weakly too', { a: ['log/std', 'serde?/derive', 'serde/x.y+z'] }],
    ['an optional dependency that a feature of its name enables', { serde: ['dep:serde'] }],
    ['names with digits, dots and pluses', { '128bit': [], 'c++17': [], 'v1.2': [], _x: [] }],
    ['names that objects have', { __proto__x: ['constructor'], constructor: [] }],
  ])('%s', (_, features) => {
    expect(() => checkFeatures(mapOf(features), [serde, log])).not.toThrow()
  })

  test.each([
    [{ a: ['b'] }, /^the feature "a" has "b": it is no feature and no dependency, leave it out$/],
    [{ a: ['log'] }, /"log": this dependency is not optional/],
    [{ a: ['serde'], b: ['dep:serde'] }, /no feature has the name .* write "dep:serde"/],
    [{ a: ['dep:other'] }, /"dep:other": there is no such dependency/],
    [{ a: ['dep:log'] }, /not optional/],
    [{ a: ['dep:'] }, /is not the name of a dependency/],
    [{ a: ['other/x'] }, /no such dependency/],
    [{ a: ['log?/x'] }, /not optional, leave out "\?"/],
    [{ a: ['dep:serde/x'] }, /"dep:" cannot stand before a "\/"/],
    [{ a: ['serde/x/y'] }, /is not the name of a feature/],
    [{ a: ['serde/'] }, /is not the name of a feature/],
    [{ 'a b': [] }, /is not the name of a feature/],
    [{ '': [] }, /is not the name of a feature/],
    [{ 'dep:a': [] }, /is not the name of a feature/],
    [{ '-a': [] }, /is not the name of a feature/],
    [{ ['a'.repeat(256)]: [] }, /is not the name of a feature/],
    [{ serde: [] }, /the optional dependency "serde" is in no feature: add "dep:serde" to one/],
  ] as const)('not %j', async (features, message) => {
    await expectRefusal(
      () => checkFeatures(mapOf(features), [serde, log]),
      'invalid-field',
      message,
    )
  })

  test('a dependency that is optional in one table is so in all', () => {
    const both = [log, { name: 'log', optional: true }]
    expect(() => checkFeatures(mapOf({ a: ['log'] }), both)).not.toThrow()
    expect(() => checkFeatures(mapOf({ a: ['log'] }), both.reverse())).not.toThrow()
  })
})

describe('the features that old versions of cargo do not read', () => {
  test('are those with newer syntax, and all that lead to such', () => {
    const split = splitFeatures(
      mapOf({
        ...{ old: ['log/std'], dep: ['dep:serde'], weak: ['serde?/std'], on: ['dep'] },
        ...{ further: ['on', 'old'], round: ['trip'], trip: ['round'] },
      }),
    )
    expect([...split.features.keys()]).toEqual(['old', 'round', 'trip'])
    expect([...split.features2.keys()]).toEqual(['dep', 'weak', 'on', 'further'])
  })

  test('are found in a long chain without much work', () => {
    const chain = Array.from({ length: 30_000 }, (_, at): [string, string[]] => [
      `f${at}`,
      [`f${at + 1}`],
    ])
    const started = cpuMilliseconds()
    const { features2 } = splitFeatures(new Map([...chain, ['f30000', ['dep:a']]]))
    expect(features2.size).toBe(30_001)
    expect(cpuMilliseconds() - started).toBeLessThan(2000)
  })
})
