import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { hourOf } from '../../src/core/blobs/keys.ts'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { wrapMethod } from '../support/worker/bindings.ts'
import worker from '../support/worker/entry.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  send,
} from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const HOUR = 60 * 60 * 1000
const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const hello = { name: 'hello', version: '1-r0' }

const later = (milliseconds: number) => sweep(env.DB, env.BLOBS, Date.now() + milliseconds)
const remove = () => answerOf(FILE, { method: 'DELETE', headers: ADMIN })
const stage = async (hoursAgo: number) => {
  const key = `blobs/${hourOf(new Date(Date.now() - hoursAgo * HOUR))}/${crypto.randomUUID()}`
  await env.BLOBS.put(key, 'staged')
  return key
}

beforeEach(() => createOwner())

describe('what was staged and never committed', () => {
  it('goes after four hours, and what was committed stays', async () => {
    const bytes = await publish(hello)
    const abandoned = [await stage(5), await stage(20)]
    const fresh = [await stage(0), await stage(3)]
    expect(await later(0)).toMatchObject({ abandoned: 2, deleted: 2 })
    const keys = await listKeys('blobs/')
    expect(keys).toEqual(expect.arrayContaining(fresh))
    for (const key of abandoned) expect(keys).not.toContain(key)
    // The published objects' own hour comes up too, in time.
    expect(await later(10 * HOUR)).toMatchObject({ abandoned: 2 })
    expect(new Uint8Array(await (await send(FILE)).arrayBuffer())).toEqual(bytes)
    expect((await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).status).toBe(200)
  })

  it('is looked for in each hour once, over pages, never in the whole bucket', async () => {
    const prefixes: (string | undefined)[] = []
    const list = ((options: R2ListOptions = {}) => {
      prefixes.push(options.prefix)
      return env.BLOBS.list({ ...options, limit: 2 })
    }) as R2Bucket['list']
    const bucket = wrapMethod(env.BLOBS, 'list', list)
    for (let count = 0; count < 5; count++) await stage(5)
    const first = await sweep(env.DB, bucket, Date.now())
    expect(first).toMatchObject({ abandoned: 5, listed: 5, lists: prefixes.length })
    expect(
      prefixes.every((prefix) => /^(blobs|indexes|contents)\/\d{10}\/$/.test(prefix ?? '')),
    ).toBe(true)
    // A day of hours for each of the three prefixes, and two more pages for the hour of five.
    expect(prefixes.length).toBe(3 * 25 + 2)
    expect(await sweep(env.DB, bucket, Date.now())).toMatchObject({ lists: 0 })
    expect(await sweep(env.DB, bucket, Date.now() + HOUR)).toMatchObject({ lists: 3 })
  })

  it('is found after a long pause too, over several runs', async () => {
    await later(0)
    const key = await stage(-60)
    expect(await later(100 * HOUR)).toMatchObject({ abandoned: 0 })
    expect(await later(100 * HOUR)).toMatchObject({ abandoned: 1 })
    expect(await listKeys()).not.toContain(key)
  })
})

