import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesPattern } from '../../src/core/access/decide.ts'
import { formatToken, hashToken, isTokenText, mintToken } from '../../src/core/access/token-text.ts'
import { parseCredentials } from '../../src/http/credentials.ts'

describe('the text of a token', () => {
  it('has one form, whatever the random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 30, maxLength: 30 }), (random) => {
        const text = formatToken(random)
        expect(text).toMatch(/^cairn_[0-9A-Za-z]{47}$/)
        expect(isTokenText(text)).toBe(true)
      }),
    )
    expect(formatToken(new Uint8Array(30).fill(255))).toMatch(/^cairn_[0-9A-Za-z]{47}$/)
    expect(mintToken()).not.toBe(mintToken())
  })

  it('shows a mistyped character', () => {
    const text = mintToken()
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'x' ? 'y' : 'x'
      expect(isTokenText(text.slice(0, at) + other + text.slice(at + 1))).toBe(false)
    }
    expect(isTokenText(text.slice(0, -1))).toBe(false)
    expect(isTokenText(`${text}a`)).toBe(false)
  })

  it('is known by its SHA-256', () => {
    expect(hashToken('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})

describe('credentials', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it.each([
    [basic('user:secret'), 'secret'],
    [basic(':secret'), 'secret'],
    [basic('user:with:colons'), 'with:colons'],
    [basic('user:päss'), 'päss'],
    ['Bearer secret', 'secret'],
    ['bearer  secret ', 'secret'],
    ['token secret', 'secret'],
    [basic('user'), undefined],
    [basic('user:'), undefined],
    ['Basic !!!', undefined],
    ['Digest username="x"', undefined],
    ['Bearer', undefined],
    ['Bearer a b', undefined],
    ['', undefined],
    [null, undefined],
  ])('in %s are %s', (header, secret) => {
    expect(parseCredentials(header)).toBe(secret)
  })
})

describe('a package pattern', () => {
  it.each([
    ['hello', 'hello', true],
    ['hello', 'hello2', false],
    ['hello*', 'hello', true],
    ['hello*', 'hello-doc', true],
    ['*-doc', 'hello-doc', true],
    ['*-doc', 'hello-docs', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['a.c', 'abc', false],
    ['a*a*a', 'aa', false],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected)
  })

  it('means what the regular expression of it means', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 }),
        text,
        (pattern, name) => {
          const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name)
          expect(matchesPattern(pattern, name)).toBe(expected)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
