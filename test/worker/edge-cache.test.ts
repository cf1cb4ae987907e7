import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
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

/** A first GET, and the cache filled after it. */
async function warm(path: string, init: RequestInit = {}): Promise<void> {
  await vi.waitFor(async () => expect((await bytesAt(path, init)).timing).toMatch(/cache;desc=hit/))
}

beforeEach(async () => {
  await createOwner()
  countReads()
})

describe.each([
  ['a package', FILE],
  ['an index', `${MAIN}/x86_64/APKINDEX.tar.gz`],
])('%s', (_, path) => {
  it('comes from R2 once, and then from the edge, whole and in ranges', async () => {
    const bytes = await publishFresh()
    reads = []
    const first = await bytesAt(path)
    expect(first.timing).toMatch(/^db;dur=\d+, cache;desc=miss$/)
    await warm(path)
    // One read for the client, one to fill the cache.
    expect(reads).toHaveLength(2)
    countReads()
    const second = await bytesAt(path)
    expect([second.status, second.timing]).toEqual([200, expect.stringMatching(/cache;desc=hit$/)])
    expect(second.bytes).toEqual(first.bytes)
    if (path === FILE) expect(second.bytes).toEqual(bytes)
    const part = await bytesAt(path, { headers: { range: 'bytes=10-29' } })
    expect([part.status, part.bytes]).toEqual([206, first.bytes.slice(10, 30)])
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
  expect((await bytesAt(FILE)).bytes).toEqual(bytes)
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

it('the cache cannot be asked from outside', async () => {
  await publishFresh()
  await warm(FILE)
  const sha256 = await env.DB.prepare('SELECT sha256 FROM package_blob').first<string>('sha256')
  const { status } = await answerOf(`https://blobs.invalid/${sha256}`)
  // As for any owner that there is not.
  expect(status).toBe(401)
})
