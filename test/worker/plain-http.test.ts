import { beforeEach, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import { override } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, expectNothing, send } from '../support/worker/registry.ts'
import { JSON_TYPE } from '../support/worker/stand-ins/dialects.ts'
import { parametersOf } from '../types/samples.ts'

// Plain http, which only `npm start` and these tests allow.

const HTTP = 'http://registry.test:8080'
const manual = { redirect: 'manual' } as const

beforeEach(async () => {
  await createOwner()
  override({ PLAIN_HTTP: '' })
})

/** Of every endpoint a path, whether it names something or not. */
const asked = endpoints.map(({ method, path }) => {
  const parameters = parametersOf(path)
  const filled = path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => parameters[name] ?? 'x')
  return [method, filled] as const
})

const REFUSED =
  'plain http is refused: use https; whatever secret was sent over http may have been read on its way, so replace it'

it('redirects readers without credentials on every path, with the query', async () => {
  const paths = new Set([...asked.map(([, path]) => path), '/', '/nothing/here', '/api/healthz'])
  for (const path of paths) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(`${HTTP}${path}?a=b%20c&d`, { ...manual, method })
      expect([path, answer.status, answer.headers.get('location'), await answer.text()]).toEqual([
        ...[path, 301, `https://registry.test${path}?a=b%20c&d`, ''],
      ])
      expect(answer.headers.get('strict-transport-security')).toBe(null)
    }
  }
})

it('refuses every request that changes something, whoever sends it', async () => {
  for (const [method, path] of asked.filter(([method]) => method !== 'GET')) {
    for (const headers of [{}, ADMIN]) {
      const body = method === 'DELETE' ? null : 'x'
      const { status, text } = await answerOf(`${HTTP}${path}`, { method, headers, body })
      expect([method, path, status]).toEqual([method, path, 403])
      expect(text).toContain(REFUSED)
    }
  }
  await expectNothing()
})

describe('a reader with credentials', () => {
  const path = `/api/packages/acme/${JSON_TYPE}/packages/hello`
  it.each<[string, string, HeadersInit]>([
    ['Authorization', '/api/v1/packages/acme', ADMIN],
    ['what is no Authorization', '/api/v1/packages/acme', { authorization: 'x' }],
    ['the cookie of a session', '/acme', { cookie: 'a=b; cairn_session=x' }],
    ['the cookie of a secure session', '/acme', { cookie: '__Host-cairn_session=x' }],
    ["a header of the type's clients", path, { 'x-api-key': 'x' }],
    ["a parameter of the type's clients", `${path}?access_token=`, {}],
  ])('is refused with %s', async (_, path, headers) => {
    const { status, text } = await answerOf(`${HTTP}${path}`, { ...manual, headers })
    expect([status, text]).toEqual([403, expect.stringContaining(REFUSED)])
  })

  it('is redirected with a cookie that is none of a session', async () => {
    const headers = { cookie: 'analytics=1' }
    expect((await send(`${HTTP}/acme`, { ...manual, headers })).status).toBe(301)
  })
})

it('tells in the dialect of the type, in the API as a problem, and to browsers as a page', async () => {
  const npm = await answerOf(`${HTTP}/api/packages/acme/npm/x`, { method: 'PUT', body: '{}' })
  expect(JSON.parse(npm.text)).toMatchObject({ error: REFUSED, code: 'https-required' })
  const api = await answerOf(`${HTTP}/api/v1/owners/acme`, { headers: ADMIN })
  expect(JSON.parse(api.text)).toMatchObject({ detail: REFUSED, code: 'https-required' })
  const headers = { accept: 'text/html' }
  const page = await answerOf(`${HTTP}/-/sign-in`, { method: 'POST', headers, body: 'x' })
  expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8'])
})

it('is answered where it is allowed, and by no other word', async () => {
  for (const word of ['yes', 'Allow', ' allow', '1']) {
    override({ PLAIN_HTTP: word })
    expect((await send(`${HTTP}/api/v1/packages/acme`, manual)).status).toBe(301)
  }
  override({ PLAIN_HTTP: 'allow' })
  expect((await send(`${HTTP}/api/v1/packages/acme`, { headers: ADMIN })).status).toBe(200)
})

it('says 503 of a deployment that is not configured, as over https', async () => {
  override({ ADMIN_TOKEN: '' })
  expect((await answerOf(`${HTTP}/acme`, manual)).status).toBe(503)
})

it('https has browsers and clients stay with it: pages, answers, refusals', async () => {
  for (const path of ['/', '/acme', '/api/v1/packages/acme', '/api/healthz', '/nothing/here'])
    expect((await send(path)).headers.get('strict-transport-security')).toBe('max-age=31536000')
})

it('addresses in texts and documents are those of https', async () => {
  for (const path of ['/acme', '/acme/-/upload', '/api/v1/owners/acme', '/api/v1/openapi.json']) {
    const { text } = await answerOf(path, { headers: ADMIN })
    expect(text.replaceAll('http://www.w3.org/', '')).not.toContain('http://')
  }
})
