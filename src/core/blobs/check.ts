// Whether an object is there and holds the bytes that its row says.
import { createHash } from 'node:crypto'

export interface ExpectedObject {
  readonly r2Key: string
  /** Lower-case hex. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/** What is wrong with the object, in words; undefined if nothing is. Streams. */
export async function findObjectProblem(
  bucket: R2Bucket,
  { r2Key, sha256, size }: ExpectedObject,
): Promise<string | undefined> {
  const object = await bucket.get(r2Key)
  if (object === null) return 'missing object: the row names one that is not in the store'
  const hash = createHash('sha256')
  let total = 0
  for await (const chunk of object.body as ReadableStream<Uint8Array>) {
    hash.update(chunk)
    total += chunk.length
  }
  const actual = hash.digest('hex')
  if (actual === sha256 && total === size) return undefined
  return `wrong digest: the object has ${total} bytes of SHA-256 ${actual}, the row says ${size} of ${sha256}`
}
