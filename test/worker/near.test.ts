// What places remember of a repository and its index. What holds for every type is in near-types.test.ts, and of files
// without a repository in near-collections.test.ts.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ask as askHere } from '../support/worker/near/asking.ts'
import { TestClock } from '../support/worker/near/clock.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`
const BOUND_S = 1
/** With what clocks differ by. */
const REST_MS = BOUND_S * 1000 + 5000

const hello = { name: 'hello', version: '1-r0' }

const ask = (path = FILE, init: RequestInit = {}) => askHere(clock, path, init)

/** Another build of the same name and version. */
const OTHER = { ...hello, info: { pkgdesc: 'another build' } }

const remove = (path = FILE) => answerOf(path, { method: 'DELETE', headers: ADMIN })

let clock: TestClock

beforeEach(async () => {
  clock = new TestClock()
  // What the test before left in memory counts no more.
  clock.pass(BOUND_S * 1000 + 50)
  override({ REMEMBER_SECONDS: BOUND_S })
  await createOwner()
})

afterEach(() => clock[Symbol.dispose]())

describe('a file that was asked for', () => {
  it('is answered so for 10 seconds, unless the variable says otherwise', async () => {
    override({ REMEMBER_SECONDS: undefined })
    await publish(hello)
    await ask()
    clock.pass(9900)
    expect(await ask()).toMatchObject({ status: 200, near: true, statements: 0 })
    clock.pass(100)
    expect(await ask()).toMatchObject({ status: 200, near: false, statements: 1 })
  })

  it('stays near when others are published, since an index renews the facts', async () => {
    await publish(hello)
    await ask()
    await publish({ name: 'other', version: '1-r0' })
    clock.pass(BOUND_S * 1000 + 50)
    expect(await ask(INDEX)).toMatchObject({ status: 200, near: false, statements: 1 })
    expect(await ask()).toMatchObject({ status: 200, near: true, statements: 0 })
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
})

describe('never near', () => {
  it('is an index, nor a 404', async () => {
    await publish(hello)
    for (const path of [INDEX, `${MAIN}/x86_64/absent-1-r0.apk`]) {
      await ask(path)
      expect(await ask(path)).toMatchObject({ near: false, statements: 1 })
    }
  })
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
