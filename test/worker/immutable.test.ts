import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  ADMIN,
  answerOf,
  createOwner,
  listKeys,
  send,
  tokenOf,
} from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const SETTINGS = '/api/v1/owners/acme/repositories/alpine/edge/main'
const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const hello = (pkgdesc: string, arch = 'x86_64') =>
  buildApk({ name: 'hello', version: '1-r0', arch, info: { pkgdesc } })

const declare = (body: unknown = { immutable: true }, headers: HeadersInit = ADMIN) =>
  answerOf(SETTINGS, { method: 'PUT', headers, body: JSON.stringify(body) })

const remove = (path = FILE) => answerOf(path, { method: 'DELETE', headers: ADMIN })

const cacheControlOf = async (path: string, headers: HeadersInit = {}) => {
  const response = await send(path, { headers })
  await response.arrayBuffer()
  return response.headers.get('cache-control')
}

beforeEach(() => createOwner())

describe('an immutable repository', () => {
  it('can be declared before its first package and after it, and never back', async () => {
    const first = await declare()
    expect([first.status, JSON.parse(first.text)]).toEqual([
      200,
      { name: 'edge/main', immutable: true, revision: 0 },
    ])
    expect((await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).status).toBe(404)
    expect((await put(hello('a'))).text).toMatch(/revision 1$/)
    expect(JSON.parse((await declare()).text)).toMatchObject({ immutable: true, revision: 1 })
    for (const body of [{ immutable: false }, {}, { immutable: 1 }, { mutable: true }]) {
      expect((await declare(body)).status).toBe(400)
    }
  })

  it('lets packages be kept for a year by everybody, and the index by nobody', async () => {
    await put(hello('a'))
    expect(await cacheControlOf(FILE)).toBe('public, no-cache, no-transform')
    await declare()
    expect(await cacheControlOf(FILE)).toBe('public, max-age=31536000, immutable, no-transform')
    expect(await cacheControlOf(`${MAIN}/x86_64/APKINDEX.tar.gz`)).toBe(
      'public, no-cache, no-transform',
    )
    expect(await cacheControlOf(`${MAIN}/x86_64/absent-1-r0.apk`)).toBe('no-store')
  })

  it('says nothing of the kind for a private owner', async () => {
    await createOwner('secret', 'private')
    const at = (path: string) => path.replace('acme', 'secret')
    await publish({ name: 'hello', version: '1-r0' }, at(MAIN))
    await answerOf(at(SETTINGS), { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' })
    expect(await cacheControlOf(at(FILE), ADMIN)).toBe('private, no-store')
  })

  it('keeps the name of a removed file taken for good, but for the same bytes', async () => {
    await declare()
    await put(hello('first'))
    expect((await remove()).status).toBe(204)
    const other = await put(hello('second'))
    expect(`${other.status} ${other.text}`).toBe(
      '409 hello 1-r0 x86_64 was removed from acme/edge/main, which is immutable: its name stays taken (for x86_64), raise pkgrel and publish again',
    )
    expect((await send(FILE)).status).toBe(404)
    // The other bytes are gone; those of the removed file wait for the sweep.
    expect(await listKeys('blobs/')).toHaveLength(1)
    expect((await put(hello('first'))).status).toBe(201)
    expect((await remove()).status).toBe(204)
    expect((await put(hello('third'))).status).toBe(409)
  })

  it('also across architectures, since a noarch file was served under all of them', async () => {
    await declare()
    await put(hello('everywhere', 'noarch'))
    await remove(`${MAIN}/noarch/hello-1-r0.apk`)
    expect((await put(hello('native', 'x86_64'))).text).toMatch(
      /its name stays taken \(for noarch\)/,
    )
    await publish({ name: 'native', version: '1-r0', arch: 'x86_64' })
    await remove(`${MAIN}/x86_64/native-1-r0.apk`)
    await publish({ name: 'native', version: '1-r0', arch: 'aarch64' })
    expect((await put(buildApk({ name: 'native', version: '1-r0', arch: 'noarch' }))).status).toBe(
      409,
    )
  })

  it('remembers what is removed from the declaration on', async () => {
    await put(hello('before'))
    await remove()
    await declare()
    // Removed while it was not immutable: nobody was told to keep it.
    expect((await put(hello('after'))).status).toBe(201)
    await remove()
    expect((await put(hello('another'))).status).toBe(409)
  })
})

it('other repositories of the owner stay as they are', async () => {
  await declare()
  const other = MAIN.replace('edge', 'v3.22')
  await publish({ name: 'hello', version: '1-r0' }, other)
  await remove(FILE.replace('edge', 'v3.22'))
  expect((await put(hello('x'), other)).status).toBe(201)
})

it('takes an admin token without restrictions, and a valid name', async () => {
  const { headers } = await tokenOf('acme', { scopes: ['admin'] })
  const restricted = await tokenOf('acme', { scopes: ['admin'], packages: ['a*'] })
  expect((await declare({ immutable: true }, restricted.headers)).status).toBe(403)
  expect((await declare({ immutable: true }, headers)).status).toBe(200)
  const path = SETTINGS.replace('main', '-main')
  expect(
    (await answerOf(path, { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' })).status,
  ).toBe(400)
  expect(await env.DB.prepare('SELECT count(*) AS n FROM repository').first('n')).toBe(1)
})
