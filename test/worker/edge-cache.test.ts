import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { findKept, forgetKept, keep } from '../../src/core/edge-cache.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const FILE = `${MAIN}/x86_64/hello-1-r0.apk`

let reads: string[]
let statements: number

/** Counts what requests read from R2 and ask of D1. */
function countReads(): void {
  reads = []
  statements = 0
  const get = ((key: string, ...rest: [R2GetOptions]) => {
    reads.push(key)
    return env.BLOBS.get(key, ...rest)
  }) as R2Bucket['get']
  const prepare: D1Database['prepare'] = (sql) => {
    statements++
    return env.DB.prepare(sql)
  }
  override({ BLOBS: wrapMethod(env.BLOBS, 'get', get), DB: wrapMethod(env.DB, 'prepare', prepare) })
}

/** Contents differ from test to test, as the cache outlives one. */
const publishFresh = (path = MAIN) =>
  publish({ name: 'hello', version: '1-r0', info: { pkgdesc: crypto.randomUUID() } }, path)

const bytesAt = async (path: string, init: RequestInit = {}) => {
  const response = await send(path, init)
  const timing = response.headers.get('server-timing') ?? ''
  return { status: response.status, timing, bytes: new Uint8Array(await response.arrayBuffer()) }
}

/** A first GET, and the cache itself filled after it, whatever the isolate has. */
async function warm(path: string, init: RequestInit = {}): Promise<void> {
  await vi.waitFor(async () => {
    forgetKept()
    expect((await bytesAt(path, init)).timing).toMatch(/cache;desc=hit/)
  })
}

beforeEach(async () => {
  await createOwner()
  countReads()
})

