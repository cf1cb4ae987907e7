// The list of what a package holds: made by its publish, kept beside its bytes, gone with them.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readContents } from '../../src/core/blobs/contents.ts'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { buildApk, gzipMember } from '../support/apk-builder.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  MAIN,
  publish,
  put,
} from '../support/worker/registry.ts'

const HOUR = 60 * 60 * 1000
const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const OTHER = MAIN.replace('edge', 'v3.22')
const files = [
  { path: 'usr/bin/hello', content: 'hello' },
  { path: 'usr/bin/hi', link: 'hello' },
]
const hello = { name: 'hello', version: '1-r0', files }
const all = { offset: 0, limit: 1000 }

const sha1 = 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'
const helloPage = {
  entries: 4,
  listed: 4,
  page: [
    { path: 'usr', type: 'directory', mode: '0755' },
    { path: 'usr/bin', type: 'directory', mode: '0755' },
    { path: 'usr/bin/hello', type: 'file', mode: '0755', size: 5, sha1 },
    { path: 'usr/bin/hi', type: 'symlink', mode: '0777', target: 'hello' },
  ],
  next: undefined,
}

const blobKey = async () =>
  (await env.DB.prepare('SELECT r2_key FROM package_blob').first<string>('r2_key')) ?? ''
const contents = async (range = all) => readContents(env.BLOBS, await blobKey(), range)
const later = (milliseconds: number) => sweep(env.DB, env.BLOBS, Date.now() + milliseconds)

/** What is kept of each package: its bytes and its list, under one name. */
async function keptPairs(): Promise<[blobs: string[], lists: string[]]> {
  const names = async (prefix: string) =>
    (await listKeys(prefix)).map((key) => key.slice(prefix.length)).sort()
  return [await names('blobs/'), await names('contents/')]
}

const failPut = (prefix: string, after = false) => {
  const failing = async (key: string, ...rest: [ArrayBuffer]) => {
    if (!key.startsWith(prefix)) return env.BLOBS.put(key, ...rest)
    if (after) await env.BLOBS.put(key, ...rest)
    throw new Error('put: internal error (10001)')
  }
  override({ BLOBS: wrapMethod(env.BLOBS, 'put', failing as R2Bucket['put']) })
}

beforeEach(() => createOwner())

describe('a publish', () => {
  it('keeps the list of the files beside the bytes', async () => {
    await publish(hello)
    const [blobs, lists] = await keptPairs()
    expect([blobs.length, lists]).toEqual([1, blobs])
    expect(await contents()).toEqual(helloPage)
  })

  it('of a package without files keeps an empty list', async () => {
    await publish({ ...hello, files: [] })
    expect(await contents()).toEqual({ entries: 0, listed: 0, page: [], next: undefined })
  })

  it('of a content that is there keeps one list, that of its bytes', async () => {
    await publish(hello)
    const before = await keptPairs()
    await publish(hello, OTHER)
    await vi.waitFor(async () => expect(await keptPairs()).toEqual(before))
    expect(await put(buildApk(hello))).toMatchObject({ status: 409 })
    await vi.waitFor(async () => expect(await keptPairs()).toEqual(before))
    expect(await contents()).toEqual(helloPage)
  })

  it('that is refused leaves no list', async () => {
    const bytes = buildApk({ ...hello, wrongDatahash: true })
    expect(await put(bytes)).toMatchObject({ status: 400 })
    expect(await listKeys()).toEqual([])
    await publish(hello)
    const before = await keptPairs()
    const clash = buildApk({ ...hello, files: [] })
    expect(await put(clash)).toMatchObject({ status: 409 })
    expect(await keptPairs()).toEqual(before)
  })

  it.each([
    ['the list', 'contents/', false],
    ['the list, after it was stored', 'contents/', true],
    ['the bytes', 'blobs/', false],
    ['the bytes, after they were stored', 'blobs/', true],
  ])('whose put of %s fails is an outage and leaves nothing', async (_, prefix, after) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    failPut(prefix, after)
    const { status, text } = await put(buildApk(hello))
    expect(`${status} ${text}`).toBe('503 the object store does not take the file: try again')
    override({ BLOBS: env.BLOBS })
    expect(await listKeys()).toEqual([])
    expect(await countRows()).toMatchObject({ package_file: 0, package_blob: 0 })
    await publish(hello)
    expect(await contents()).toEqual(helloPage)
  })
})

