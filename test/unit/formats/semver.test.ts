import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, test } from 'vitest'
import {
  isPrerelease,
  parseSemver,
  type Semver,
  semverOrderKey,
  withoutBuild,
} from '../../../src/formats/semver.ts'
import { fuzz, fuzzTimeout } from '../../fuzz/settings.ts'
import { text } from '../../fuzz/texts.ts'

function parsed(version: string): Semver {
  const found = parseSemver(version)
  if (found === undefined) throw new Error(`${version} was not read`)
  return found
}

const keyOf = (version: string) => semverOrderKey(parsed(version))

/** As SQLite compares texts: the bytes of UTF-8. */
function compareKeys(a: string, b: string): number {
  return Math.sign(Buffer.compare(Buffer.from(keyOf(a)), Buffer.from(keyOf(b))))
}

/** SemVer 11 word for word, with numbers of any length: written apart from the code under test. */
function compareByTheStandard(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => {
    const [, numbers = '', tail = ''] = /^([0-9.]*)(?:-([^+]*))?/.exec(version) ?? []
    return { numbers: numbers.split('.').map(BigInt), tail: tail === '' ? [] : tail.split('.') }
  })
  if (left === undefined || right === undefined) throw new Error('two versions are compared')
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0n
    if (number !== other) return number < other ? -1 : 1
  }
  if (left.tail.length === 0 || right.tail.length === 0) {
    return Math.sign(right.tail.length - left.tail.length)
  }
  for (const [index, each] of left.tail.entries()) {
    const other = right.tail[index]
    if (other === undefined) return 1
    if (each === other) continue
    const [numeric, otherNumeric] = [/^\d+$/.test(each), /^\d+$/.test(other)]
    if (numeric && otherNumeric) return BigInt(each) < BigInt(other) ? -1 : 1
    if (numeric !== otherNumeric) return numeric ? -1 : 1
    return each < other ? -1 : 1
  }
  return left.tail.length === right.tail.length ? 0 : -1
}

describe('reads', () => {
  test('the parts of a version', () => {
    expect(parseSemver('1.20.0-rc.1.x-y+build.007')).toEqual({
      ...{ major: '1', minor: '20', patch: '0' },
      ...{ prerelease: ['rc', '1', 'x-y'], build: ['build', '007'] },
    })
  })

  test.each([
    ...['0.0.0', '1.0.0-0', '1.0.0-0a', '1.0.0-00a', '1.0.0--', '1.0.0-a.-.0', '1.0.0+00'],
    ...['18446744073709551615.0.0', '99999999999999999999999.0.0', '1.0.0-99999999999999999999999'],
  ])('%s', (version) => {
    expect(parseSemver(version)).toBeDefined()
  })

  test.each([
    ...['', '1', '1.0', 'v1.0.0', '=1.0.0', '01.0.0', '1.00.0', '1.0.00', '1.0.0.0', '1.0.0-'],
    ...['1.0.0+', '1.0.0-01', '1.0.0-a..b', '1.0.0-.a', '1.0.0-a.', '1.0.0+a+b', '1.0.0-é'],
    ...[
      ' 1.0.0',
      '1.0.0 ',
      '1.0.0\n',
      '1.0.0-a_b',
      '-1.0.0',
      '1.x.0',
      '1.*.0',
      '１.0.0',
      '1.0.0-\u0660',
    ],
  ])('not %j', (version) => {
    expect(parseSemver(version)).toBeUndefined()
  })

  test('whether it is before a release, and what it is without its build', () => {
    expect(
      ['1.0.0', '1.0.0-a', '1.0.0+a', '1.0.0-a+b'].map((each) => isPrerelease(parsed(each))),
    ).toEqual([false, true, false, true])
    expect(['1.0.0', '1.0.0-a+b-c', '1.0.0+a.b', '1.0.0+a\nb'].map(withoutBuild)).toEqual([
      '1.0.0',
      '1.0.0-a',
      '1.0.0',
      '1.0.0',
    ])
  })
})

