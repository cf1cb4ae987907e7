// Caches the bytes of objects at the edge under their digest, so that no change of a name makes an entry stale.
// A separate read fills the cache with what is large: a `tee` would buffer all that a slow client has not read yet.
import { type Edge, findKept, type KeptName, keep, keepBytes } from '../edge-cache.ts'
import { SMALL_BYTES } from '../kept-memory.ts'
import { type ObjectRange, openObject } from './objects.ts'
import { askStore } from './store.ts'

export interface CachedObject {
  readonly r2Key: string
  /** Lower-case hex. The cache's key for the bytes. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

export interface EdgeCache extends Edge {
  readonly bucket: R2Bucket
}

export interface OpenedObject {
  /** Nobody may change bytes that come as such. */
  readonly body: Uint8Array | ReadableStream<Uint8Array>
  readonly from: 'cache' | 'store'
}

/**
 * Opens an object or a part of it, from the cache if the cache has the object.
 * @throws RegistryError storage-unavailable, object-missing
 */
export async function openCached(
  edge: EdgeCache,
  object: CachedObject,
  range?: ObjectRange,
): Promise<OpenedObject> {
  const { r2Key, sha256, size } = object
  const name: KeptName = `blob ${sha256}`
  const kept = await findKept(edge, name, { size, range })
  if (kept !== undefined) return { body: kept.body, from: 'cache' }
  const body = await openObject(edge.bucket, r2Key, range)
  if (range === undefined && size <= SMALL_BYTES) {
    // One read is for the client and for the cache.
    const bytes = await askStore(async () => new Uint8Array(await new Response(body).arrayBuffer()))
    if (bytes.length === size) keepBytes(edge, name, bytes)
    return { body: bytes, from: 'store' }
  }
  keep(edge, name, size, () => openObject(edge.bucket, r2Key))
  return { body, from: 'store' }
}
