import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseSession } from '../../src/core/access/session.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { csrfOf, FROM_HERE, post, signIn } from '../support/worker/browser.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const ADMIN_TOKEN = 'admin-token-of-the-tests'
const SECRET = MAIN.replace('acme', 'secret')
const FILE = `${SECRET}/x86_64/hello-1-r0.apk`
const OWNER = '/api/v1/owners/secret'

beforeEach(async () => {
  await createOwner('secret', 'private')
  await publish({ name: 'hello', version: '1-r0' }, SECRET)
})

const statusOf = async (path: string, headers: HeadersInit) =>
  (await answerOf(path, { headers })).status

describe('signing in', () => {
  it('gives a cookie that no script and no other site can use', async () => {
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    const { status, headers } = await post('/-/sign-in', { token })
    expect([status, headers.get('location')]).toEqual([303, '/secret'])
    expect(headers.get('cache-control')).toBe('no-store')
    const [cookie, ...attributes] = (headers.get('set-cookie') ?? '').split('; ')
    expect(cookie).toMatch(/^__Host-cairn_session=2\.[0-9a-f-]{36}\.token\./)
    expect(cookie).not.toContain(token)
    expect(attributes.sort()).toEqual([
      'HttpOnly',
      expect.stringMatching(/^Max-Age=(43200|43199|43198)$/),
      'Path=/',
      'SameSite=Lax',
      'Secure',
    ])
  })

  it('over http has a plain cookie, which https does not take', async () => {
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    const { headers } = await post('http://127.0.0.1:8787/-/sign-in', { token })
    const [cookie = '', ...attributes] = (headers.get('set-cookie') ?? '').split('; ')
    expect(cookie).toMatch(/^cairn_session=/)
    expect(attributes).not.toContain('Secure')
    expect(await statusOf(`http://127.0.0.1:8787${OWNER}`, { cookie })).toBe(200)
    expect(await statusOf(OWNER, { cookie })).toBe(401)
  })

  it('lasts no longer than the token', async () => {
    const expires = new Date(Date.now() + 60_000).toISOString()
    const { token } = await tokenOf('secret', { scopes: ['read'], expires_at: expires })
    const { headers } = await post('/-/sign-in', { token })
    const [, age] = /Max-Age=(\d+)/.exec(headers.get('set-cookie') ?? '') ?? []
    expect(Number(age)).toBeLessThanOrEqual(60)
  })

  it.each([
    ['/secret?q=a', '/secret?q=a'],
    ['//evil.test/', '/-/owners'],
    ['/.//evil.test/', '/-/owners'],
    ['https://evil.test/', '/-/owners'],
    ['/\\evil.test', '/-/owners'],
  ])('with next=%s goes to %s', async (next, location) => {
    const { headers } = await post('/-/sign-in', { token: ADMIN_TOKEN, next })
    expect(headers.get('location')).toBe(location)
  })

  it.each([
    ['nothing', '', 400, /Paste a token/],
    ['a mistyped token', 'cairn_mistyped', 401, /was perhaps cut or mistyped/],
    ['a text that is none', 'hello', 401, /The credentials are wrong/],
  ])('with %s shows why not, and gives no cookie', async (_, token, status, says) => {
    const answer = await post('/-/sign-in', { token, next: '/secret' })
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(says)
    expect(answer.text).toContain('name="next" value="/secret"')
    if (token !== '') expect(answer.text).not.toContain(token)
    expect(answer.headers.has('set-cookie')).toBe(false)
  })

  it('with expired and revoked tokens is refused', async () => {
    const { id, token, headers } = await tokenOf('secret', { scopes: ['read'] })
    await env.DB.prepare('UPDATE access_token SET expires_at = 1 WHERE id = ?').bind(id).run()
    expect((await post('/-/sign-in', { token })).text).toMatch(/has expired/)
    await env.DB.prepare('DELETE FROM access_token WHERE id = ?').bind(id).run()
    expect((await post('/-/sign-in', { token })).text).toMatch(/was revoked/)
    expect(await statusOf(OWNER, headers)).toBe(401)
  })

  it('is slowed down for who keeps guessing', async () => {
    override({ WRONG_CREDENTIALS: { limit: async () => ({ success: false }) } })
    const answer = await post('/-/sign-in', { token: 'guess' })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60'])
    expect(answer.text).toMatch(/Too many wrong credentials/)
    expect((await post('/-/sign-in', { token: ADMIN_TOKEN })).status).toBe(303)
  })

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { 'sec-fetch-site': '', origin: 'https://evil.test' }],
    ['no origin', { 'sec-fetch-site': '', origin: 'null' }],
  ])('is refused to a form of %s', async (_, sent) => {
    const headers = new Headers({ ...FROM_HERE, ...sent })
    for (const [name, value] of [...headers]) if (value === '') headers.delete(name)
    const body = new URLSearchParams({ token: ADMIN_TOKEN })
    const answer = await answerOf('/-/sign-in', { method: 'POST', headers, body })
    expect(answer.status).toBe(403)
    expect(answer.headers.has('set-cookie')).toBe(false)
  })

  it('works in a browser that says the origin alone', async () => {
    const headers = { origin: 'https://registry.test' }
    const body = new URLSearchParams({ token: ADMIN_TOKEN })
    const init = { method: 'POST', headers, body, redirect: 'manual' } as const
    expect((await answerOf('/-/sign-in', init)).status).toBe(303)
  })
})

