// Reads a package's list of contents (formats/content-list.ts). The object with the package's bytes carries
// it, or it is an object beside that one. The reader unpacks it as far as a page needs and never holds a long
// list as a whole. Some packages have no list: their type makes none, or they are older than lists.
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
  /** Characters of the page's lines, at most. A page has one line in any case. */
  readonly maxLength?: number
}

export interface ContentsPage extends ContentListHead {
  readonly page: readonly ContentEntry[]
  /** The offset of the next page; undefined if the list ends with this one. */
  readonly next: number | undefined
}

const DEFAULT_LENGTH = 1024 * 1024

/**
 * Reads a page of the list of contents for a blob's key; undefined if the blob has no list.
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
 * Copies the list of one object to another object of the same bytes that has no list. Such bytes may have
 * come first as a file of a type without lists. An accepted race: if the sweep deletes the other object
 * meanwhile, the copied list stays for good, as some kilobytes that nobody reads.
 */
export async function copyList(bucket: R2Bucket, from: string, to: R2Object): Promise<void> {
  if (parseCarriedList(to) !== undefined) return
  if ((await bucket.head(contentsKey(to.key))) !== null) return
  const list = await openList(bucket, from)
  if (list === undefined) return
  // R2 takes a stream only with its length. A list is small (formats/content-list.ts), so memory can hold it.
  await bucket.put(contentsKey(to.key), await new Response(list).arrayBuffer())
}

/** Asks for both places at once. The reader does not know where the list is, and each question takes a trip. */
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