describe('the order of keys', () => {
  test('is that of the examples of the standard, and of numbers by their value', () => {
    const ordered = [
      ...['0.0.0', '0.0.9', '0.0.10', '0.9.0', '0.10.0', '1.0.0-0', '1.0.0-9', '1.0.0-10'],
      ...['1.0.0-10.0', '1.0.0--', '1.0.0-0a', '1.0.0-A', '1.0.0-a', '1.0.0-a.0', '1.0.0-a.a'],
      ...['1.0.0-a-', '1.0.0-a0', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta'],
      ...['1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '2.0.0', '10.0.0'],
      ...['9007199254740992.0.0', '9007199254740993.0.0', '18446744073709551615.0.0'],
      `1${'0'.repeat(100)}.0.0`,
    ]
    for (const [index, a] of ordered.entries()) {
      for (const [other, b] of ordered.entries()) {
        expect([a, b, compareKeys(a, b)]).toEqual([a, b, Math.sign(index - other)])
        expect([a, b, compareByTheStandard(a, b)]).toEqual([a, b, Math.sign(index - other)])
      }
    }
  })

  test('passes over the build', () => {
    expect(keyOf('1.0.0-a+1')).toBe(keyOf('1.0.0-a'))
    expect(keyOf('1.0.0+z')).toBe(keyOf('1.0.0'))
  })

  test('is in ASCII and short', () => {
    expect(keyOf('1.12.0')).toMatch(/^[ -~]{1,16}$/)
    expect(keyOf('1.12.0-rc.1')).toMatch(/^[ -~]{1,24}$/)
  })

  const small = fc.oneof(fc.nat(12), fc.constantFrom(99, 100, 101, 999, 1000)).map(String)
  const safe = fc.oneof({ weight: 4, arbitrary: small }, fc.maxSafeNat().map(String))
  const long = fc.oneof(
    { weight: 2, arbitrary: small },
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    fc.bigInt({ min: 10n ** 98n, max: 10n ** 101n }).map(String),
  )
  const word = fc.string({
    ...{ minLength: 1, maxLength: 4 },
    unit: fc.constantFrom('0', '1', '9', 'A', 'Z', 'a', 'b', 'z', '-'),
  })
  const versions = (number: fc.Arbitrary<string>) => {
    const identifier = fc.oneof(
      number,
      word.filter((each) => !/^0\d+$/.test(each)),
    )
    const tail = fc.array(identifier, { maxLength: 3 }).map((each) => each.join('.'))
    return fc
      .tuple(number, number, number, tail, fc.constantFrom('', '+a', '+0.b'))
      .map(([x, y, z, pre, build]) => `${x}.${y}.${z}${pre === '' ? '' : `-${pre}`}${build}`)
  }

  /** Neighbours: most of two versions are the same, or the first number alone would decide. */
  const pairs = (number: fc.Arbitrary<string>) =>
    fc.tuple(versions(number), versions(number), fc.nat(4)).map(([a, b, same]) => {
      const [left, right] = [a, b].map((each) => each.split(/(?<=^[0-9.]*)(?=[.-])/))
      return [a, [...(left ?? []).slice(0, same), ...(right ?? []).slice(same)].join('')] as const
    })

  test('is that of the semver package of npm', { timeout: fuzzTimeout }, async () => {
    const counts = { compared: 0 }
    const property = fc.asyncProperty(pairs(safe), async ([a, b]) => {
      if (parseSemver(b) === undefined) return
      counts.compared += 1
      expect([a, b, compareKeys(a, b)]).toEqual([a, b, semver.compare(a, b)])
    })
    await fuzz('semver order', property, 4000, () => counts)
    expect(counts.compared).toBeGreaterThan(0)
  })

  test('is that of the standard for numbers of any length', { timeout: fuzzTimeout }, async () => {
    const property = fc.asyncProperty(pairs(long), async ([a, b]) => {
      if (parseSemver(b) === undefined) return
      expect([a, b, compareKeys(a, b)]).toEqual([a, b, compareByTheStandard(a, b)])
    })
    await fuzz('long semver order', property, 4000)
  })

  test('of any text: the grammar is that of the semver package', {
    timeout: fuzzTimeout,
  }, async () => {
    const likely = fc.string({ unit: fc.constantFrom(...'01.-+a ='), maxLength: 14 })
    const property = fc.asyncProperty(fc.oneof(text, likely), async (version) => {
      const found = parseSemver(version)
      const theirs = semver.parse(version)
      // That one repairs blanks, `v` and `=`, and has a length and a size that numbers may have.
      if (theirs !== null && /^[0-9][!-~]*$/.test(version)) {
        expect([version, found]).not.toEqual([version, undefined])
      }
      if (found === undefined) return
      const shown = `${found.major}.${found.minor}.${found.patch}`
      expect(withoutBuild(version)).toBe(
        [shown, ...(isPrerelease(found) ? [found.prerelease.join('.')] : [])].join('-'),
      )
    })
    await fuzz('semver texts', property, 4000)
  })
})