describe('a session', () => {
  it('reads what its token reads: pages, the API and downloads', async () => {
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    const { headers } = await signIn(token)
    for (const path of [FILE, OWNER, `${SECRET}/x86_64/APKINDEX.tar.gz`]) {
      expect([path, await statusOf(path, headers)]).toEqual([path, 200])
      expect([path, await statusOf(path, {})]).toEqual([path, 401])
    }
    const answer = await answerOf(FILE, { headers })
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
  })

  it('is named on pages, which nobody may keep', async () => {
    const { headers } = await signIn(ADMIN_TOKEN)
    const page = await answerOf('/', { headers: { ...headers, accept: 'text/html' } })
    expect(page.text).toContain('Sign out')
    expect(page.headers.get('cache-control')).toBe('private, no-store')
    const open = await answerOf('/', { headers: { accept: 'text/html' } })
    expect(open.text).not.toContain('Sign out')
  })

  it('does nothing but read at the API, whatever it is a session of', async () => {
    const { headers } = await signIn(ADMIN_TOKEN)
    const sent = { ...headers, ...FROM_HERE }
    for (const [method, path, body] of [
      ['PUT', SECRET, buildApk()],
      ['DELETE', FILE, null],
      ['PUT', OWNER, '{"visibility":"public"}'],
      ['DELETE', OWNER, null],
      ['POST', `${OWNER}/tokens`, '{"name":"a","scopes":["read"]}'],
      ['GET', `${OWNER}/tokens`, null],
      ['GET', '/api/v1/owners', null],
    ] as const) {
      const { status } = await answerOf(path, { method, headers: sent, body })
      expect([method, path, status]).toEqual([method, path, 401])
    }
  })

  it('reads nothing of other owners', async () => {
    await createOwner('other', 'private')
    const { token } = await tokenOf('other', { scopes: ['admin'] })
    const { headers } = await signIn(token)
    expect(await statusOf(OWNER, headers)).toBe(404)
  })

  it('is over as soon as its token is revoked, expires or is another', async () => {
    const { id, token } = await tokenOf('secret', { scopes: ['read'] })
    const { headers } = await signIn(token)
    const set = (column: string, value: unknown) =>
      env.DB.prepare(`UPDATE access_token SET ${column} = ? WHERE id = ?`).bind(value, id).run()
    expect(await statusOf(FILE, headers)).toBe(200)
    await set('expires_at', Date.now() - 1)
    expect(await statusOf(FILE, headers)).toBe(401)
    await set('expires_at', null)
    const { hash } = (await env.DB.prepare('SELECT hash FROM access_token').first()) as {
      hash: string
    }
    await set('hash', 'f'.repeat(64))
    expect(await statusOf(FILE, headers)).toBe(401)
    await set('hash', hash)
    expect(await statusOf(FILE, headers)).toBe(200)
    await answerOf(`${OWNER}/tokens/${id}`, { method: 'DELETE', headers: ADMIN })
    expect(await statusOf(FILE, headers)).toBe(401)
  })

  it.each([
    ['admin token', () => override({ ADMIN_TOKEN: 'another-admin-token-of-the-tests' })],
    ['signing key', () => override({ SIGNING_KEY: env.OTHER_SIGNING_KEY })],
  ])('is over when the %s is replaced', async (_, replace) => {
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    const sessions = [await signIn(token), await signIn(ADMIN_TOKEN)]
    for (const { headers } of sessions) expect(await statusOf(FILE, headers)).toBe(200)
    replace()
    for (const { headers } of sessions) expect(await statusOf(FILE, headers)).toBe(401)
  })

  it('is no proof of a guessed admin token to who has it', async () => {
    const { cookie } = await signIn(ADMIN_TOKEN)
    const value = cookie.slice(cookie.indexOf('=') + 1)
    expect(parseSession(value, ADMIN_TOKEN, Date.now())).toBeUndefined()
  })

  it('is not looked at where there is an Authorization header', async () => {
    const { headers } = await signIn(ADMIN_TOKEN)
    expect(await statusOf(FILE, { ...headers, authorization: 'Bearer wrong' })).toBe(401)
    expect(await statusOf(FILE, { ...headers, authorization: 'Digest x' })).toBe(401)
    const { headers: good } = await tokenOf('secret', { scopes: ['read'] })
    expect(await statusOf(FILE, { cookie: '__Host-cairn_session=x', ...good })).toBe(200)
  })

  it('that is wrong is no session, and counts as no wrong credentials', async () => {
    const limit = async () => {
      throw new Error('was asked')
    }
    override({ WRONG_CREDENTIALS: { limit } })
    const { cookie } = await signIn(ADMIN_TOKEN)
    for (const wrong of [
      '__Host-cairn_session=',
      `${cookie}x`,
      cookie.replace('.admin.', '.token.'),
    ]) {
      expect(await statusOf(FILE, { cookie: wrong })).toBe(401)
    }
    expect(await statusOf(FILE, { cookie: `a=b; ${cookie}; c=d` })).toBe(200)
  })
})

