// The objects of a backup: packages' bytes, index files, and the lists of what packages hold. They go
// out and come in by their keys, as they are.
import { type ExpectedObject, findObjectProblem } from '../blobs/check.ts'
import { openList } from '../blobs/contents.ts'
import { blobKeyOf, isObjectKey } from '../blobs/keys.ts'
import { askStore } from '../blobs/store.ts'

const OUTAGE = 'the object store does not answer, or found another digest: try again'

export interface StoredObject {
  readonly body: ReadableStream
  /** Bytes; undefined where they are not known before the end. */
  readonly size: number | undefined
}

/**
 * Undefined where there is no such object, and for keys that none can have.
 * @throws RegistryError storage-unavailable
 */
export async function readObject(bucket: R2Bucket, key: string): Promise<StoredObject | undefined> {
  if (!isObjectKey(key)) return undefined
  return askStore(async () => {
    const blobKey = blobKeyOf(key)
    if (blobKey !== undefined) {
      const list = await openList(bucket, blobKey)
      return list && { body: list, size: undefined }
    }
    const object = await bucket.get(key)
    return object === null ? undefined : { body: object.body, size: object.size }
  }, OUTAGE)
}

/**
 * Stores an object; R2 itself compares the digest, and keeps it for later checks.
 * @param body of known length
 * @param sha256 lower-case hex; undefined for lists, of which no row has one
 * @throws RegistryError invalid-request, storage-unavailable
 */
export async function writeObject(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream | ArrayBuffer,
  sha256: string | undefined,
): Promise<void> {
  await askStore(() => bucket.put(key, body, sha256 === undefined ? {} : { sha256 }), OUTAGE)
}

export interface KeyedProblem {
  readonly key: string
  readonly problem: string
}

/** One request reads about so many bytes of objects of which R2 keeps no digest. */
const CHECK_BYTES = 200_000_000

/**
 * What is wrong with objects, of as many as one request may read: `checked` says how many that were.
 * @throws RegistryError storage-unavailable
 */
export async function checkObjects(
  bucket: R2Bucket,
  expected: readonly ExpectedObject[],
): Promise<{ readonly checked: number; readonly problems: readonly KeyedProblem[] }> {
  const problems: KeyedProblem[] = []
  let [bytes, checked] = [0, 0]
  for (const object of expected) {
    if (checked > 0 && bytes > CHECK_BYTES) break
    const { problem, read } = await askStore(() => findProblem(bucket, object), OUTAGE)
    if (problem !== undefined) problems.push({ key: object.r2Key, problem })
    bytes += read
    checked++
  }
  return { checked, problems }
}

/** An object that came with its digest was compared with it when it was stored. */
async function findProblem(bucket: R2Bucket, expected: ExpectedObject) {
  const head = await bucket.head(expected.r2Key)
  const kept = head?.checksums.toJSON().sha256
  if (head !== null && head.size === expected.size && kept === expected.sha256) {
    return { problem: undefined, read: 0 }
  }
  return { problem: await findObjectProblem(bucket, expected), read: head?.size ?? 0 }
}
