// The bytes of objects at the edge: known by their digest, so that the cache holds nothing that a name could
// make stale. It is filled by a read of its own: a `tee` would buffer what a slow client leaves.
import { type Edge, findKept, type KeptName, keep } from '../edge-cache.ts'
import { type ObjectRange, openObject } from './objects.ts'

export interface CachedObject {
  readonly r2Key: string
  /** Lower-case hex; what the cache knows the bytes by. */
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
 * Opens an object, whole or a part of it, from the cache if it is there.
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
