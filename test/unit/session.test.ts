import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identifySession } from '../../src/core/access/principal.ts'
import {
  csrfTokenOf,
  formatSession,
  parseSession,
  SESSION_MS,
  type Session,
  startSession,
} from '../../src/core/access/session.ts'
import { parseLocalPath } from '../../src/http/local-path.ts'

const ADMIN = 'admin-token-of-the-tests'
const NOW = 1_800_000_000_000
const TOKEN = { id: crypto.randomUUID(), hash: 'ab'.repeat(32), expiresAt: null }
const session = startSession(TOKEN, NOW)
const value = formatSession(session, ADMIN)

describe('a session', () => {
  it('comes back as it was signed', () => {
    expect(parseSession(value, ADMIN, NOW)).toEqual(session)
    const admin = startSession(undefined, NOW)
    expect(parseSession(formatSession(admin, ADMIN), ADMIN, NOW)).toEqual(admin)
    expect(value).toMatch(/^[\w.-]+$/)
    expect(value).not.toContain(TOKEN.hash.slice(0, 17))
  })

  it('lasts 12 hours, and no longer than its token', () => {
    expect(session.expiresAt - NOW).toBe(12 * 60 * 60 * 1000)
    const short = startSession({ ...TOKEN, expiresAt: NOW + 60_000 }, NOW)
    expect(short.expiresAt - NOW).toBe(60_000)
    for (const [of, end] of [
      [session, NOW + SESSION_MS],
      [short, NOW + 60_000],
    ] as const) {
      const text = formatSession(of, ADMIN)
      expect(parseSession(text, ADMIN, end - 1)).toEqual(of)
      expect(parseSession(text, ADMIN, end)).toBeUndefined()
    }
  })

  it('that claims to last longer ends after 12 hours all the same', () => {
    const long: Session = { ...session, expiresAt: session.expiresAt + SESSION_MS }
    const text = formatSession(long, ADMIN)
    expect(parseSession(text, ADMIN, NOW + SESSION_MS - 1)).toEqual(long)
    expect(parseSession(text, ADMIN, NOW + SESSION_MS)).toBeUndefined()
  })

  it('is none when any character of it differs', () => {
    for (let at = 0; at < value.length; at++) {
      for (const other of ['0', 'A', '.', '-']) {
        if (value[at] === other) continue
        const changed = value.slice(0, at) + other + value.slice(at + 1)
        expect([at, parseSession(changed, ADMIN, NOW)]).toEqual([at, undefined])
      }
    }
  })

  it('is none under another admin token, and as anything else', () => {
    expect(parseSession(value, `${ADMIN}2`, NOW)).toBeUndefined()
    const csrf = csrfTokenOf(value, ADMIN)
    const text = value.slice(0, value.lastIndexOf('.'))
    expect(parseSession(`${text}.${csrf}`, ADMIN, NOW)).toBeUndefined()
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseSession(text, ADMIN, NOW)).toBeUndefined()
      }),
    )
  })

  it('has a form token of its own', () => {
    const other = formatSession(startSession(TOKEN, NOW + 1000), ADMIN)
    expect(csrfTokenOf(value, ADMIN)).not.toBe(csrfTokenOf(other, ADMIN))
    expect(csrfTokenOf(value, ADMIN)).not.toBe(csrfTokenOf(value, `${ADMIN}2`))
    expect(value).not.toContain(csrfTokenOf(value, ADMIN))
  })
})

describe('who a session is', () => {
  const row = { ...TOKEN, ownerId: 'o', scopes: '["write"]', repositories: null, packages: null }

  it('is what its token is now', () => {
    expect(identifySession(session, false, row, NOW)).toMatchObject({
      kind: 'token',
      id: TOKEN.id,
      scopes: ['write'],
    })
    expect(identifySession(startSession(undefined, NOW), false, undefined, NOW)).toEqual({
      kind: 'admin',
    })
  })

  it('is nobody once it was ended, whatever its token', () => {
    for (const each of [session, startSession(undefined, NOW)]) {
      expect(identifySession(each, true, row, NOW)).toEqual({ kind: 'anonymous' })
    }
  })

  it('is nobody without its token, after its expiry, or with another of the same id', () => {
    const nobody = { kind: 'anonymous' }
    expect(identifySession(session, false, undefined, NOW)).toEqual(nobody)
    expect(identifySession(session, false, { ...row, expiresAt: NOW }, NOW)).toEqual(nobody)
    expect(identifySession(session, false, { ...row, hash: 'cd'.repeat(32) }, NOW)).toEqual(nobody)
  })
})

describe('where to go after signing in', () => {
  const url = new URL('https://registry.test/-/sign-in')

  it.each(['/', '/acme', '/acme/-/upload?type=a&b=%2F', '/a//b', '/a/../b?next=//evil.test'])(
    '%s is of this origin',
    (path) => {
      const target = parseLocalPath(path, url)
      expect(new URL(target ?? '', url).href).toBe(new URL(path, url).href)
    },
  )

  it.each([
    null,
    '',
    'acme',
    '//evil.test',
    '/\\evil.test',
    '/.//evil.test',
    '/a/..//evil.test',
    '/%2e//evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    ' //evil.test',
    'https://evil.test/',
    'https:evil.test',
    'javascript:alert(1)',
    '/a b',
    `/${'a'.repeat(2000)}`,
  ])('%j is nowhere', (path) => {
    expect(parseLocalPath(path, url)).toBeUndefined()
  })

  it('never leaves the origin, whatever is asked for', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '%2e',
      '%2f',
      '@',
      ':',
      'evil.test',
      '\t',
      '?',
      '#',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const target = parseLocalPath(`/${pieces.join('')}`, url)
        if (target !== undefined) expect(new URL(target, url).origin).toBe(url.origin)
      }),
      { numRuns: 3000 },
    )
  })
})
