import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { restrictionRefusal, type WriteTarget } from '../../src/core/access/decide.ts'
import { type GrantableType, packageEntryPattern, parseGrant } from '../../src/core/access/grant.ts'
import type { TokenPrincipal } from '../../src/core/access/principal.ts'
import { TYPES_WITHOUT_PREFIX } from '../../src/core/access/restriction.ts'
import { RegistryError } from '../../src/core/errors.ts'
import { GRANTABLE_TYPES, REPOSITORY_ENTRY_PATTERN } from '../../src/types/grantable.ts'
import { packageTypes } from '../../src/types/registration.ts'

/** A type of one part, whose names are lower-case, beside types that have repositories and none. */
const DEBIAN: GrantableType = {
  type: 'debian',
  parseRepository: (name) => {
    if (/^[a-z]+$/i.test(name)) return name.toLowerCase()
    throw new RegistryError({ code: 'invalid-name', detail: 'use letters' })
  },
}
const TYPES: readonly GrantableType[] = [
  ...GRANTABLE_TYPES,
  DEBIAN,
  ...['rpm', 'maven'].map((type) => ({ type })),
]

const parse = (lists: Record<string, unknown>, types = TYPES) =>
  parseGrant({ name: 'a', scopes: ['write'], ...lists }, types)

const token = (lists: Partial<TokenPrincipal>): TokenPrincipal => ({
  ...{
    kind: 'token',
    id: 't',
    ownerId: 'o',
    scopes: ['write'],
    repositories: null,
    packages: null,
  },
  ...lists,
})
const may = (lists: Partial<TokenPrincipal>, target: WriteTarget) =>
  restrictionRefusal(token(lists), target) === undefined