describe.each([
  ['a package', FILE],
  ['an index', `${MAIN}/x86_64/APKINDEX.tar.gz`],
])('%s', (_, path) => {
  it.each([
    ['the isolate', () => {}],
    ['the edge', forgetKept],
  ])('comes from R2 once, and then from %s, whole and in ranges', async (_, prepare) => {
    const bytes = await publishFresh()
    reads = []
    const first = await bytesAt(path)
    expect(first.timing).toMatch(/^db;dur=\d+, cache;desc=miss$/)
    expect((await bytesAt(path)).timing).toMatch(/cache;desc=hit$/)
    // It is for the client, for the isolate and for the edge.
    expect(reads).toHaveLength(1)
    await warm(path)
    countReads()
    prepare()
    const second = await bytesAt(path)
    expect([second.status, second.timing]).toEqual([200, expect.stringMatching(/cache;desc=hit$/)])
    expect(second.bytes).toEqual(first.bytes)
    if (path === FILE) expect(second.bytes).toEqual(bytes)
    prepare()
    const part = await bytesAt(path, { headers: { range: 'bytes=10-29' } })
    expect([part.status, part.bytes]).toEqual([206, first.bytes.slice(10, 30)])
    prepare()
    const end = await bytesAt(path, { headers: { range: 'bytes=-5' } })
    expect([end.status, end.bytes]).toEqual([206, first.bytes.slice(-5)])
    expect([reads, statements]).toEqual([[], 3])
  })

  it('costs no read at all for HEAD and 304, and one statement each', async () => {
    await publishFresh()
    countReads()
    const head = await send(path, { method: 'HEAD' })
    const etag = head.headers.get('etag') ?? ''
    expect((await send(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect([reads, statements]).toEqual([[], 2])
  })
})

it('a range that comes first is served from R2 and the whole is cached', async () => {
  const bytes = await publishFresh()
  const part = await bytesAt(FILE, { headers: { range: 'bytes=0-9' } })
  expect([part.status, part.bytes]).toEqual([206, bytes.slice(0, 10)])
  await warm(FILE)
  expect((await bytesAt(FILE)).bytes).toEqual(bytes)
})

it('a filling that breaks off leaves nothing that a client could take for the file', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
  const bytes = await publishFresh()
  const put = vi.spyOn(caches.default, 'put')
  let calls = 0
  const get = async (key: string, options: R2GetOptions) => {
    const object = await env.BLOBS.get(key, options)
    // The first is the client's, the second the cache's.
    return object === null || calls++ === 0 ? object : wrapMethod(object, 'body', halfOf(bytes))
  }
  override({ BLOBS: wrapMethod(env.BLOBS, 'get', get as R2Bucket['get']) })
  // What is small and whole is read once for both.
  const all = { headers: { range: `bytes=0-${bytes.length - 1}` } }
  expect((await bytesAt(FILE, all)).bytes).toEqual(bytes)
  await vi.waitFor(() => expect(errors.mock.calls.flat().join()).toContain('was not filled'), {
    timeout: 60_000,
  })
  expect(put).toHaveBeenCalledTimes(1)
  expect(await caches.default.match(put.mock.calls[0]?.[0] ?? '')).toBe(undefined)
  vi.restoreAllMocks()
  override({ BLOBS: env.BLOBS })
  expect(await bytesAt(FILE)).toMatchObject({ bytes, timing: expect.stringMatching(/desc=miss/) })
  await warm(FILE)
})

/** A stream of the bytes' length that fails in their middle. */
function halfOf(bytes: Uint8Array): ReadableStream {
  const { readable, writable } = new FixedLengthStream(bytes.length)
  const writer = writable.getWriter()
  writer.write(bytes.subarray(0, bytes.length / 2)).then(
    () => writer.abort(new Error('the store broke off')),
    () => {},
  )
  return readable
}

it('a removed file is 404 at once, and another one of its name never stale', async () => {
  await publishFresh()
  await warm(FILE)
  await answerOf(FILE, { method: 'DELETE', headers: ADMIN })
  expect((await bytesAt(FILE)).status).toBe(404)
  const bytes = await publishFresh()
  expect((await bytesAt(FILE)).bytes).toEqual(bytes)
  // A filling that a reset interrupts has the cache paused.
  await warm(FILE)
})

it('private bytes come from the cache only after the access check', async () => {
  await createOwner('secret', 'private')
  const path = FILE.replace('acme', 'secret')
  await publishFresh(MAIN.replace('acme', 'secret'))
  const { id, headers } = await tokenOf('secret', { scopes: ['read'] })
  await warm(path, { headers })
  expect((await answerOf(path)).status).toBe(401)
  await answerOf(`/api/v1/owners/secret/tokens/${id}`, { method: 'DELETE', headers: ADMIN })
  expect((await answerOf(path, { headers })).status).toBe(401)
  // What is public under one owner is not under another, though the bytes are the same.
  expect((await answerOf(path, { headers: ADMIN })).status).toBe(200)
})

it('an owner that becomes private closes what was cached', async () => {
  await publishFresh()
  await warm(FILE)
  const body = JSON.stringify({ visibility: 'private' })
  await answerOf('/api/v1/owners/acme', { method: 'PUT', headers: ADMIN, body })
  expect((await answerOf(FILE)).status).toBe(401)
})

it('has keys on its own host that say nothing, and differ by the secrets of the deployment', async () => {
  const put = vi.spyOn(caches.default, 'put')
  const bytes = await publishFresh()
  await warm(FILE)
  const sha256 = await env.DB.prepare('SELECT sha256 FROM package_blob').first<string>('sha256')
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
  const key = String(put.mock.calls[0]?.[0])
  expect(key).toMatch(/^https:\/\/registry\.test\/\.kept\/[0-9a-f]{64}$/)
  expect(key).not.toContain(sha256)
  override({ ADMIN_TOKEN: 'another-admin-token-of-the-tests' })
  expect((await bytesAt(FILE)).timing).toMatch(/desc=miss/)
  await vi.waitFor(() => expect(put).toHaveBeenCalledTimes(2))
  expect(String(put.mock.calls[1]?.[0])).not.toBe(key)
  // The path itself is none of the registry's, whoever has learnt it.
  expect((await answerOf(key)).status).toBe(404)
  expect((await answerOf(key, { headers: ADMIN })).status).toBe(404)
})

it('fills anew what a filling that was cut off left undone, after a while', async () => {
  const [name, bytes] = [`blob ${crypto.randomUUID()}`, new Uint8Array(10)] as const
  const edge = { origin: 'https://registry.test', secret: 's', waitUntil: () => {} }
  const start = Date.now()
  const now = vi.spyOn(Date, 'now').mockReturnValue(start)
  let begun = 0
  // The platform ends it, and nothing of it goes on.
  const cutOff = () => {
    begun++
    return new Promise<BodyInit>(() => {})
  }
  keep(edge, name, bytes.length, cutOff)
  keep(edge, name, bytes.length, cutOff)
  await vi.waitFor(() => expect(begun).toBe(1))
  now.mockReturnValue(start + 2 * 60 * 1000)
  const work: Promise<unknown>[] = []
  keep({ ...edge, waitUntil: (each) => work.push(each) }, name, bytes.length, () => bytes)
  await Promise.all(work)
  now.mockRestore()
  expect(await findKept(edge, name)).toBeDefined()
})
