// Bytes at the edge: the data centre's cache, asked by digest and only after the access check, so
// that it can be slow to fill but never wrong, and holds nothing that a name could make stale. It is
// filled beside the response, by a read of its own: a `tee` would buffer what a slow client leaves.
import { type ObjectRange, openObject } from './objects.ts'

export interface CachedObject {
  readonly r2Key: string
  /** Lower-case hex; what the cache knows the bytes by. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

export interface EdgeCache {
  readonly bucket: R2Bucket
  readonly waitUntil: (work: Promise<unknown>) => void
}

export interface OpenedObject {
  readonly body: ReadableStream
  readonly from: 'cache' | 'store'
}

/** No host of the outside: only this Worker can ask for these. */
const HOST = 'https://blobs.invalid'

/** The platform's limit for a cached response. */
const MAX_CACHED_BYTES = 512 * 1024 * 1024

/**
 * On some hosts (workers.dev) the cache keeps nothing; then filling it would cost a read each time.
 * It is tried again after a while: one entry may also have been evicted at once.
 */
const PAUSE_MS = 10 * 60 * 1000
let pausedUntil = 0
const filling = new Set<string>()

/**
 * Opens an object, whole or a part of it, from the cache if it is there.
 * @throws RegistryError storage-unavailable, object-missing
 */
export async function openCached(
  edge: EdgeCache,
  object: CachedObject,
  range?: ObjectRange,
): Promise<OpenedObject> {
  const cached = await findCached(object, range)
  if (cached !== undefined) return { body: cached, from: 'cache' }
  const body = await openObject(edge.bucket, object.r2Key, range)
  if (Date.now() >= pausedUntil && object.size <= MAX_CACHED_BYTES && !filling.has(object.sha256)) {
    edge.waitUntil(fill(edge.bucket, object))
  }
  return { body, from: 'store' }
}

async function findCached(
  { sha256, size }: CachedObject,
  range: ObjectRange | undefined,
): Promise<ReadableStream | undefined> {
  if (Date.now() < pausedUntil) return undefined
  const headers = new Headers()
  if (range !== undefined) {
    headers.set('range', `bytes=${range.offset}-${range.offset + range.length - 1}`)
  }
  try {
    const response = await caches.default.match(new Request(`${HOST}/${sha256}`, { headers }))
    if (response === undefined) return undefined
    const [status, length] = range === undefined ? [200, size] : [206, range.length]
    const fits =
      response.status === status && response.headers.get('content-length') === String(length)
    if (fits && response.body !== null) return response.body
    await response.body?.cancel()
  } catch (error) {
    console.error('the cache does not answer:', String(error))
  }
  return undefined
}

/** Never throws: what is not cached comes from the store. */
async function fill(bucket: R2Bucket, { r2Key, sha256, size }: CachedObject): Promise<void> {
  filling.add(sha256)
  try {
    const headers = {
      'content-length': String(size),
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    }
    const key = `${HOST}/${sha256}`
    await caches.default.put(key, new Response(await openObject(bucket, r2Key), { headers }))
    const kept = await caches.default.match(key)
    await kept?.body?.cancel()
    if (kept === undefined) pausedUntil = Date.now() + PAUSE_MS
  } catch (error) {
    console.error('the cache was not filled:', String(error))
  } finally {
    filling.delete(sha256)
  }
}