describe('an entry of packages', () => {
  it.each([
    'hello*',
    'alpine:hello*',
    'alpine:x',
    'generic:*',
    'npm:@acme/*',
    'maven:org.acme:*',
    'maven:*:*',
    'maven:npm:x',
    'alpine:Hello_*',
    'cargo:hello-*',
    'Hello_*',
    `alpine:${'a'.repeat(255)}`,
    'a'.repeat(100),
  ])('%s is kept as given', (entry) => {
    expect(parse({ packages: [entry] }).packages).toEqual([entry])
    expect(new RegExp(packageEntryPattern(TYPES), 'u').test(entry)).toBe(true)
  })

  it.each([
    ['cargo:Hello_World*', 'cargo:hello-world*'],
    ['cargo:tok_*', 'cargo:tok-*'],
    ['generic:Handbook', 'generic:handbook'],
  ])('%s is kept in the form in which its type finds names', (entry, form) => {
    expect(parse({ packages: [entry] }).packages).toEqual([form])
  })

  it('lets a token write the crate that it names in its own spelling', () => {
    const { packages } = parse({ packages: ['cargo:Hello_World'] })
    expect(may({ packages }, { type: 'cargo', repository: null, packageName: 'hello-world' })).toBe(
      true,
    )
    expect(may({ packages }, { type: 'cargo', repository: null, packageName: 'hello' })).toBe(false)
  })

  const noType =
    /names no type before its first ":": use one of alpine, (?:\w+, )*generic, (?:\w+, )*debian, rpm, maven,/
  it.each([
    ['org.acme:*', noType],
    ['Alpine:x', noType],
    ['ALPINE:x', noType],
    ['*:x', noType],
    ['al*:x', noType],
    [':x', noType],
    [' alpine:x', noType],
    ['__proto__:x', noType],
    ['constructor:x', noType],
    ['alpine:', /must have 1 to 255/],
    ['alpine:a b', /must have 1 to 255/],
    ['alpine:a,b', /must have 1 to 255/],
    ['alpine:é', /must have 1 to 255/],
    ['alpine:a\n', /must have 1 to 255/],
    [`alpine:${'a'.repeat(256)}`, /must have 1 to 255/],
    [
      '@acme/*',
      /must be 1 to 100 .* begin with its type and ":", of alpine, (?:\w+, )*generic, (?:\w+, )*debian,/,
    ],
    ['a'.repeat(101), /must be 1 to 100/],
    ['', /must be 1 to 100/],
  ])('%j is refused', (entry, says) => {
    expect(() => parse({ packages: ['alpine:good', entry] })).toThrow(says)
    expect(new RegExp(packageEntryPattern(TYPES), 'u').test(entry)).toBe(false)
  })

  it('is accepted if and only if the pattern of the document says so', () => {
    const part = fc.constantFrom('alpine', 'npm', 'x', ':', '*', '@', '/', ' ', 'A', '~', '-')
    const pattern = new RegExp(packageEntryPattern(TYPES), 'u')
    const accepts = (entry: string) => {
      try {
        return parse({ packages: [entry] }).packages !== null
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        expect(accepts(parts.join(''))).toBe(pattern.test(parts.join('')))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an entry of repositories', () => {
  it.each(['edge/main', 'alpine:edge/main', 'alpine:v3.22/main', 'debian:main'])(
    '%s is kept as given',
    (entry) => expect(parse({ repositories: [entry] }).repositories).toEqual([entry]),
  )

  it.each([
    ['alpine:main', /"alpine:main" cannot be: .*not of the form branch\/repository/],
    ['alpine:a/b/c', /not of the form branch\/repository/],
    ['alpine:edge/../main', /not of the form/],
    ['alpine:../main', /cannot be: branch "\.\." is not a valid name/],
    ['alpine:edge/*', /cannot be: repository "\*" is not a valid name/],
    ['alpine:alpine:edge/main', /cannot be/],
    ['debian:edge/main', /cannot be: use letters/],
    ['debian:Main', /must be written as "main"/],
    ['main', /cannot be/],
    ['generic:edge/main', /names generic, a type without repositories/],
    ['npm:main', /names npm, a type without repositories/],
    [
      'deb:main',
      /names no type before its first ":": use one of alpine, (?:\w+, )*generic, (?:\w+, )*debian/,
    ],
    ['Alpine:edge/main', /names no type/],
    ['*:edge/main', /names no type/],
  ])('%s is refused', (entry, says) => {
    expect(() => parse({ repositories: [entry] })).toThrow(says)
  })

  it('has a pattern in the document that says the same', () => {
    const pattern = new RegExp(REPOSITORY_ENTRY_PATTERN, 'u')
    const good = ['edge/main', 'alpine:edge/main', `alpine:${'a'.repeat(64)}/b`]
    const bad = [
      'main',
      'alpine:main',
      'generic:edge/main',
      'alpine:edge/*',
      'x:edge/main',
      'a/b/c',
    ]
    const long = `alpine:${'a'.repeat(65)}/b`
    expect([...good, ...bad, long].filter((entry) => pattern.test(entry))).toEqual(good)
    for (const entry of good) expect(parse({ repositories: [entry] }).repositories).toEqual([entry])
    for (const entry of [...bad, long]) expect(() => parse({ repositories: [entry] })).toThrow()
  })
})

describe('a list of entries', () => {
  it.each([[[]], ['alpine:x'], [[1]], [[null]], [{}], [Array(101).fill('x')]])(
    '%j is refused',
    (packages) => expect(() => parse({ packages })).toThrow(/packages must be a list of 1 to 100/),
  )

  it('absent or null restricts nothing', () => {
    expect(parse({ packages: null })).toMatchObject({ packages: null, repositories: null })
  })
})

describe('a restricted token', () => {
  it.each<[readonly string[], string, string | null, boolean]>([
    [['edge/main'], 'alpine', 'edge/main', true],
    [['edge/main'], 'rpm', 'edge/main', false],
    [['edge/main'], 'alpine', 'edge/testing', false],
    [['alpine:edge/main'], 'alpine', 'edge/main', true],
    [['alpine:edge/main'], 'rpm', 'edge/main', false],
    [['alpine:main'], 'debian', 'main', false],
    [['debian:main'], 'debian', 'main', true],
    [['debian:main'], 'rpm', 'main', false],
    [['alpine:main'], 'debian', 'alpine:main', false],
    [['rpm:main', 'debian:main'], 'debian', 'main', true],
    [['edge/main'], 'generic', null, false],
    [['alpine:edge/main'], 'generic', null, false],
    [['alpine:edge/main'], 'npm', null, false],
    [['ALPINE:edge/main'], 'alpine', 'edge/main', false],
  ])('for repositories %j, of type %s to %s: %s', (repositories, type, repository, expected) => {
    expect(may({ repositories }, { type, repository })).toBe(expected)
    expect(may({ repositories }, { type, repository, packageName: 'x' })).toBe(expected)
  })

  it.each<[readonly string[], string, string, boolean]>([
    [['hello*'], 'alpine', 'hello-doc', true],
    [['hello*'], 'generic', 'hello-doc', true],
    [['hello*'], 'npm', 'hello-doc', false],
    [['*'], 'npm', 'anything', false],
    [['*'], 'maven', 'org.acme:tool', false],
    [['alpine:*'], 'alpine', 'anything', true],
    [['alpine:*'], 'generic', 'anything', false],
    [['alpine:x'], 'maven', 'alpine:x', false],
    [['alpine:*'], 'maven', 'alpine:x', false],
    [['maven:alpine:x'], 'maven', 'alpine:x', true],
    [['maven:alpine:x'], 'alpine', 'x', false],
    [['alpine:x'], 'alpine', 'alpine:x', false],
    [['npm:@acme/*'], 'npm', '@acme/tool', true],
    [['npm:@acme/*'], 'npm', '@acme-evil/tool', false],
    [['npm:@acme/*'], 'npm', '@acme', false],
    [['maven:org.acme:*'], 'maven', 'org.acme:tool', true],
    [['maven:org.acme:*'], 'maven', 'org.acme.evil:tool', false],
    [['npm:a', 'alpine:b'], 'alpine', 'a', false],
    [['npm:a', 'alpine:b'], 'alpine', 'b', true],
    [['Alpine:x'], 'alpine', 'x', false],
    [['al*:x'], 'alpine', 'x', false],
  ])('for packages %j, of type %s package %s: %s', (packages, type, packageName, expected) => {
    expect(may({ packages }, { type, repository: null, packageName })).toBe(expected)
  })

  it('is refused without a package name where no entry names the type', () => {
    expect(may({ packages: ['npm:*'] }, { type: 'alpine', repository: 'edge/main' })).toBe(false)
    expect(may({ packages: ['npm:*', 'x'] }, { type: 'alpine', repository: null })).toBe(true)
  })

  it('is told its first ten entries', () => {
    const packages = Array.from({ length: 100 }, (_, at) => `alpine:p${at}`)
    const refusal = restrictionRefusal(token({ packages }), {
      type: 'npm',
      repository: null,
      packageName: '@a/b',
    })
    expect(refusal).toHaveProperty(
      'detail',
      expect.stringMatching(
        /^the access token may not write package npm:@a\/b, only alpine:p0, .*, alpine:p9 and 90 more$/,
      ),
    )
  })
})

it('an entry without a type means two of the registered types', () => {
  expect(TYPES_WITHOUT_PREFIX).toEqual(['alpine', 'generic'])
  const types: readonly string[] = packageTypes.map(({ type }) => type)
  for (const type of TYPES_WITHOUT_PREFIX) expect(types).toContain(type)
  // A name that is in front of a colon and within a pattern of names of types.
  for (const type of types) expect(type).toMatch(/^[a-z0-9]+$/)
})
