// Whether an object is there and holds the bytes that its row says.
import { createHash } from 'node:crypto'
import { sha256 } from '../digests.ts'

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
  expected: ExpectedObject,
): Promise<string | undefined> {
  const object = await bucket.get(expected.r2Key)
  if (object === null) return MISSING
  const hash = createHash('sha256')
  let total = 0
  for await (const chunk of object.body as ReadableStream<Uint8Array>) {
    hash.update(chunk)
    total += chunk.length
  }
  return compare(expected, hash.digest('hex'), total)
}

/** The object's bytes, or what is wrong with it. For what is read as a whole anyway. */
export async function readCheckedObject(
  bucket: R2Bucket,
  expected: ExpectedObject,
): Promise<Uint8Array | string> {
  const object = await bucket.get(expected.r2Key)
  if (object === null) return MISSING
  const bytes = new Uint8Array(await object.arrayBuffer())
  return compare(expected, sha256(bytes), bytes.length) ?? bytes
}

const MISSING = 'missing object: the row names one that is not in the store'

function compare(expected: ExpectedObject, digest: string, size: number): string | undefined {
  if (digest === expected.sha256 && size === expected.size) return undefined
  return `wrong digest: the object has ${size} bytes of SHA-256 ${digest}, the row says ${expected.size} of ${expected.sha256}`
}
