// What holds for every package type whose files a place on the edge remembers: by the type's sample.
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRemovableFiles, removeFiles } from '../../src/core/packages/remove.ts'
import { override } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ask } from '../support/worker/near/asking.ts'
import { TestClock } from '../support/worker/near/clock.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { samples } from '../types/samples.ts'
import type { SampleFile } from '../types/type-sample.ts'

const BOUND_S = 1
const BOUND_MS = BOUND_S * 1000
/** With what clocks differ by. */
const REST_MS = BOUND_MS + 5000

const OWNER = '/api/v1/owners/acme'
const setVisibility = (visibility: 'public' | 'private') =>
  answerOf(OWNER, { method: 'PUT', headers: ADMIN, body: JSON.stringify({ visibility }) })

/** All files of the type; no place is told. */
async function removeElsewhere(type: string): Promise<void> {
  const owner = await env.DB.prepare('SELECT id FROM owner').first<string>('id')
  const { results } = await env.DB.prepare('SELECT name FROM package').all<{ name: string }>()
  const place = { ownerId: String(owner), type }
  const row = { id: place.ownerId, name: 'acme', visibility: 'public', signingKey: null } as const
  for (const { name: packageName } of results) {
    const files = await findRemovableFiles(env.DB, place, { packageName })
    const removal = { db: env.DB, objects: env.REPOSITORY, owner: row, type, files }
    await removeFiles({ ...removal, removedBy: 'admin' })
  }
}

let clock: TestClock

beforeEach(async () => {
  clock = new TestClock()
  // What the test before left in memory counts no more.
  clock.pass(BOUND_MS + 50)
  override({ REMEMBER_SECONDS: BOUND_S })
  await createOwner()
})

afterEach(() => clock[Symbol.dispose]())

describe.each(samples)('a file of $type that was asked for', (sample) => {
  const { first, second, conflicting, statuses } = sample
  const publish = async (file: SampleFile) => (await answerTo(sample.publish(file))).status
  const remove = async (file: SampleFile) => (await answerTo(sample.remove(file))).status
  const get = (init: RequestInit = {}, path = first.path) => ask(clock, path, init)
  const { bytes } = first

  it('is answered again without the database, by GET, HEAD, range and condition', async () => {
    await publish(first)
    expect(await get()).toMatchObject({ status: 200, near: false, statements: 1, bytes })
    const again = await get()
    expect(again).toMatchObject({ status: 200, near: true, statements: 0, bytes })
    const here = { near: true, statements: 0 }
    expect(await get({ method: 'HEAD' })).toMatchObject({ status: 200, ...here })
    const part = await get({ headers: { range: 'bytes=1-3' } })
    expect(part).toMatchObject({ status: 206, ...here, bytes: bytes.slice(1, 4) })
    const etag = again.headers.get('etag') ?? ''
    const same = await get({ headers: { 'if-none-match': etag } })
    expect(same).toMatchObject({ status: 304, ...here })
    expect(await get({ headers: ADMIN })).toMatchObject(here)
  })

  it('has the headers of an answer that asked the database', async () => {
    await publish(first)
    const named = ({ headers }: { headers: Headers }) =>
      [...headers].filter(([name]) => !['server-timing', 'cf-cache-status'].includes(name))
    const [home, near] = [await get(), await get()]
    expect([home.near, near.near]).toEqual([false, true])
    expect(named(near)).toEqual(named(home))
  })

  it('is asked for again when the bound is over, and others tell the place of the commits since', async () => {
    await publish(first)
    await publish(second)
    await get()
    await get({}, second.path)
    clock.pass(BOUND_MS + 50)
    expect(await get()).toMatchObject({ status: 200, near: false, statements: 1 })
    // What was said of the one file is true of all.
    expect(await get({}, second.path)).toMatchObject({ status: 200, near: true, statements: 0 })
  })

  it('stays near when others come and go', async () => {
    await publish(first)
    await get()
    expect(await publish(second)).toBe(statuses.published)
    await get({}, second.path)
    expect(await remove(second)).toBe(statuses.removed)
    expect(await get({}, second.path)).toMatchObject({ status: 404 })
    expect(await get()).toMatchObject({ status: 200, near: true, statements: 0 })
    await expectConsistent()
  })

  it('is gone at once where it was removed, and its name takes other bytes after the rest or never', async () => {
    await publish(first)
    await get()
    const removed = clock.now
    expect(await remove(first)).toBe(statuses.removed)
    expect(await get()).toMatchObject({ status: 404, near: false })
    const status = await publish(conflicting)
    const waited = clock.now - removed
    if (status >= 400) {
      // The type keeps the name for good: what is refused anyway does not wait.
      expect(waited).toBeLessThan(REST_MS / 2)
    } else {
      expect(status).toBe(statuses.published)
      expect(waited).toBeGreaterThanOrEqual(REST_MS - 50)
      const { bytes: others } = conflicting
      expect(await get()).toMatchObject({ status: 200, near: false, bytes: others })
    }
    await expectConsistent()
  })

  it('comes back with the bytes that it had at once', async () => {
    await publish(first)
    expect(await remove(first)).toBe(statuses.removed)
    const started = clock.now
    expect(await publish(first)).toBe(statuses.published)
    expect(clock.now - started).toBeLessThan(REST_MS / 2)
    expect(await get()).toMatchObject({ status: 200, bytes })
  })

  it('rests by the names of owner and package, whoever has them by now', async () => {
    await publish(first)
    await remove(first)
    const deleted = await answerOf(OWNER, { method: 'DELETE', headers: ADMIN })
    expect(deleted.status).toBe(204)
    await createOwner()
    const started = clock.now
    expect(await publish(conflicting)).toBe(statuses.published)
    expect(clock.now - started).toBeGreaterThanOrEqual(REST_MS / 2)
  })

  it('is not answered for an owner of the same name that came later', async () => {
    await publish(first)
    await get()
    await removeElsewhere(sample.type)
    await answerOf(OWNER, { method: 'DELETE', headers: ADMIN })
    await createOwner()
    expect(await get()).toMatchObject({ status: 200, near: true })
    await publish(second)
    await get({}, second.path)
    expect(await get()).toMatchObject({ status: 404, near: false })
  })

  it('of a private owner is never near, and for the bound at most after it was made private', async () => {
    await publish(first)
    await get()
    expect(await get()).toMatchObject({ near: true })
    await setVisibility('private')
    clock.pass(BOUND_MS + 50)
    expect(await get()).toMatchObject({ status: 401, near: false })
    for (let time = 0; time < 2; time++) {
      expect(await get({ headers: ADMIN })).toMatchObject({ status: 200, near: false })
    }
  })

  it('of a name that nothing has is never near', async () => {
    await publish(first)
    for (let time = 0; time < 2; time++) {
      expect(await get({}, second.path)).toMatchObject({ status: 404, near: false, statements: 1 })
    }
  })

  it('asks the database always where the bound is 0, and its name does not rest', async () => {
    override({ REMEMBER_SECONDS: 0 })
    await publish(first)
    for (let time = 0; time < 2; time++) {
      expect(await get()).toMatchObject({ status: 200, near: false, statements: 1 })
    }
    await remove(first)
    const started = clock.now
    await publish(conflicting)
    expect(clock.now).toBe(started)
  })
})
