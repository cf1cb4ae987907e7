// Reads the list of what a package holds (formats/content-list.ts), which its bytes' object carries or
// which lies beside it. It is unpacked as far as it is asked for, and a long one never held as a whole.
// Packages of types without lists, and those that were published before there were any, have none.
import {
  type ContentEntry,
  type ContentListHead,
  parseContentEntry,
  parseContentListHead,
} from '../../formats/content-list.ts'
import { RegistryError } from '../errors.ts'
import { parseCarriedList } from './carried-list.ts'
import { contentsKey } from './keys.ts'

export interface ContentsRange {
  /** The first entry, from 0. */
  readonly offset: number
  readonly limit: number
  /** Characters of all its lines, but that it has at least one. */
  readonly maxLength?: number
}

export interface ContentsPage extends ContentListHead {
  readonly page: readonly ContentEntry[]
  /** The offset of the next page; undefined if the list ends here. */
  readonly next: number | undefined
}

const DEFAULT_LENGTH = 1024 * 1024

/**
 * A page of the list of what the bytes under a blob's key hold; undefined if there is none.
 * @throws RegistryError storage-unavailable
 */
export async function readContents(
  bucket: R2Bucket,
  blobKey: string,
  range: ContentsRange,
): Promise<ContentsPage | undefined> {
  try {
    const list = await openList(bucket, blobKey)
    return list === undefined ? undefined : await readPage(list, range)
  } catch (cause) {
    const detail = 'the list of files cannot be read: try again'
    throw new RegistryError({ code: 'storage-unavailable', detail }, { cause })
  }
}

/**
 * Keeps the list of one object beside another one of the same bytes that has none: they may have
 * come first as a file of a type that keeps no lists. Should the other one be swept meanwhile, the list
 * stays for good, as some kilobytes that nobody reads.
 */
export async function copyList(bucket: R2Bucket, from: string, to: R2Object): Promise<void> {
  if (parseCarriedList(to) !== undefined) return
  if ((await bucket.head(contentsKey(to.key))) !== null) return
  const list = await openList(bucket, from)
  if (list === undefined) return
  // R2 takes a stream only with its length, and a list is small (formats/content-list.ts).
  await bucket.put(contentsKey(to.key), await new Response(list).arrayBuffer())
}

/** Asks for both at once, since of most packages it is not known where the list is, and each takes a trip. */
export async function openList(
  bucket: R2Bucket,
  blobKey: string,
): Promise<ReadableStream | undefined> {
  const [bytes, beside] = await Promise.all([
    bucket.head(blobKey),
    bucket.get(contentsKey(blobKey)),
  ])
  if (beside !== null) return beside.body
  const carried = bytes === null ? undefined : parseCarriedList(bytes)
  return carried === undefined ? undefined : new Blob([carried]).stream()
}

async function readPage(
  list: ReadableStream<Uint8Array>,
  { offset, limit, maxLength = DEFAULT_LENGTH }: ContentsRange,
): Promise<ContentsPage> {
  let head: ContentListHead | undefined
  let at = 0
  let length = 0
  const page: ContentEntry[] = []
  for await (const line of linesOf(list)) {
    if (head === undefined) {
      head = parseContentListHead(line)
      if (limit === 0 || offset >= head.listed) break
    } else if (at++ >= offset) {
      length += line.length
      if (page.length > 0 && length > maxLength) break
      page.push(parseContentEntry(line))
      if (page.length === Math.min(limit, head.listed - offset)) break
    }
  }
  if (head === undefined) throw new Error('the list has no head')
  const end = offset + page.length
  if (page.length === 0 && limit > 0 && offset < head.listed)
    throw new Error('the list is too short')
  return { ...head, page, next: end < head.listed ? end : undefined }
}

async function* linesOf(list: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const text = list
    .pipeThrough(new DecompressionStream('gzip'))
    .pipeThrough(new TextDecoderStream('utf-8', { ignoreBOM: true }))
  let rest = ''
  for await (const chunk of text) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
