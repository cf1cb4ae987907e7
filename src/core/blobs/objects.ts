// Stores index files in R2, opens any object, and deletes objects that no row names together with their
// lists of contents.

import { createHash } from 'node:crypto'
import { RegistryError } from '../errors.ts'
import { freshIndexKey, withContents } from './keys.ts'
import { openSink } from './sink.ts'
import { askStore } from './store.ts'

/** Bytes. */
export interface ObjectRange {
  readonly offset: number
  readonly length: number
}

export interface StoredIndexFile {
  readonly r2Key: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/**
 * Stores an index file under a fresh key, part by part, so that memory never holds it as a whole.
 * @param length bytes of all parts together
 * @throws RegistryError storage-unavailable
 */
export async function storeIndexFile(
  bucket: R2Bucket,
  length: number,
  parts: Iterable<Uint8Array>,
): Promise<StoredIndexFile> {
  const r2Key = freshIndexKey(new Date())
  const hash = createHash('sha256')
  const sink = openSink(bucket, r2Key, length)
  try {
    for (const part of parts) {
      hash.update(part)
      await sink.write(part)
    }
    await sink.commit()
  } catch (cause) {
    await sink.abort()
    const detail = 'the object store does not take the index: try again'
    throw new RegistryError({ code: 'storage-unavailable', detail }, { cause })
  }
  return { r2Key, sha256: hash.digest('hex'), size: length }
}

/**
 * Opens an object that a row names, or a part of it.
 * @throws RegistryError storage-unavailable, object-missing
 */
export async function openObject(
  bucket: R2Bucket,
  r2Key: string,
  range?: ObjectRange,
): Promise<ReadableStream> {
  const object = await askStore(() => bucket.get(r2Key, range === undefined ? {} : { range }))
  if (object !== null) return object.body
  console.error(`the object ${r2Key} is missing although a row names it`)
  throw new RegistryError({ code: 'object-missing' })
}

/**
 * Reads a part of an object, which the object must have: R2 cuts a range that goes beyond the end.
 * @throws RegistryError storage-unavailable, object-missing
 */
export async function readObjectRange(
  bucket: R2Bucket,
  r2Key: string,
  range: ObjectRange,
): Promise<Uint8Array> {
  if (range.length === 0) return new Uint8Array()
  const part = await openObject(bucket, r2Key, range)
  return askStore(async () => new Uint8Array(await new Response(part).arrayBuffer()))
}

/** R2 deletes at most this many keys in a call. */
const KEYS_PER_DELETE = 1000

/** Deletes objects that no row names, with their lists of contents. Throws R2's errors. */
export async function deleteObjects(bucket: R2Bucket, r2Keys: readonly string[]): Promise<void> {
  const keys = withContents(r2Keys)
  for (let from = 0; from < keys.length; from += KEYS_PER_DELETE) {
    await bucket.delete(keys.slice(from, from + KEYS_PER_DELETE))
  }
}

/** Does the same and never throws: the sweep deletes what a failure leaves. */
export async function discardObjects(bucket: R2Bucket, r2Keys: readonly string[]): Promise<void> {
  try {
    await deleteObjects(bucket, r2Keys)
  } catch (error) {
    console.error(`could not delete ${r2Keys.length} unused objects:`, String(error))
  }
}
