// Answers of a place on the edge that remembers a file, and what a removal, another owner, an outage and a lost
// cache make of them.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { injectFault } from '../support/worker/faults.ts'
import { TestClock } from '../support/worker/near/clock.ts'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`
const BOUND_S = 1
/** With what clocks differ by. */
const REST_MS = BOUND_S * 1000 + 5000

const hello = { name: 'hello', version: '1-r0' }

/** The answer, whether it was a near one, and how often it asked the database. */
async function ask(path = FILE, init: RequestInit = {}) {
  const calls = injectFault({})
  const response = await send(path, init)
  const bytes = new Uint8Array(await response.arrayBuffer())
  clock.install()
  const near = /\bnear\b/.test(response.headers.get('server-timing') ?? '')
  const statements = calls.filter((call) => call.startsWith('D1')).length
  return { status: response.status, near, statements, bytes, headers: response.headers }
}

/** Another build of the same name and version. */
const OTHER = { ...hello, info: { pkgdesc: 'another build' } }

const remove = (path = FILE) => answerOf(path, { method: 'DELETE', headers: ADMIN })

const makePrivate = () =>
  answerOf('/api/v1/owners/acme', {
    method: 'PUT',
    headers: ADMIN,
    body: JSON.stringify({ visibility: 'private' }),
  })

let clock: TestClock

beforeEach(async () => {
  clock = new TestClock()
  override({ REMEMBER_SECONDS: BOUND_S })
  await createOwner()
})

afterEach(() => clock[Symbol.dispose]())

describe('a file that was asked for', () => {
  it('is answered again without the database, by GET, HEAD, range and condition', async () => {
    const bytes = await publish(hello)
    expect(await ask()).toMatchObject({ status: 200, near: false, statements: 1, bytes })
    const again = await ask()
    expect(again).toMatchObject({ status: 200, near: true, statements: 0, bytes })
    expect(await ask(FILE, { method: 'HEAD' })).toMatchObject({ status: 200, near: true })
    expect(await ask(FILE, { headers: { range: 'bytes=1-3' } })).toMatchObject({
      status: 206,
      near: true,
      bytes: bytes.slice(1, 4),
    })
    const etag = again.headers.get('etag') ?? ''
    expect(await ask(FILE, { headers: { 'if-none-match': etag } })).toMatchObject({
      status: 304,
      near: true,
      statements: 0,
    })
    expect(await ask(FILE, { headers: ADMIN })).toMatchObject({ near: true, statements: 0 })
  })

  it('is asked for again when the bound is over', async () => {
    await publish(hello)
    await ask()
    clock.pass(BOUND_S * 1000 + 50)
    expect(await ask()).toMatchObject({ status: 200, near: false, statements: 1 })
    expect(await ask()).toMatchObject({ near: true })
  })

  it('stays near when others are published, since an index renews the facts', async () => {
    await publish(hello)
    await ask()
    await publish({ name: 'other', version: '1-r0' })
    clock.pass(BOUND_S * 1000 + 50)
    expect(await ask(INDEX)).toMatchObject({ status: 200, near: false, statements: 1 })
    expect(await ask()).toMatchObject({ status: 200, near: true, statements: 0 })
  })

  it('is gone at once where it was removed, and its name takes other bytes after the rest', async () => {
    await publish(hello)
    await ask()
    const removed = clock.now
    expect(await remove()).toMatchObject({ status: 204 })
    expect(await ask()).toMatchObject({ status: 404 })
    const other = buildApk(OTHER)
    expect(await put(other)).toMatchObject({ status: 201 })
    expect(clock.now - removed).toBeGreaterThanOrEqual(REST_MS - 50)
    expect(await ask()).toMatchObject({ status: 200, bytes: other, near: false })
  })

  it('comes back with the bytes that it had at once', async () => {
    const bytes = await publish(hello)
    await remove()
    const started = clock.now
    expect(await put(bytes)).toMatchObject({ status: 201 })
    expect(clock.now - started).toBeLessThan(REST_MS / 2)
  })

  it('of noarch rests under every architecture', async () => {
    await publish({ ...hello, arch: 'noarch' })
    await ask()
    expect(await ask()).toMatchObject({ near: true })
    await remove(`${MAIN}/noarch/hello-1-r0.apk`)
    const started = clock.now
    expect(await put(buildApk(OTHER))).toMatchObject({
      status: 201,
    })
    expect(clock.now - started).toBeGreaterThanOrEqual(REST_MS / 2)
  })

  it('rests by the names of owner and repository, whoever has them by now', async () => {
    await publish(hello)
    await remove()
    expect(
      await answerOf('/api/v1/owners/acme', { method: 'DELETE', headers: ADMIN }),
    ).toMatchObject({ status: 204 })
    await createOwner()
    const started = clock.now
    expect(await put(buildApk(OTHER))).toMatchObject({
      status: 201,
    })
    expect(clock.now - started).toBeGreaterThanOrEqual(REST_MS / 2)
  })
})

describe('never near', () => {
  it('is an index, nor a 404', async () => {
    await publish(hello)
    for (const path of [INDEX, `${MAIN}/x86_64/absent-1-r0.apk`]) {
      await ask(path)
      expect(await ask(path)).toMatchObject({ near: false, statements: 1 })
    }
  })

  it('is a file of a private owner', async () => {
    await makePrivate()
    await publish(hello)
    for (let time = 0; time < 2; time++) {
      expect(await ask(FILE, { headers: ADMIN })).toMatchObject({ status: 200, near: false })
    }
    expect(await ask()).toMatchObject({ status: 401 })
  })

  it('is anything where the bound is 0, nor does a name rest', async () => {
    override({ REMEMBER_SECONDS: 0 })
    await publish(hello)
    await send(FILE).then((response) => response.arrayBuffer())
    const { headers } = await send(FILE)
    expect(headers.get('server-timing')).toMatch(/^db;dur=/)
    await remove()
    expect(await put(buildApk(OTHER))).toMatchObject({
      status: 201,
    })
  })
})

it('a file whose owner was made private is answered for the bound at most', async () => {
  await publish(hello)
  await ask()
  await makePrivate()
  clock.pass(BOUND_S * 1000 + 50)
  expect(await ask()).toMatchObject({ status: 401 })
})

it('a file whose bytes are gone is asked for at home', async () => {
  // Bytes that nobody asked for before are in no cache of bytes.
  await publish({ ...hello, info: { pkgdesc: crypto.randomUUID() } })
  await ask(FILE, { method: 'HEAD' })
  const key = await env.DB.prepare('SELECT r2_key FROM package_blob').first<string>('r2_key')
  await env.BLOBS.delete(key ?? '')
  expect(await ask(FILE, { method: 'HEAD' })).toMatchObject({ near: true })
  expect(await ask()).toMatchObject({ status: 503, near: false, statements: 1 })
})

it('code that keeps no list of commits makes publishes wait', async () => {
  await publish(hello)
  await env.DB.prepare("UPDATE repository SET recent = 'h000000000000'").run()
  const started = clock.now
  await publish({ name: 'other', version: '1-r0' })
  expect(clock.now - started).toBeGreaterThanOrEqual(REST_MS - 50)
  const next = clock.now
  await publish({ name: 'third', version: '1-r0' })
  expect(clock.now - next).toBeLessThan(REST_MS / 2)
})

it('a publish whose answer was lost before its name rested is not told that it was refused', async () => {
  await publish(hello)
  await remove()
  const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
  let lost = false
  const getByName = (name: string) => {
    const stub = env.REPOSITORY.getByName(name)
    const commit = async (...values: Parameters<typeof stub.commit>) => {
      const result = await stub.commit(...values)
      if (lost) return result
      lost = true
      throw new Error('the answer was lost')
    }
    return { commit } as unknown as typeof stub
  }
  override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName) })
  const wait = vi.mocked(scheduler.wait).getMockImplementation()
  vi.mocked(scheduler.wait).mockImplementation(async (milliseconds) => {
    if (milliseconds >= 1000) {
      await env.DB.prepare('DELETE FROM access_token WHERE id = ?').bind(id).run()
    }
    await wait?.(milliseconds)
  })
  expect(await put(buildApk(OTHER), MAIN, headers)).toMatchObject({
    status: 503,
    text: expect.stringMatching(/may or may not/),
  })
})
