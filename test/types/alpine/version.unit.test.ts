import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareVersions,
  fuzzyMatch,
  isVersion,
  parseVersion,
  versionOrder,
} from '../../../src/types/alpine/format/version.ts'
import { fuzz, fuzzTimeout } from '../../fuzz/settings.ts'

const vectors = readFileSync(join(import.meta.dirname, 'version-vectors.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t'))

function holds(left: string, operator: string, right: string): boolean {
  const order = compareVersions(left, right)
  switch (operator) {
    case '<':
      return order < 0
    case '>':
      return order > 0
    case '=':
      return order === 0
    case '~':
      return fuzzyMatch(left, right)
    case '!~':
      return !fuzzyMatch(left, right)
    case '<~':
      return order < 0 || fuzzyMatch(left, right)
    case '>~':
      return order > 0 || fuzzyMatch(left, right)
    case 'valid':
      return isVersion(left)
    case 'invalid':
      return !isVersion(left)
    default:
      throw new Error(`operator ${operator}`)
  }
}

test("all of apk's own test vectors hold", () => {
  const wrong = vectors.filter(([left = '', operator = '', right = '']) => {
    return !holds(left, operator, right)
  })
  expect(wrong).toEqual([])
  expect(vectors.length).toBe(785)
})

const version = fc.stringMatching(
  /^[0-9]{1,3}(\.[0-9]{1,3}){0,3}[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,3}){0,2}(~[0-9a-f]{1,4})?(-r[0-9]{1,2})?$/,
)

/** As SQLite compares texts. */
const compareKeys = (a: string, b: string) =>
  Buffer.compare(Buffer.from(versionOrder(a).key), Buffer.from(versionOrder(b).key))

const piece = fc.oneof(
  fc.constantFrom(
    '.0',
    '.00',
    '.01',
    '.1',
    '.10',
    '.9',
    '.123456789012345678901',
    'a',
    'z',
    '~0',
    '~0a',
  ),
  fc.constantFrom(
    '_alpha',
    '_beta',
    '_pre',
    '_rc',
    '_cvs',
    '_svn',
    '_git',
    '_hg',
    '_p',
    '_rc0',
    '_p01',
  ),
  fc.constantFrom('-r0', '-r1', '-r00', '-r10'),
)

/** Versions that begin alike: most random ones differ in their first number. */
const pair = fc
  .tuple(version, fc.array(piece, { maxLength: 4 }), fc.array(piece, { maxLength: 4 }), version)
  .chain(([begin, one, two, other]) => {
    const [a, b] = [begin + one.join(''), begin + two.join('')]
    return fc.constantFrom([a, b] as const, [a, other] as const, [begin, b] as const)
  })
  .filter((each) => each.every(isVersion))

describe('the order key', () => {
  test('of any two versions is as they are', { timeout: fuzzTimeout }, async () => {
    const counts = { equal: 0, lower: 0, higher: 0 }
    const property = fc.asyncProperty(pair, async ([a, b]) => {
      const order = Math.sign(compareVersions(a, b))
      counts[order === 0 ? 'equal' : order < 0 ? 'lower' : 'higher'] += 1
      expect([a, b, compareKeys(a, b)]).toEqual([a, b, order + 0])
    })
    await fuzz('order keys', property, 20_000, () => counts)
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
  })

  test("of all pairs of apk's own vectors is as they are", () => {
    const all = [...new Set(vectors.flatMap(([left = '', , right = '']) => [left, right]))]
    const versions = all.filter(isVersion)
    expect(versions.length).toBeGreaterThan(500)
    const wrong = versions.flatMap((a) =>
      versions.flatMap((b) =>
        compareKeys(a, b) === Math.sign(compareVersions(a, b)) + 0 ? [] : [`${a} ${b}`],
      ),
    )
    expect(wrong).toEqual([])
  })

  test('knows numbers of any length', () => {
    const long = (digit: string, length: number) => `1.${digit.repeat(length)}`
    expect(compareKeys(long('9', 9), long('1', 10))).toBe(-1)
    expect(compareKeys(long('9', 99), long('1', 100))).toBe(-1)
    expect(compareKeys(long('9', 1000), long('1', 1001))).toBe(-1)
  })
})

