// The text of a document, made of its rows page by page, and kept at the edge under what it is made of. Small
// ones are made whole. Large ones are made while they are sent, so that memory does not grow with them; when
// the package changes meanwhile the transfer breaks off, since no client may take two states for one.
import { concatBytes } from '../../formats/bytes.ts'
import { FURTHER_DIGESTS, type FurtherDigest, sha256 } from '../digests.ts'
import { type Edge, findKept, type KeptName, keep, keepBytes } from '../edge-cache.ts'
import { RegistryError } from '../errors.ts'
import type { DocumentFile, DocumentPackage, PackageState } from './document.ts'
import { readDocumentPage } from './document-page.ts'

/** Makes the text of a document: `begin`, then one text for each file, then the end. */
export interface DocumentBuilder {
  readonly begin: string
  add(file: DocumentFile): string
  end(): string
}

export interface DocumentForm {
  /**
   * A name for how the text is made, unique within the type: what differs in its form has another one, and
   * whoever changes what `build` writes changes the name, since caches and clients keep the old text.
   */
  readonly form: string
  /** Scheme, host and port as the client has them, where the text has them; else empty. */
  readonly origin: string
  /**
   * The digests beside SHA-256 that the type takes of what it publishes; absent: all. A file has the others
   * when another type brought the same bytes, and gets them without a new state of its package.
   */
  readonly digests?: readonly FurtherDigest[]
  /** Whether the text has the README of the version that people are shown. */
  readonly readme?: boolean
  /** Pure: the same rows and origin give the same text. */
  readonly build: (pkg: DocumentPackage, origin: string) => DocumentBuilder
}

export interface OpenedDocument {
  /** That of the body, which may be a later one than was found. */
  readonly state: Pick<PackageState, 'state' | 'changedAt'>
  readonly body: Uint8Array | ReadableStream<Uint8Array>
  /** Bytes; undefined for what is made while it is sent. */
  readonly length: number | undefined
  readonly from: 'cache' | 'rows'
}

/** Of a larger document no more than this and one page are in memory. */
export const BUFFERED_BYTES = 8 * 1024 * 1024

/**
 * For so long after a change, which has a whole second, the rows are read where the isolate has no text: whoever
 * publishes and looks does not wait for a cache that cannot have it yet.
 */
const NEW_MS = 1500

/** How often a document is begun that the package's changes interrupt. */
const TRIES = 4

/** What names the text of a document and no other one, as lower-case hex. */
export function documentDigest(
  state: string,
  { scope }: PackageState,
  { form, origin }: Pick<DocumentForm, 'form' | 'origin'>,
): string {
  const part =
    scope === 'package'
      ? []
      : 'tag' in scope
        ? ['tag', scope.tag]
        : ['version', scope.version, scope.keyPrefix ?? null]
  return sha256(JSON.stringify([state, form, origin, ...part]))
}

export interface DocumentSource extends Edge {
  readonly db: D1Database
  /** Comes before a text that the edge does not have is made, and may refuse it. */
  readonly beforeRows: () => Promise<void>
}

/**
 * @returns undefined where the package has gone, or what the document is about
 * @throws RegistryError storage-unavailable
 */
export async function openDocument(
  { db, beforeRows, ...edge }: DocumentSource,
  found: PackageState,
  form: DocumentForm,
): Promise<OpenedDocument | undefined> {
  const nameOf = (state: string): KeptName => `document ${documentDigest(state, found, form)}`
  const isNew = Date.now() - found.changedAt < NEW_MS
  const kept = await findKept(edge, nameOf(found.state), { isNew })
  if (kept !== undefined) {
    return { state: found, body: kept.body, length: kept.size, from: 'cache' }
  }
  await beforeRows()
  const opened = await readDocument(db, found, form, (state, size) =>
    keep(edge, nameOf(state), size, () => readAgain(db, found, form, { state, size })),
  )
  if (opened?.body instanceof Uint8Array) keepBytes(edge, nameOf(opened.state.state), opened.body)
  return opened
}

/** A large document once more, for the cache: a `tee` would buffer what a slow client leaves. */
async function readAgain(
  db: D1Database,
  found: PackageState,
  form: DocumentForm,
  { state, size }: { readonly state: string; readonly size: number },
): Promise<ReadableStream> {
  const opened = await readDocument(db, found, form, () => {})
  if (opened?.state.state !== state || opened.body instanceof Uint8Array) throw new PackageChanged()
  return opened.body.pipeThrough(new FixedLengthStream(size))
}

/** Is told of a document that was made while it was sent, once it was sent whole; its size in bytes. */
type Sent = (state: string, size: number) => void

async function readDocument(
  db: D1Database,
  found: PackageState,
  form: DocumentForm,
  sent: Sent,
): Promise<OpenedDocument | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      return await beginDocument(readParts(db, found, form), sent)
    } catch (error) {
      if (!(error instanceof PackageChanged)) throw error
    }
  }
  const detail = 'the package changes faster than it can be read: try again'
  throw new RegistryError({ code: 'storage-unavailable', detail })
}

class PackageChanged extends Error {
  constructor() {
    super('the package changed while a document of it was read')
  }
}

interface Part {
  readonly package: DocumentPackage
  readonly bytes: Uint8Array
}

/** No part where there is nothing. @throws PackageChanged */
async function* readParts(
  db: D1Database,
  found: PackageState,
  { origin, digests, readme, build }: DocumentForm,
): AsyncGenerator<Part, void> {
  const first = await readDocumentPage(db, found, undefined, readme)
  if (first === undefined) return
  const builder = build(first.package, origin)
  const withheld = digestsBeside(digests)
  let text = builder.begin
  for (let page = first; ; ) {
    for (const file of page.files) text += builder.add({ ...file, ...withheld })
    if (page.next === undefined) break
    yield { package: first.package, bytes: encode(text) }
    text = ''
    const next = await readDocumentPage(db, found, page.next)
    if (next?.package.state !== first.package.state) throw new PackageChanged()
    page = next
  }
  yield { package: first.package, bytes: encode(text + builder.end()) }
}

/** Empty texts for all digests but these. */
function digestsBeside(taken: readonly FurtherDigest[] = FURTHER_DIGESTS) {
  const others = FURTHER_DIGESTS.filter((digest) => !taken.includes(digest))
  return Object.fromEntries(others.map((digest) => [digest, '']))
}

/** Reads until the document is whole, or larger than what is kept in memory. */
async function beginDocument(
  parts: AsyncGenerator<Part, void>,
  sent: Sent,
): Promise<OpenedDocument | undefined> {
  const begun: Uint8Array[] = []
  let length = 0
  let state: DocumentPackage | undefined
  while (length <= BUFFERED_BYTES) {
    const { value, done } = await parts.next()
    if (done) {
      return state && { state, body: concatBytes(begun), length, from: 'rows' }
    }
    state = value.package
    begun.push(value.bytes)
    length += value.bytes.length
  }
  if (state === undefined) return undefined
  const { state: id } = state
  const body = stream(begun, parts, (size) => sent(id, size))
  return { state, body, length: undefined, from: 'rows' }
}

function stream(
  begun: readonly Uint8Array[],
  rest: AsyncGenerator<Part, void>,
  sent: (size: number) => void,
): ReadableStream<Uint8Array> {
  const waiting = [...begun]
  let size = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = waiting.shift() ?? (await rest.next()).value?.bytes
        if (bytes !== undefined) {
          size += bytes.length
          return controller.enqueue(bytes)
        }
        sent(size)
        controller.close()
      },
      async cancel() {
        await rest.return()
      },
    },
    { highWaterMark: 0 },
  )
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
