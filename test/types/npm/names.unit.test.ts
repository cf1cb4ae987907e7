import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, it, test } from 'vitest'
import { FormatError } from '../../../src/formats/format-error.ts'
import { baseNameOf, parseName, scopeOf, tarballName } from '../../../src/types/npm/format/name.ts'
import { parseTag } from '../../../src/types/npm/format/tag.ts'
import { parseVersion, readVersion } from '../../../src/types/npm/format/version.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'

describe('names of packages', () => {
  it.each([
    ...[
      'a',
      'left-pad',
      'lodash.merge',
      'constructor',
      'hasownproperty',
      'a_b',
      '7zip',
      '-a',
      'a.',
    ],
    ...['@s/p', '@my-team/my_tool', '@a/b.c', '@-/a', 'toString'.toLowerCase(), 'x'.repeat(214)],
  ])('%s', (name) => {
    expect(parseName(name)).toBe(name)
  })

  it.each([
    ...[
      '',
      'A',
      'JSONStream',
      '.a',
      '_a',
      'a b',
      'a/b',
      '@a',
      '@a/',
      '@/a',
      '@a/b/c',
      '@.a/b',
      '@a/.b',
    ],
    ...['a\n', 'é', 'a~b', "a'b", 'a(b)', 'a!b', 'a*', '%40a/b', '@a%2fb', '..', '.', '__proto__'],
    'x'.repeat(215),
  ])('not %j', async (name) => {
    await expectRefusal(
      () => parseName(name),
      'invalid-field',
      /^the package name ".*" is not valid: use up to 214 of a-z, 0-9/,
    )
  })

  it.each(['node_modules', 'favicon.ico', '-', '@s/-'])(
    'not %s, which is reserved',
    async (name) => {
      await expectRefusal(
        () => parseName(name),
        'invalid-field',
        /this one is reserved, use another$/,
      )
    },
  )

  it('have a part behind the scope, by which tarballs are called', () => {
    expect([baseNameOf('@s/p'), baseNameOf('p')]).toEqual(['p', 'p'])
    expect([scopeOf('@s/p'), scopeOf('p')]).toEqual(['s', 'unscoped'])
    expect(tarballName('@s/p', '1.0.0-rc.1')).toBe('p-1.0.0-rc.1.tgz')
  })
})

describe('versions', () => {
  it.each([
    '0.0.0',
    '1.0.0',
    '1.0.0-rc.1',
    '1.0.0+build.1',
    '9007199254740991.0.0',
    '1.0.0--',
    '1.0.0-0',
  ])('%s', (version) => {
    expect(parseVersion(version)).toBeDefined()
  })

  it.each([
    ...[
      '',
      '1',
      '1.0',
      'v1.0.0',
      '=1.0.0',
      '01.0.0',
      '1.0.0-01',
      ' 1.0.0',
      '1.0.0 ',
      '1.0.0.0',
      '1.0.x',
    ],
    ...[
      'latest',
      '1.0.0-',
      '1.0.0+',
      '1.0.0-a..b',
      '9007199254740992.0.0',
      `1.0.0-${'a'.repeat(251)}`,
    ],
  ])('not %j', async (version) => {
    const message = /^the version ".*" is not valid: use three numbers as in 1\.0\.0/
    await expectRefusal(() => parseVersion(version), 'invalid-field', message)
  })

  test('are those that node-semver takes as they are', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      '01',
      '10',
      '9007199254740991',
      '9007199254740992',
      'x',
      'v1',
      '',
    )
    const rest = fc.constantFrom(
      '',
      '-',
      '-0',
      '-00',
      '-a.1',
      '-1.a-',
      '+b',
      '+',
      '-a+01',
      '+a+b',
      ' ',
      '-a..b',
    )
    const property = fc.property(part, part, part, rest, (major, minor, patch, suffix) => {
      const text = `${major}.${minor}.${patch}${suffix}`
      const parsed = semver.parse(text)
      const taken = parsed !== null && parsed.raw === text && /^\d/.test(text) && !/\s$/.test(text)
      expect([text, readVersion(text) !== undefined]).toEqual([text, taken])
    })
    fc.assert(property, { numRuns: 3000 })
  })
})

describe('tags', () => {
  it.each([
    ...[
      'latest',
      'next',
      'beta-1',
      'release_2.x',
      '17-lts',
      'v17-lts',
      'constructor',
      'x.y',
      'X11',
    ],
    ...['1-2', 'vnext', '1.x-latest', 'a', 'A', 'l'.repeat(128)],
  ])('%s', (tag) => {
    expect(parseTag(tag)).toBe(tag)
  })

  it.each([
    ...[
      '',
      '-a',
      '.a',
      '_a',
      '__proto__',
      'a b',
      'a/b',
      'a@b',
      '^a',
      'a|b',
      'é',
      'a\n',
      '~a',
      'a*',
      'a%20b',
    ],
    'l'.repeat(129),
  ])('not %j', async (tag) => {
    await expectRefusal(
      () => parseTag(tag),
      'invalid-field',
      /^the tag ".*" is not valid: use 1 to 128/,
    )
  })

  it.each([
    '1',
    'v1',
    'x',
    'X',
    '1.x',
    'vx',
    '1.0.0',
    '01',
    '1.0.0-rc',
    '1.0.0rc',
    'v1.2',
    'x.x',
    '0.1.2.3',
  ])('not %j, which reads as a range', async (tag) => {
    const message = /reads as a version or a range, so no client could ask for it: use a word/
    await expectRefusal(() => parseTag(tag), 'invalid-field', message)
  })

  test('that are taken read as no range to node-semver', () => {
    const piece = fc.constantFrom(
      ...'0123xXvV.-_abz',
      'v1',
      '1.',
      '.x',
      'latest',
      '01',
      '1.0.0',
      '-rc',
    )
    const counts = { taken: 0 }
    const property = fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      let tag: string
      try {
        tag = parseTag(text)
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        return
      }
      counts.taken += 1
      expect([tag, semver.validRange(tag, true), semver.validRange(tag)]).toEqual([tag, null, null])
      expect(encodeURIComponent(tag)).toBe(tag)
    })
    fc.assert(property, { numRuns: 20_000 })
    expect(counts.taken).toBeGreaterThan(3000)
  })
})
