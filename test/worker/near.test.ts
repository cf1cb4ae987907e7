// What places remember of a repository and its index. What holds for every type is in near-types.test.ts, and of files
// without a repository in near-collections.test.ts.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ask as askHere } from '../support/worker/near/asking.ts'
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

  it('is gone where it was removed, also for a question that was under way', async () => {
    await publish(hello)
    // A promise of one request cannot be kept by another: both look again and again.
    let [isAsked, isTold] = [false, false]
    const moment = () => new Promise((resolve) => setTimeout(resolve, 1))
    const prepare = (sql: string) => {
      const statement = env.DB.prepare(sql)
      if (!sql.includes('AS ownerId')) return statement
      return wrapMethod(statement, 'bind', (...values) => {
        const bound = statement.bind(...values)
        const all = async () => {
          const result = await bound.all()
          isAsked = true
          while (!isTold) await moment()
          return result
        }
        return wrapMethod(bound, 'all', all as typeof bound.all)
      })
    }
    override({ DB: wrapMethod(env.DB, 'prepare', prepare) })
    const slow = send(FILE)
    while (!isAsked) await moment()
    clock.install()
    clock.pass(10)
    expect(await remove()).toMatchObject({ status: 204 })
    isTold = true
    expect((await slow).status).toBe(200)
    await (await slow).arrayBuffer()
    expect(await ask()).toMatchObject({ status: 404 })
  })

  it('is asked for at home after a removal of which nobody knows whether it took effect', async () => {
    await publish(hello)
    await ask()
    const getByName = (name: string) => {
      const stub = env.REPOSITORY.getByName(name)
      const commit = async (...values: Parameters<typeof stub.commit>) => {
        await stub.commit(...values)
        throw new Error('the answer was lost')
      }
      return { commit } as unknown as typeof stub
    }
    override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName) })
    expect(await remove()).toMatchObject({ status: 503 })
    expect(await ask()).toMatchObject({ status: 404 })
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

it('a repository that was declared immutable takes its first package at once', async () => {
  const path = '/api/v1/owners/acme/repositories/alpine/edge/main'
  const declared = await answerOf(path, {
    method: 'PUT',
    headers: ADMIN,
    body: '{"immutable":true}',
  })
  expect(declared).toMatchObject({ status: 200 })
  const started = clock.now
  await publish(hello)
  expect(clock.now - started).toBeLessThan(REST_MS / 2)
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
