// Stages an upload: the body streams through an inspection and all digests into a fresh R2 object. The
// object is one chunk behind, so that the last chunk is written only after everything was checked. A refused
// upload stores nothing. Formats that describe their content at their end are examined in the stored object,
// which is deleted if the examination refuses it. A small upload's object carries the list of contents. The
// list of a larger upload is stored beside its bytes at the same time.
import type { ByteSource } from '../../formats/bytes.ts'
import { DigestPump, type FurtherDigest, type UploadedContent } from '../digests.ts'
import { RegistryError } from '../errors.ts'
import { type BodyLimits, chunksOf, openBody } from './body.ts'
import { formatCarriedList } from './carried-list.ts'
import { contentsKey, freshBlobKey } from './keys.ts'
import { discardObjects, readObjectRange } from './objects.ts'
import { openSink, type Sink } from './sink.ts'
import type { StagedBlob } from './staged-blob.ts'
import { transformBody } from './transform.ts'

export interface Upload<T> {
  readonly body: ByteSource
  /** Bytes, as Content-Length declared them; undefined for a chunked body. */
  readonly length: number | undefined
  readonly limits: BodyLimits
  /** The digests to compute beside SHA-256; absent: all. */
  readonly digests?: readonly FurtherDigest[] | undefined
  /** Turns the sent bytes into the stored bytes and reads the source to its end; absent: both are the same. */
  readonly transform?: ((source: ByteSource) => ByteSource) | undefined
  /** Reads the bytes to be stored to their end, or throws to refuse the upload. */
  readonly inspect: (source: ByteSource) => Promise<Inspection<T>>
  /** Makes the upload's list of contents (formats/content-list.ts), which is stored with its bytes. */
  readonly contentsOf?: ((inspected: T) => Uint8Array) | undefined
}

/** The result of one pass over the bytes, or the examination that finds it. */
export type Inspection<T> = {
  /** Compares the client's claims with the bytes that it sent. Throws to refuse the upload, which stores nothing. */
  readonly verify?: ((content: UploadedContent) => void) | undefined
} & (
  | { readonly result: T }
  /** Reads the stored object. Throws to refuse it, and then it is deleted. */
  | { readonly examine: (stored: StoredContent) => Promise<T> }
)

export interface StoredContent {
  /** Bytes. */
  readonly size: number
  /**
   * Reads a part of the content into memory. The caller bounds its length.
   * @throws RegistryError storage-unavailable; RangeError for a part beyond the content
   */
  read(offset: number, length: number): Promise<Uint8Array>
}

export interface Staged<T> {
  readonly blob: StagedBlob
  readonly inspected: T
}

/**
 * @throws RegistryError body-too-large, body-timeout, invalid-request, storage-unavailable; and
 *   whatever `inspect`, `verify` and `examine` throw
 */
export async function stageUpload<T>(bucket: R2Bucket, upload: Upload<T>): Promise<Staged<T>> {
  const r2Key = freshBlobKey(new Date())
  const body = openBody(upload.body, upload.length, upload.limits)
  const { transform, limits, digests } = upload
  const transformed = transform && transformBody(body, transform, limits, digests)
  const sink = openSink(bucket, r2Key, transformed ? undefined : upload.length)
  const chunks = transformed?.chunks ?? chunksOf(body)
  const pump = new Pump(chunks, sink, new DigestPump(digests))
  try {
    const inspection = await upload.inspect(pump.chunks())
    const content = pump.content()
    inspection.verify?.(transformed?.sent() ?? content)
    await pump.end()
    const inspected =
      'examine' in inspection
        ? await commitExamined(bucket, r2Key, sink, content.size, inspection.examine, upload)
        : await commitKnown(bucket, r2Key, sink, inspection.result, upload)
    return { blob: { r2Key, stagedAt: Date.now(), ...content }, inspected }
  } catch (error) {
    await sink.abort()
    await body.drain()
    throw error
  }
}

type ListOf<T> = Pick<Upload<T>, 'contentsOf'>

async function commitKnown<T>(
  bucket: R2Bucket,
  r2Key: string,
  sink: Sink,
  result: T,
  { contentsOf }: ListOf<T>,
): Promise<T> {
  await commit(bucket, r2Key, sink, contentsOf?.(result))
  return result
}

async function commitExamined<T>(
  bucket: R2Bucket,
  r2Key: string,
  sink: Sink,
  size: number,
  examine: (stored: StoredContent) => Promise<T>,
  { contentsOf }: ListOf<T>,
): Promise<T> {
  await commit(bucket, r2Key, sink, undefined)
  try {
    const read = async (offset: number, length: number) => {
      if (offset < 0 || length < 0 || offset + length > size) {
        throw new RangeError(`${length} bytes at ${offset} of ${size}`)
      }
      return readObjectRange(bucket, r2Key, { offset, length })
    }
    const examined = await examine({ size, read })
    const contents = contentsOf?.(examined)
    if (contents !== undefined) await stored(bucket.put(contentsKey(r2Key), contents))
    return examined
  } catch (error) {
    await discardObjects(bucket, [r2Key])
    throw error
  }
}

/** Stores the rest of the bytes and the list at the same time, since each takes a trip. If one fails, both go. */
async function commit(
  bucket: R2Bucket,
  r2Key: string,
  sink: Sink,
  contents: Uint8Array | undefined,
): Promise<void> {
  const carried = contents && sink.isHeld() ? formatCarriedList(contents) : undefined
  const puts = [stored(sink.commit(carried))]
  if (contents && !carried) puts.push(stored(bucket.put(contentsKey(r2Key), contents)))
  const ends = await Promise.allSettled(puts)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed === undefined) return
  // A failed put may have taken effect.
  await discardObjects(bucket, [r2Key])
  throw failed.reason
}

class Pump {
  readonly #digests: DigestPump
  #size = 0
  #held: Uint8Array | undefined
  #ended = false
  readonly #source: ByteSource
  readonly #sink: Sink

  constructor(source: ByteSource, sink: Sink, digests: DigestPump) {
    this.#digests = digests
    this.#source = source
    this.#sink = sink
  }

  async *chunks(): ByteSource {
    for await (const chunk of this.#source) {
      this.#digests.update(chunk)
      this.#size += chunk.length
      if (this.#held !== undefined) await stored(this.#sink.write(this.#held))
      this.#held = chunk
      yield chunk
    }
    this.#ended = true
  }

  /** Size and digests of the content. Call it once, after all chunks were read. */
  content(): UploadedContent {
    if (!this.#ended) throw new Error('the inspection did not read to the end')
    return { size: this.#size, ...this.#digests.digests() }
  }

  /** Writes the last chunk, after everything was checked. */
  async end(): Promise<void> {
    if (this.#held !== undefined) await stored(this.#sink.write(this.#held))
  }
}

async function stored(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    const detail = 'the object store does not take the file: try again'
    throw new RegistryError({ code: 'storage-unavailable', detail }, { cause })
  }
}