describe('the order', () => {
  test('of every version with itself, and both ways round', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(isVersion(a)).toBe(true)
        expect(compareVersions(a, a)).toBe(0)
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
      }),
    )
  })

  test('does not fail on what is no version', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(compareVersions(a, b)).toBeTypeOf('number')
      }),
    )
  })

  test('knows numbers beyond what a double holds', () => {
    expect(compareVersions('1.20230101120000123456', '1.20230101120000123457')).toBeLessThan(0)
  })
})

describe('a bad version', () => {
  const day = Date.UTC(2026, 0, 2, 12) / 1000
  test.each([
    ['1.2.4-SNAPSHOT', '1.2.4_git20260102'],
    ['1.2.4_SNAPSHOT-abc1234', '1.2.4_git20260102'],
    ['1.2.4-SNAPSHOT-abc1234-r3', '1.2.4_git20260102-r3'],
    ['2.0.dev3', '2.0_git20260102'],
    ['1.0-beta', '1.0_beta'],
    ['1.0-rc1', '1.0_rc1'],
    ['1.0.0-rc.1', '1.0.0_rc1'],
    ['1.0-BETA2-r3', '1.0_beta2-r3'],
    ['1.0b1', '1.0_beta1'],
    ['1.0.post1', '1.0_p1'],
    ['v1.2', '1.2'],
    ['V1.2-3', '1.2-r3'],
    ['1:2.3-1', '2.3-r1'],
    ['1.2.3+build.5', '1.2.3_p5'],
    ['1.0+1', '1.0_p1'],
    ['1.0+2-r3', '1.0_p2-r3'],
    ['1.0-p1', '1.0_p1'],
    ['1.2.3-pbuild5', '1.2.3_p5'],
    ['1.2.3+gabcdef', '1.2.3_git20260102'],
    ['1.4.4-1289492819', '1.4.4-r1289492819'],
    ['1.4.4_1289492819', '1.4.4-r1289492819'],
    ['0.99f7-r1', '0.99f_p7-r1'],
    ['6.8.0p2-r4', '6.8.0_p2-r4'],
    ['5.3.0_', '5.3.0'],
    ['1.0-pre3', '1.0_pre3'],
    ['1.0.0-beta.2+5', '1.0.0_beta2_p5'],
    ['1.0.0_beta1-r0-pmeta', '1.0.0_beta1-r0'],
    ['1.2.3-14-gabcdef0', '1.2.3_p14'],
    ['1.2.3-r', '1.2.3-r0'],
  ])('%s becomes %s', (bad, good) => {
    expect(isVersion(good)).toBe(true)
    expect(() => parseVersion(bad, day)).toThrow(
      `version "${bad}" is not an apk version: use ${good}`,
    )
  })

  test('without a build date, or beyond mending, gets the rule', () => {
    expect(() => parseVersion('1.2-SNAPSHOT')).toThrow(/use 1\.2_gityyyymmdd$/)
    expect(() => parseVersion('1.2-SNAPSHOT', 1e15)).toThrow(/use 1\.2_gityyyymmdd$/)
    for (const bad of ['latest', '', '1.0.0-alpha.beta', `${'9'.repeat(200)}-x`]) {
      expect(() => parseVersion(bad, day)).toThrow(/write numbers joined by dots/)
    }
  })

  test('is never met with a proposal that is bad too', () => {
    const parts = fc.constantFrom(
      '1',
      '.2',
      '-',
      'rc',
      '_',
      'SNAPSHOT',
      'b1',
      '+x',
      '~',
      'v',
      '-r1',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 7 }), (list) => {
        const text = list.join('')
        try {
          expect(parseVersion(text, day)).toBe(text)
        } catch (error) {
          const proposal = / use (\S+)$/.exec(String(error))?.[1]
          if (proposal !== undefined) expect(isVersion(proposal)).toBe(true)
        }
      }),
    )
  })
})