describe('a list goes', () => {
  it('with the bytes, a week after the last file', async () => {
    await publish(hello)
    await answerOf(FILE, { method: 'DELETE', headers: ADMIN })
    await later(UNREFERENCED_MS - HOUR)
    expect(await contents()).toEqual(helloPage)
    await later(UNREFERENCED_MS + HOUR)
    expect(await keptPairs()).toEqual([[], []])
  })

  it('with the bytes that others replaced', async () => {
    await publish(hello)
    await answerOf(FILE, { method: 'DELETE', headers: ADMIN })
    const [[old]] = await keptPairs()
    await publish(hello)
    await later(HOUR)
    const [blobs, lists] = await keptPairs()
    expect([blobs.length, lists, blobs[0] === old]).toEqual([1, blobs, false])
    expect(await contents()).toEqual(helloPage)
  })

  it('with the place of bytes that were lost and came again', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await publish(hello)
    await env.BLOBS.delete(await listKeys('blobs/'))
    expect(await put(buildApk(hello), `${MAIN}?if-exists=same`)).toMatchObject({ status: 200 })
    expect((await keptPairs())[1]).toHaveLength(2)
    await later(HOUR)
    const [blobs, lists] = await keptPairs()
    expect([blobs.length, lists]).toEqual([1, blobs])
    expect(await contents()).toEqual(helloPage)
  })

  it('when its bytes never came, four hours later, and the others stay', async () => {
    await publish(hello)
    const kept = await keptPairs()
    const hour = new Date(Date.now() - 5 * HOUR).toISOString().slice(0, 13).replace(/\D/g, '')
    await env.BLOBS.put(`contents/${hour}/abandoned`, 'x')
    expect(await later(0)).toMatchObject({ abandoned: 1 })
    expect(await keptPairs()).toEqual(kept)
    // The hour of the published one comes up too.
    expect(await later(10 * HOUR)).toMatchObject({ abandoned: 0 })
    expect(await keptPairs()).toEqual(kept)
  })

  it('with bytes that were never committed', async () => {
    const hour = new Date(Date.now() - 5 * HOUR).toISOString().slice(0, 13).replace(/\D/g, '')
    for (const prefix of ['blobs', 'contents']) await env.BLOBS.put(`${prefix}/${hour}/a`, 'x')
    expect(await later(0)).toMatchObject({ abandoned: 1, deleted: 1 })
    expect(await listKeys()).toEqual([])
  })

  it('also when there are more than one call can delete', async () => {
    const sizes: number[] = []
    const bucket = wrapMethod(env.BLOBS, 'delete', (async (keys: string[]) => {
      sizes.push(keys.length)
      if (keys.length > 1000) throw new Error('too many keys')
      return env.BLOBS.delete(keys)
    }) as R2Bucket['delete'])
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
       INSERT INTO garbage (r2_key, due_at) SELECT 'blobs/2026010100/' || i, 0 FROM n`,
    ).run()
    expect(await sweep(env.DB, bucket, Date.now())).toMatchObject({ deleted: 1200 })
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2400)
  })
})

describe('a list is read', () => {
  const many = Array.from({ length: 3000 }, (_, at) => ({ path: `f${at}`, content: '' }))
  const paths = async (offset: number, limit: number, maxLength = 1e6) => {
    const found = await contents({ offset, limit, maxLength } as typeof all)
    return { ...found, page: found?.page.map((entry) => entry.path) }
  }

  it('in pages', async () => {
    await publish({ ...hello, files: many })
    const counts = { entries: 3000, listed: 3000 }
    expect(await paths(0, 2)).toEqual({ ...counts, page: ['f0', 'f1'], next: 2 })
    expect(await paths(2998, 2)).toEqual({ ...counts, page: ['f2998', 'f2999'], next: undefined })
    expect(await paths(2999, 5)).toEqual({ ...counts, page: ['f2999'], next: undefined })
    expect(await paths(3000, 5)).toEqual({ ...counts, page: [], next: undefined })
    expect(await paths(0, 0)).toEqual({ ...counts, page: [], next: 0 })
    expect((await paths(0, 5000)).page).toEqual(many.map((file) => file.path))
  })

  it('in shorter pages where the lines are long, but none is empty', async () => {
    await publish({ ...hello, files: many })
    const { page, next } = await paths(1000, 1000, 2000)
    expect(page?.length).toBeGreaterThan(10)
    expect(page?.length).toBeLessThan(30)
    expect(next).toBe(1000 + (page?.length ?? 0))
    expect(await paths(5, 1000, 1)).toMatchObject({ page: ['f5'], next: 6 })
  })

  it('as none where none was kept', async () => {
    await publish(hello)
    await env.BLOBS.delete(await listKeys('contents/'))
    expect(await contents()).toBeUndefined()
  })

  it.each([
    ['no gzip', new TextEncoder().encode('hello')],
    ['nothing', gzipMember(new Uint8Array(0))],
    ['another format', gzipMember(new TextEncoder().encode('{"format":2}\n'))],
    [
      'less than it says',
      gzipMember(new TextEncoder().encode('{"format":1,"entries":2,"listed":2}\n')),
    ],
  ])('as an outage where it is %s', async (_, bytes) => {
    await publish(hello)
    const [key = ''] = await listKeys('contents/')
    await env.BLOBS.put(key, bytes)
    await expect(contents()).rejects.toMatchObject({ fault: { code: 'storage-unavailable' } })
  })

  it('as an outage where the store does not answer', async () => {
    await publish(hello)
    const key = await blobKey()
    const bucket = wrapMethod(env.BLOBS, 'get', (() =>
      Promise.reject(new Error('get: internal error'))) as R2Bucket['get'])
    await expect(readContents(bucket, key, all)).rejects.toMatchObject({
      fault: { code: 'storage-unavailable' },
    })
  })
})
