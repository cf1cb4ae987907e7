import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const everywhere = [
  ['GET', '/api/packages/acme/alpine/key'],
  ['GET', `${MAIN}/x86_64/APKINDEX.tar.gz`],
  ['PUT', MAIN],
  ['GET', '/api/v1/owners'],
  ['GET', '/nothing/here'],
  ['GET', MAIN],
] as const

const answers = () =>
  Promise.all(
    everywhere.map(async ([method, path]) => {
      const body = method === 'PUT' ? buildApk() : null
      const answer = await answerOf(path, {
        method,
        headers: { ...ADMIN, accept: 'text/plain' },
        body,
      })
      return path.startsWith('/api/v1/')
        ? `${answer.status} ${JSON.parse(answer.text).detail}`
        : `${answer.status} ${answer.text}`
    }),
  )

describe('a deployment that is not configured answers 503 everywhere, with cause and remedy', () => {
  const setup = 'run `npm run setup`'
  // What is there is never replaced by setup.
  const put = (name: string) => `store a good one with \`npx wrangler secret put ${name}\``
  it.each([
    ['no admin token', { ADMIN_TOKEN: undefined }, 'the secret ADMIN_TOKEN is missing', setup],
    ['an empty admin token', { ADMIN_TOKEN: ' ' }, 'the secret ADMIN_TOKEN is missing', setup],
    [
      'a short admin token',
      { ADMIN_TOKEN: 'short' },
      'the secret ADMIN_TOKEN is shorter than 16 characters',
      put('ADMIN_TOKEN'),
    ],
    ['no signing key', { SIGNING_KEY: undefined }, 'the secret SIGNING_KEY is missing', setup],
    [
      'a signing key that is none',
      { SIGNING_KEY: 'secret-text' },
      'the secret SIGNING_KEY is unreadable: the key is not in PEM format',
      put('SIGNING_KEY'),
    ],
    [
      'a key file name that is none',
      { SIGNING_KEY_NAME: '../evil' },
      'the secret SIGNING_KEY_NAME is not a name for a key',
      put('SIGNING_KEY_NAME'),
    ],
  ])('%s', async (_, bindings, cause, remedy) => {
    override(bindings)
    for (const answer of await answers()) {
      expect(answer.startsWith(`503 not configured: ${cause}`)).toBe(true)
      expect(answer).toContain(`; ${remedy}`)
      expect(answer).not.toContain('secret-text')
      expect(answer).not.toContain('\n')
    }
    const health = await answerOf('/api/healthz')
    expect(health.status).toBe(503)
    expect(health.text).toContain(cause)
  })

  it('no migrations', async () => {
    // A fresh module, since an isolate that saw the migrations does not ask again.
    await reset()
    const health = await answerOf('/api/healthz')
    expect(health.status).toBe(503)
    expect(JSON.parse(health.text).checks).toMatchObject({
      database: expect.stringMatching(
        /^not configured: the database lacks its tables; apply the migrations/,
      ),
      object_store: 'pass',
      signing_key: 'pass',
    })
    const [, index, publishing, owners] = await answers()
    for (const answer of [index, publishing, owners]) {
      expect(answer).toMatch(
        /^503 not configured: the database lacks its tables; apply the migrations/,
      )
    }
  })
})

it('a configured one is healthy, part by part', async () => {
  expect(JSON.parse((await answerOf('/api/healthz')).text)).toEqual({
    status: 'pass',
    checks: {
      admin_token: 'pass',
      signing_key: 'pass',
      database: 'pass',
      limits: 'pass',
      database_room: 'pass',
      object_store: 'pass',
      bucket_marker: 'pass',
      repository_object: 'pass',
    },
  })
})

it('takes the signing key in every form that environments leave of it', async () => {
  await createOwner()
  const pem = env.SIGNING_KEY
  const expected = (await answerOf('/api/packages/acme/alpine/key')).text
  const forms = [pem.replaceAll('\n', '\\n'), pem.replaceAll('\n', '\r\n'), ` ${pem}\n`]
  for (const [at, form] of forms.entries()) {
    override({ SIGNING_KEY: form })
    expect((await answerOf('/api/packages/acme/alpine/key')).text).toBe(expected)
    await publish({ name: 'hello', version: `${at}-r0` })
  }
})

it('logs an unknown error once, with the id that its answer names, and tells nothing of it', async () => {
  await createOwner('acme', 'private')
  const { headers } = await tokenOf('acme', { scopes: ['read'] })
  // A row that no code of ours writes.
  await env.DB.prepare("UPDATE access_token SET scopes = 'secret detail'").run()
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { status, text } = await answerOf(`${MAIN}/x86_64/APKINDEX.tar.gz`, { headers })
  const lines = log.mock.calls.map((call) => String(call[0]))
  log.mockRestore()
  const [, id] =
    /^internal error: tell the operator of this registry, request ([0-9a-f-]{36})$/.exec(text) ?? []
  expect([status, lines.length]).toEqual([500, 1])
  expect(lines[0]).toMatch(
    new RegExp(
      `^request ${id}: internal: internal error: tell the operator of this registry\n.*SyntaxError`,
      's',
    ),
  )
})
