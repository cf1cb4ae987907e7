// The list of what a package holds: made by its publish, carried by the object of its bytes if both
// are small, kept beside it otherwise, and gone with it.

import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readContents } from '../../src/core/blobs/contents.ts'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, countRows, createOwner, listKeys } from '../support/worker/registry.ts'
import { buildApk, gzipMember } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

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

const content = new Uint8Array(70_000)
const large = {
  ...hello,
  files: [...files, { path: 'usr/zeros', content }],
  gzip: { level: 0 },
}
const largePage = {
  ...helloPage,
  entries: 5,
  listed: 5,
  page: [...helloPage.page, expect.objectContaining({ path: 'usr/zeros', size: 70_000 })],
}
const kinds = [
  { title: 'a small package', spec: hello, page: helloPage, isCarried: true },
  { title: 'a large package', spec: large, page: largePage, isCarried: false },
]

const blobKey = async () =>
  (await env.DB.prepare('SELECT r2_key FROM package_blob').first<string>('r2_key')) ?? ''
const contents = async (range = all) => readContents(env.BLOBS, await blobKey(), range)
const later = (milliseconds: number) => sweep(env.DB, env.BLOBS, Date.now() + milliseconds)

/** What is kept: the bytes of packages and the lists beside them, under one name. */
async function kept(): Promise<{ blobs: string[]; lists: string[] }> {
  const names = async (prefix: string) =>
    (await listKeys(prefix)).map((key) => key.slice(prefix.length)).sort()
  return { blobs: await names('blobs/'), lists: await names('contents/') }
}

/** The one package is kept once, with its list where it is to be. */
async function expectKeptOnce({ page, isCarried }: (typeof kinds)[number]) {
  const { blobs, lists } = await kept()
  expect([blobs.length, lists]).toEqual([1, isCarried ? [] : blobs])
  expect(await contents()).toEqual(page)
  return { blobs, lists }
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

describe.each(kinds)('$title', (kind) => {
  const { spec } = kind

  it('is kept with the list of its files', async () => {
    await publish(spec)
    await expectKeptOnce(kind)
  })

  it('is kept with one list, that of its bytes, if its content is there already', async () => {
    await publish(spec)
    const before = await expectKeptOnce(kind)
    await publish(spec, OTHER)
    await vi.waitFor(async () => expect(await kept()).toEqual(before))
    expect(await put(buildApk(spec))).toMatchObject({ status: 409 })
    await vi.waitFor(async () => expect(await kept()).toEqual(before))
    await expectKeptOnce(kind)
  })

  it('that is refused leaves no list', async () => {
    const bytes = buildApk({ ...spec, wrongDatahash: true })
    expect(await put(bytes)).toMatchObject({ status: 400 })
    expect(await listKeys()).toEqual([])
    await publish(spec)
    const before = await expectKeptOnce(kind)
    const clash = buildApk({ ...spec, files: [...spec.files, { path: 'usr/other' }] })
    expect(await put(clash)).toMatchObject({ status: 409 })
    expect(await kept()).toEqual(before)
  })

  it.each([
    ['is not stored', false],
    ['is stored and nobody told', true],
  ])('that %s is an outage and leaves nothing', async (_, after) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const prefix of kind.isCarried ? ['blobs/'] : ['blobs/', 'contents/']) {
      failPut(prefix, after)
      const { status, text } = await put(buildApk(spec))
      expect(`${status} ${text}`).toBe('503 the object store does not take the file: try again')
      override({ BLOBS: env.BLOBS })
      expect(await listKeys()).toEqual([])
      expect(await countRows()).toMatchObject({ package_file: 0, package_blob: 0 })
    }
    await publish(spec)
    await expectKeptOnce(kind)
  })

  it('goes a week after its last file, and its list with it', async () => {
    await publish(spec)
    await answerOf(FILE, { method: 'DELETE', headers: ADMIN })
    await later(UNREFERENCED_MS - HOUR)
    await expectKeptOnce(kind)
    await later(UNREFERENCED_MS + HOUR)
    expect(await kept()).toEqual({ blobs: [], lists: [] })
  })

  it('goes with its list when the same bytes took its place', async () => {
    await publish(spec)
    await answerOf(FILE, { method: 'DELETE', headers: ADMIN })
    const old = await expectKeptOnce(kind)
    await publish(spec)
    await later(HOUR)
    expect(await expectKeptOnce(kind)).not.toEqual(old)
  })

  it('that was lost and came again leaves no list of the old place', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await publish(spec)
    await env.BLOBS.delete(await listKeys('blobs/'))
    expect(await put(buildApk(spec), `${MAIN}?if-exists=same`)).toMatchObject({ status: 200 })
    expect((await kept()).lists).toHaveLength(kind.isCarried ? 0 : 2)
    await later(HOUR)
    await expectKeptOnce(kind)
  })
})

