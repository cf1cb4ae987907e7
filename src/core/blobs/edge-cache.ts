// Caches the bytes of objects at the edge under their digest, so that no change of a name makes an entry stale.
// A separate read fills the cache: a `tee` would buffer all that a slow client has not read yet.
import { type Edge, findKept, type KeptName, keep } from '../edge-cache.ts'
import { type ObjectRange, openObject } from './objects.ts'

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
  readonly body: ReadableStream
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
  const cached = await findCached(edge, name, size, range)
  if (cached !== null && cached !== undefined) return { body: cached, from: 'cache' }
  const body = await openObject(edge.bucket, r2Key, range)
  keep(edge, name, size, () => openObject(edge.bucket, r2Key))
  return { body, from: 'store' }
}

async function findCached(
  edge: Edge,
  name: KeptName,
  size: number,
  range: ObjectRange | undefined,
) {
  const headers = new Headers()
  if (range !== undefined) {
    headers.set('range', `bytes=${range.offset}-${range.offset + range.length - 1}`)
  }
  const [status, length] = range === undefined ? [200, size] : [206, range.length]
  const fits = (response: Response) =>
    response.status === status && response.headers.get('content-length') === String(length)
  return (await findKept(edge, name, fits, headers))?.body
}
