import { beforeEach, describe, expect, it } from 'vitest'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

type Credentials = Record<string, string>
let credentials: Record<string, Credentials>

beforeEach(async () => {
  for (const [name, visibility] of [
    ['acme', 'public'],
    ['secret', 'private'],
    ['other', 'public'],
  ] as const) {
    await createOwner(name, visibility)
  }
  for (const owner of ['acme', 'secret']) {
    await publish({ name: 'hello', version: '1-r0' }, MAIN.replace('acme', owner))
  }
  const token = async (owner: string, scope: string) =>
    (await tokenOf(owner, { scopes: [scope] })).headers
  credentials = {
    nobody: {},
    mistyped: { authorization: 'Bearer cairn_mistyped' },
    other: await token('other', 'admin'),
    reader: await token('secret', 'read'),
    writer: await token('secret', 'write'),
    manager: await token('secret', 'admin'),
    'public reader': await token('acme', 'read'),
    admin: ADMIN,
  }
})

const index = (owner: string) => `${MAIN.replace('acme', owner)}/x86_64/APKINDEX.tar.gz`

describe('reading', () => {
  it.each([
    ['acme', 'nobody', 200],
    ['acme', 'mistyped', 200],
    ['acme', 'other', 200],
    ['secret', 'nobody', 401],
    ['secret', 'mistyped', 401],
    ['secret', 'other', 404],
    ['secret', 'public reader', 404],
    ['secret', 'reader', 200],
    ['secret', 'writer', 200],
    ['secret', 'manager', 200],
    ['secret', 'admin', 200],
    ['absent', 'nobody', 401],
    ['absent', 'mistyped', 401],
    ['absent', 'reader', 404],
    ['absent', 'admin', 404],
  ])('the packages of %s by %s: %i', async (owner, who, status) => {
    const answer = await answerOf(index(owner), { headers: credentials[who] ?? {} })
    expect([answer.status, answer.headers.has('www-authenticate')]).toEqual([
      status,
      status === 401,
    ])
  })
})

describe('writing', () => {
  it.each([
    ['acme', 'nobody', 401],
    ['acme', 'mistyped', 401],
    ['acme', 'public reader', 403],
    ['acme', 'other', 403],
    ['acme', 'manager', 403],
    ['acme', 'admin', 201],
    ['secret', 'nobody', 401],
    ['secret', 'other', 404],
    ['secret', 'reader', 403],
    ['secret', 'writer', 201],
    ['secret', 'manager', 201],
    ['secret', 'admin', 201],
    ['absent', 'nobody', 401],
    ['absent', 'writer', 404],
    ['absent', 'admin', 404],
  ])('to %s by %s: %i', async (owner, who, status) => {
    const path = MAIN.replace('acme', owner)
    const body = buildApk({ name: 'new', version: '1-r0' })
    const answer = await answerOf(path, { method: 'PUT', headers: credentials[who] ?? {}, body })
    expect(answer.status).toBe(status)
  })
})

describe('managing', () => {
  it.each([
    ['GET', '/api/v1/owners/secret/tokens', 'nobody', 401],
    ['GET', '/api/v1/owners/secret/tokens', 'reader', 403],
    ['GET', '/api/v1/owners/secret/tokens', 'writer', 403],
    ['GET', '/api/v1/owners/secret/tokens', 'other', 404],
    ['GET', '/api/v1/owners/secret/tokens', 'manager', 200],
    ['GET', '/api/v1/owners/secret/tokens', 'admin', 200],
    ['GET', '/api/v1/owners/acme/tokens', 'other', 403],
    ['GET', '/api/v1/owners', 'nobody', 401],
    ['GET', '/api/v1/owners', 'manager', 403],
    ['GET', '/api/v1/owners', 'admin', 200],
    ['PUT', '/api/v1/owners/secret', 'manager', 403],
    ['PUT', '/api/v1/owners/another', 'manager', 403],
    ['DELETE', '/api/v1/owners/secret', 'manager', 403],
    ['DELETE', '/api/v1/owners/secret', 'nobody', 401],
    ['GET', '/api/v1/owners/secret', 'reader', 200],
    ['GET', '/api/v1/owners/secret', 'nobody', 401],
    ['GET', '/api/v1/owners/acme', 'nobody', 200],
  ])('%s %s by %s: %i', async (method, path, who, status) => {
    expect((await answerOf(path, { method, headers: credentials[who] ?? {} })).status).toBe(status)
  })
})

it('tells the deployment admin what an absent owner needs', async () => {
  const { status, text } = await answerOf(index('absent'), { headers: ADMIN })
  expect({ status, text }).toEqual({
    status: 404,
    text: 'no owner absent: it has to be created first',
  })
})

it('tells nobody whether a private owner exists', async () => {
  const probes = [
    [index('secret'), index('absent'), 'GET'],
    [MAIN.replace('acme', 'secret'), MAIN.replace('acme', 'absent'), 'PUT'],
    [
      `${index('secret').replace('APKINDEX.tar.gz', 'a-1.apk')}`,
      `${index('absent').replace('APKINDEX.tar.gz', 'a-1.apk')}`,
      'DELETE',
    ],
    ['/api/v1/owners/secret/tokens', '/api/v1/owners/absent/tokens', 'GET'],
  ] as const
  // Without credentials, and with those of another owner, in whatever case the name is written.
  for (const who of ['nobody', 'other', 'public reader']) {
    const headers = credentials[who] ?? {}
    for (const [existing, absent, method] of probes) {
      const ask = async (path: string) => {
        const answer = await answerOf(path, { method, headers })
        const text = answer.text
          .replaceAll(/secret|absent/gi, 'OWNER')
          .replace(/"request_id":"[^"]+"/, '')
        return { status: answer.status, text, headers: Object.fromEntries(answer.headers) }
      }
      const shout = (path: string) => path.replace(/secret|absent/, (name) => name.toUpperCase())
      expect(await ask(existing)).toEqual(await ask(absent))
      expect(await ask(shout(existing))).toEqual(await ask(shout(absent)))
    }
  }
})

it('answers a key without credentials, for private and absent owners alike', async () => {
  for (const owner of ['acme', 'secret', 'absent']) {
    const key = await answerOf(`/api/packages/${owner}/alpine/key`)
    expect([owner, key.status]).toEqual([owner, 200])
    const [, name] = /filename="(.+)"/.exec(key.headers.get('content-disposition') ?? '') ?? []
    expect(name).toMatch(new RegExp(`^${owner}@`))
    const named = await answerOf(`/api/packages/${owner}/alpine/${name}`, { method: 'HEAD' })
    expect([named.status, named.headers.get('content-type')]).toEqual([
      200,
      'application/x-pem-file',
    ])
  }
  expect((await answerOf('/api/packages/acme/alpine/other.rsa.pub')).status).toBe(404)
})

it('closes at once when the owner becomes private', async () => {
  expect((await answerOf(index('acme'))).status).toBe(200)
  const body = JSON.stringify({ visibility: 'private' })
  await answerOf('/api/v1/owners/acme', { method: 'PUT', headers: ADMIN, body })
  expect((await answerOf(index('acme'))).status).toBe(401)
})
