import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { csrfOf, FROM_HERE, post, signIn } from '../support/worker/browser.ts'
import { answerOf, countRows, createOwner, listKeys, tokenOf } from '../support/worker/registry.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN } from '../types/alpine/repository.ts'

// What becomes of a request whose token or session ends while its body comes.

beforeEach(() => createOwner())
afterEach(() => vi.restoreAllMocks())

interface Slow {
  readonly method?: 'POST' | 'PUT'
  readonly path: string
  readonly body?: Uint8Array
  readonly seconds: number
  readonly meanwhile: (id: string) => Promise<unknown>
}

async function upload({ method = 'PUT', path, body, seconds, meanwhile }: Slow) {
  const { id, headers } = await tokenOf('acme', { scopes: ['admin'] })
  const bytes = body ?? buildApk({ name: 'hello', version: '1-r0' })
  const start = Date.now()
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => start)
  const { readable, writable } = new IdentityTransformStream()
  const answer = answerOf(path, { method, headers, body: readable })
  const writer = writable.getWriter()
  await writer.write(bytes.subarray(0, 10))
  await vi.waitFor(async () => expect(await isAllowed(id)).toBe(true))
  await meanwhile(id)
  clock.mockImplementation(() => start + seconds * 1000)
  await writer.write(bytes.subarray(10))
  await writer.close()
  return answer
}

/** A token's use is noted when a request with it was found to be allowed. */
async function isAllowed(id: string): Promise<boolean> {
  const noted = 'SELECT last_used_at FROM access_token WHERE id = ?'
  return (await env.DB.prepare(noted).bind(id).first('last_used_at')) !== null
}

const revoke = (id: string) =>
  env.DB.prepare('DELETE FROM access_token WHERE id = ?').bind(id).run()
const expire = (id: string) =>
  env.DB.prepare('UPDATE access_token SET expires_at = ? WHERE id = ?').bind(Date.now(), id).run()
const PATHS = { alpine: MAIN, generic: '/api/packages/acme/generic/hello/1/hello.apk' }

it.each([
  ['alpine', 'revoked', revoke],
  ['generic', 'revoked', revoke],
  ['alpine', 'expired', expire],
] as const)('of type %s publishes nothing when it was %s', async (type, _, meanwhile) => {
  const { status, text } = await upload({ path: PATHS[type], seconds: 6, meanwhile })
  expect(status).toBe(401)
  expect(text).toBe('the access token was revoked, or has expired, before the change was made')
  expect(await listKeys()).toEqual([])
  expect(await countRows()).toMatchObject({ package: 0, package_blob: 0 })
})

it.each([
  ['revoked', revoke],
  ['expired', expire],
] as const)('goes into no repository when its token was %s a moment ago', async (_, meanwhile) => {
  const { status, text } = await upload({ path: PATHS.alpine, seconds: 0, meanwhile })
  expect(`${status} ${text}`).toMatch(/^401 the access token was revoked, or has expired, before/)
  expect(await listKeys()).toEqual([])
  expect(await countRows()).toMatchObject({ package: 0, package_blob: 0 })
})

it.each([
  ['POST', '/api/v1/owners/acme/tokens', { name: 'later', scopes: ['admin'] }],
  ['PUT', '/api/v1/owners/acme/repositories/alpine/edge/main', { immutable: true }],
] as const)('%s %s changes nothing when the token was revoked', async (method, path, fields) => {
  const body = new TextEncoder().encode(JSON.stringify(fields))
  const { status } = await upload({ method, path, body, seconds: 6, meanwhile: revoke })
  expect(status).toBe(401)
  expect(await env.DB.prepare('SELECT 1 FROM access_token').first()).toBeNull()
  expect(await countRows()).toMatchObject({ repository: 0 })
})

it('is published, however slow it is, while the token is good', async () => {
  const year = Date.now() + 365 * 24 * 60 * 60 * 1000
  const expireLater = (id: string) =>
    env.DB.prepare('UPDATE access_token SET expires_at = ? WHERE id = ?').bind(year, id).run()
  for (const [type, meanwhile] of [
    ['generic', async () => {}],
    ['alpine', expireLater],
  ] as const) {
    const { status } = await upload({ path: PATHS[type], seconds: 60, meanwhile })
    expect(status).toBe(201)
    vi.restoreAllMocks()
  }
})

it('of a form makes nothing when its session was signed out of', async () => {
  const session = await signIn('admin-token-of-the-tests')
  const csrf = await csrfOf(session)
  const { readable, writable } = new IdentityTransformStream()
  const headers = {
    ...{ ...session.headers, ...FROM_HERE, accept: 'text/html' },
    'content-type': 'application/x-www-form-urlencoded',
  }
  const answer = answerOf('/-/owners', { method: 'POST', headers, body: readable })
  const writer = writable.getWriter()
  const statements = recordStatements()
  await writer.write(new TextEncoder().encode(`csrf=${csrf}&name=late`))
  await vi.waitFor(() => expect(statements.join()).toContain('LEFT JOIN access_token'))
  expect((await post('/-/sign-out', { csrf }, session.headers)).status).toBe(303)
  const late = Date.now() + 6000
  vi.spyOn(Date, 'now').mockImplementation(() => late)
  await writer.write(new TextEncoder().encode('&visibility=public'))
  await writer.close()
  expect((await answer).status).toBe(401)
  expect(await env.DB.prepare("SELECT 1 FROM owner WHERE name = 'late'").first()).toBeNull()
})