describe('a content without files', () => {
  it('stays for a week and goes then, row and object', async () => {
    await publish(hello)
    await remove()
    await later(UNREFERENCED_MS - HOUR)
    expect(await countRows()).toMatchObject({ package_blob: 1 })
    expect(await listKeys('blobs/')).toHaveLength(1)
    expect(await later(UNREFERENCED_MS + HOUR)).toMatchObject({ unreferenced: 1 })
    expect(await countRows()).toMatchObject({ package_blob: 0 })
    expect(await listKeys('blobs/')).toEqual([])
  })

  it('stays while another file has it', async () => {
    await publish(hello)
    const other = MAIN.replace('edge', 'v3.22')
    await publish(hello, other)
    await remove()
    await later(2 * UNREFERENCED_MS)
    expect((await send(`${other}/x86_64/hello-1-r0.apk`)).status).toBe(200)
  })

  it('stays if a file has it after all, and keeps no other from going', async () => {
    await publish(hello)
    await publish({ name: 'gone', version: '1-r0' })
    await answerOf(`${MAIN}/x86_64/gone-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
    await env.DB.prepare('UPDATE package_blob SET unreferenced_at = 1').run()
    expect(await later(0)).toMatchObject({ unreferenced: 1 })
    expect((await send(FILE)).status).toBe(200)
  })

  it('that is published again before its row goes has the bytes of that publish, and one object', async () => {
    await publish(hello)
    await remove()
    const before = await listKeys('blobs/')
    const bytes = await publish(hello)
    expect(await later(2 * UNREFERENCED_MS)).toMatchObject({ unreferenced: 0 })
    const after = await listKeys('blobs/')
    expect([after.length, after[0] === before[0]]).toEqual([1, false])
    expect(new Uint8Array(await (await send(FILE)).arrayBuffer())).toEqual(bytes)
  })

  it('that is published again between its row and its object keeps the bytes of that publish', async () => {
    await publish(hello)
    await remove()
    let bytes: Uint8Array | undefined
    const bucket = wrapMethod(env.BLOBS, 'delete', (async (keys: string[]) => {
      // The row is gone, the object not yet: the publish cannot know of the old object any more.
      bytes ??= await publish(hello)
      return env.BLOBS.delete(keys)
    }) as R2Bucket['delete'])
    expect(await sweep(env.DB, bucket, Date.now() + 2 * UNREFERENCED_MS)).toMatchObject({
      unreferenced: 1,
    })
    expect(new Uint8Array(await (await send(FILE)).arrayBuffer())).toEqual(bytes)
    await later(2 * UNREFERENCED_MS)
    expect((await send(FILE)).status).toBe(200)
  })
})

describe('a replaced index file', () => {
  it('goes a quarter of an hour after it was replaced', async () => {
    await publish(hello)
    await publish({ name: 'other', version: '1-r0' })
    expect(await listKeys('indexes/')).toHaveLength(3)
    expect(await later(14 * 60 * 1000)).toMatchObject({ deleted: 0 })
    expect(await later(16 * 60 * 1000)).toMatchObject({ deleted: 1 })
    expect(await listKeys('indexes/')).toHaveLength(2)
    expect((await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).status).toBe(200)
  })
})

it('a burst of commits leaves so many replaced index files and no more', async () => {
  for (let count = 0; count < 45; count++) await publish({ name: `p${count}`, version: '1-r0' })
  // The two current ones, and the forty last replaced of the architecture.
  await vi.waitFor(async () => expect(await listKeys('indexes/')).toHaveLength(42))
  expect((await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).status).toBe(200)
  await later(20 * 60 * 1000)
  expect(await listKeys('indexes/')).toHaveLength(2)
  expect(await env.DB.prepare('SELECT count(*) AS n FROM garbage').first('n')).toBe(0)
})

describe('a sweep that fails', () => {
  it('forgets nothing', async () => {
    await publish(hello)
    await remove()
    const failing = wrapMethod(env.BLOBS, 'delete', () => Promise.reject(new Error('outage')))
    await expect(sweep(env.DB, failing, Date.now() + 2 * UNREFERENCED_MS)).rejects.toThrow('outage')
    expect(await listKeys('blobs/')).toHaveLength(1)
    await later(2 * UNREFERENCED_MS)
    expect(await listKeys('blobs/')).toEqual([])
    expect(await env.DB.prepare('SELECT count(*) AS n FROM garbage').first('n')).toBe(0)
  })
})

it('runs by the cron trigger and logs what it did', async () => {
  const log = vi.spyOn(console, 'info').mockImplementation(() => {})
  const key = await stage(5)
  await worker.scheduled(createScheduledController(), env)
  expect(log.mock.calls.flat()).toEqual([expect.stringMatching(/^sweep: \{.*"abandoned":1.*\}$/)])
  log.mockRestore()
  expect(await listKeys()).not.toContain(key)
})

it('takes of very many contents as many as a run has queries for, and the next run goes on', async () => {
  const count = 251_000
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at, unreferenced_at)
     SELECT printf('%064d', i), '', '', '', 'blobs/2026010100/' || i, 1, 0, 1 FROM n`,
  )
    .bind(count)
    .run()
  const left = () => env.DB.prepare('SELECT count(*) AS n FROM package_blob').first<number>('n')
  vi.spyOn(console, 'info').mockImplementation(() => {})
  for (const expected of [count - 25_000, count - 50_000]) {
    await worker.scheduled(createScheduledController(), env)
    expect(await left()).toBe(expected)
    expect((await env.DB.prepare('SELECT 1 FROM garbage').all()).results).toEqual([])
  }
  vi.restoreAllMocks()
})