describe('signing out', () => {
  it('takes the cookie away', async () => {
    const session = await signIn(ADMIN_TOKEN)
    const csrf = await csrfOf(session)
    const { status, headers } = await post('/-/sign-out', { csrf }, session.headers)
    expect([status, headers.get('location')]).toEqual([303, '/'])
    expect(headers.get('set-cookie')).toMatch(/^__Host-cairn_session=; Path=\/; Max-Age=0; /)
  })

  it('ends that session for whoever copied its cookie, and no other', async () => {
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    for (const of of [ADMIN_TOKEN, token]) {
      const [session, other] = [await signIn(of), await signIn(of)]
      expect(await statusOf(FILE, session.headers)).toBe(200)
      const csrf = await csrfOf(session)
      expect((await post('/-/sign-out', { csrf }, session.headers)).status).toBe(303)
      expect(await statusOf(FILE, session.headers)).toBe(401)
      expect((await post('/-/owners', { csrf }, session.headers)).status).toBe(401)
      expect(await statusOf(FILE, other.headers)).toBe(200)
      expect((await post('/-/sign-out', { csrf }, session.headers)).status).toBe(303)
    }
  })

  it('is remembered until the session would have ended', async () => {
    const ended = async () =>
      (await env.DB.prepare('SELECT id FROM ended_session').all<{ id: string }>()).results
    const signOut = async () => {
      const session = await signIn(ADMIN_TOKEN)
      await post('/-/sign-out', { csrf: await csrfOf(session) }, session.headers)
    }
    await signOut()
    await signOut()
    expect(await ended()).toHaveLength(2)
    await env.DB.prepare('UPDATE ended_session SET expires_at = ?').bind(Date.now()).run()
    await signOut()
    expect(await ended()).toHaveLength(1)
  })

  it('that is not kept says so, and keeps the cookie', async () => {
    const session = await signIn(ADMIN_TOKEN)
    const csrf = await csrfOf(session)
    const batch = async () => {
      throw new Error('D1 is away')
    }
    override({ DB: wrapMethod(env.DB, 'batch', batch) })
    const { status, headers } = await post('/-/sign-out', { csrf }, session.headers)
    expect([status, headers.has('set-cookie')]).toEqual([503, false])
  })

  it('needs the token of a form of this session', async () => {
    const session = await signIn(ADMIN_TOKEN)
    const { token } = await tokenOf('secret', { scopes: ['read'] })
    const other = await csrfOf(await signIn(token))
    for (const fields of [{}, { csrf: '' }, { csrf: 'wrong' }, { csrf: other }]) {
      const { status, headers } = await post('/-/sign-out', { ...fields }, session.headers)
      expect([status, headers.has('set-cookie')]).toEqual([403, false])
    }
  })

  it('without a session only tidies up', async () => {
    expect((await post('/-/sign-out', {})).status).toBe(303)
  })
})