describe('a list', () => {
  it('of no files is kept as empty', async () => {
    await publish({ ...hello, files: [] })
    expect(await contents()).toEqual({ entries: 0, listed: 0, page: [], next: undefined })
  })

  it('that is too long for metadata lies beside bytes that are few', async () => {
    const few = Array.from({ length: 400 }, (_, at) => ({ path: `f${at}`, content: `${at}` }))
    const bytes = buildApk({ ...hello, files: few })
    expect(bytes.length).toBeLessThan(64 * 1024)
    expect(await put(bytes)).toMatchObject({ status: 201 })
    const { blobs, lists } = await kept()
    expect([blobs.length, lists]).toEqual([1, blobs])
    expect(await contents()).toMatchObject({ entries: 400, listed: 400 })
  })

  it('whose bytes never came goes four hours later, and the others stay', async () => {
    await publish(large)
    const before = await kept()
    const hour = new Date(Date.now() - 5 * HOUR).toISOString().slice(0, 13).replace(/\D/g, '')
    await env.BLOBS.put(`contents/${hour}/abandoned`, 'x')
    expect(await later(0)).toMatchObject({ abandoned: 1 })
    expect(await kept()).toEqual(before)
    // The hour of the published one comes up too.
    expect(await later(10 * HOUR)).toMatchObject({ abandoned: 0 })
    expect(await kept()).toEqual(before)
  })

  it('goes with bytes that were never committed', async () => {
    const hour = new Date(Date.now() - 5 * HOUR).toISOString().slice(0, 13).replace(/\D/g, '')
    for (const prefix of ['blobs', 'contents']) await env.BLOBS.put(`${prefix}/${hour}/a`, 'x')
    expect(await later(0)).toMatchObject({ abandoned: 1, deleted: 1 })
    expect(await listKeys()).toEqual([])
  })

  it('goes also when there are more than one call can delete', async () => {
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
    await publish(large)
    await env.BLOBS.delete(await listKeys('contents/'))
    expect(await contents()).toBeUndefined()
    await env.BLOBS.put(await blobKey(), 'x')
    expect(await contents()).toBeUndefined()
    await env.BLOBS.delete(await blobKey())
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
    await publish(large)
    const outage = { fault: { code: 'storage-unavailable' } }
    const [key = ''] = await listKeys('contents/')
    await env.BLOBS.put(key, bytes)
    await expect(contents()).rejects.toMatchObject(outage)
    await env.BLOBS.delete(key)
    const customMetadata = { contents: Buffer.from(bytes).toString('base64') }
    await env.BLOBS.put(await blobKey(), 'x', { customMetadata })
    await expect(contents()).rejects.toMatchObject(outage)
  })

  it('as an outage where what the object carries is no base64', async () => {
    await publish(hello)
    await env.BLOBS.put(await blobKey(), 'x', { customMetadata: { contents: '?' } })
    await expect(contents()).rejects.toMatchObject({ fault: { code: 'storage-unavailable' } })
  })

  it.each(['get', 'head'] as const)(
    'as an outage where the store does not answer a %s',
    async (method) => {
      await publish(hello)
      const key = await blobKey()
      const bucket = wrapMethod(env.BLOBS, method, (() =>
        Promise.reject(new Error(`${method}: internal error`))) as R2Bucket['get'])
      await expect(readContents(bucket, key, all)).rejects.toMatchObject({
        fault: { code: 'storage-unavailable' },
      })
    },
  )
})
