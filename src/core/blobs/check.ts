// Checks that an object exists and holds the bytes that its row states.
import { createHash } from 'node:crypto'
import type { ByteSource } from '../../formats/bytes.ts'
import { openList } from './contents.ts'

export interface ExpectedObject {
  readonly r2Key: string
  /** Lower-case hex. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/** Says what is wrong with the object; undefined if nothing is. Streams the object. */
export async function findObjectProblem(
  bucket: R2Bucket,
  expected: ExpectedObject,
): Promise<string | undefined> {
  return (await openCheckedObject(bucket, expected)).findProblem()
}

/** One page of a check reads at most this many objects. */
export const PAGE_FILES = 100
/** One page of a check reads about this many bytes of objects, at most. */
const PAGE_BYTES = 100 * 1024 * 1024

export interface ExpectedFile extends ExpectedObject {
  /** How a problem names the file. */
  readonly subject: string
}

export interface CheckedFiles {
  /** How many files of the page were checked, from the first on. At least one, unless the page is empty. */
  readonly checked: number
  readonly problems: readonly { readonly subject: string; readonly problem: string }[]
  /** Whether this page is the last. */
  readonly done: boolean
}

/** @param files a page of up to PAGE_FILES files; a page of fewer is the last */
export async function checkFilePage(
  bucket: R2Bucket,
  files: readonly ExpectedFile[],
): Promise<CheckedFiles> {
  const problems: { subject: string; problem: string }[] = []
  let [bytes, checked] = [0, 0]
  for (const file of files) {
    if (checked > 0 && bytes + file.size > PAGE_BYTES) break
    const problem =
      (await findObjectProblem(bucket, file)) ?? (await findListProblem(bucket, file.r2Key))
    if (problem !== undefined) problems.push({ subject: file.subject, problem })
    bytes += file.size
    checked++
  }
  return { checked, problems, done: checked === files.length && files.length < PAGE_FILES }
}

const DAMAGED_LIST = 'damaged list of what it holds: its pages cannot show the files'

/** Checks a list of contents by the CRC-32 in its gzip trailer, since no row has its digest. */
async function findListProblem(bucket: R2Bucket, r2Key: string): Promise<string | undefined> {
  const list = await openList(bucket, r2Key)
  return list === undefined || (await isWhole(list)) ? undefined : DAMAGED_LIST
}

/** Whether the object has a list of contents whose gzip checksum is right. */
export async function hasWholeList(bucket: R2Bucket, r2Key: string): Promise<boolean> {
  const list = await openList(bucket, r2Key)
  return list !== undefined && (await isWhole(list))
}

async function isWhole(list: ReadableStream<Uint8Array>): Promise<boolean> {
  try {
    for await (const _ of list.pipeThrough(new DecompressionStream('gzip')));
    return true
  } catch {
    return false
  }
}

export interface CheckedObject {
  /** The object's bytes as they come; no bytes if the object is missing. */
  readonly content: ByteSource
  /** Reads on to the end, then says what is wrong with the object; undefined if nothing is. */
  findProblem(): Promise<string | undefined>
}

/** Opens an object so that one pass reads and checks it. */
export async function openCheckedObject(
  bucket: R2Bucket,
  expected: ExpectedObject,
): Promise<CheckedObject> {
  const object = await bucket.get(expected.r2Key)
  if (object === null) return { content: nothing(), findProblem: async () => MISSING }
  const hash = createHash('sha256')
  let total = 0
  const chunks = (object.body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]()
  const next = async () => {
    const result = await chunks.next()
    if (!result.done) {
      hash.update(result.value)
      total += result.value.length
    }
    return result
  }
  return {
    // The iterator has no `return`, so a reader that stops early leaves the rest to the check.
    content: { [Symbol.asyncIterator]: () => ({ next }) },
    async findProblem() {
      while (!(await next()).done);
      return compare(expected, hash.digest('hex'), total)
    },
  }
}

async function* nothing(): ByteSource {}

const MISSING = 'missing object: the row names one that is not in the store'

function compare(expected: ExpectedObject, digest: string, size: number): string | undefined {
  if (digest === expected.sha256 && size === expected.size) return undefined
  return `wrong digest: the object has ${size} bytes of SHA-256 ${digest}, the row says ${expected.size} of ${expected.sha256}`
}
