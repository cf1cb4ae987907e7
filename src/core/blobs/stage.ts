// Stages an upload: the body streams through an inspection and all digests into a fresh R2 object,
// one chunk behind, so that the last chunk is written only after everything was checked. What is
// refused stores nothing. The list of what the upload holds goes along with a small upload's bytes, or
// is stored beside them at the same time.
import type { ByteSource } from '../../formats/bytes.ts'
import { DigestPump } from '../digests.ts'
import { RegistryError } from '../errors.ts'
import { type Body, type BodyLimits, openBody } from './body.ts'
import { formatCarriedList } from './carried-list.ts'
import { contentsKey, freshBlobKey } from './keys.ts'
import { discardObjects } from './objects.ts'
import { openSink, type Sink } from './sink.ts'
import type { StagedBlob } from './staged-blob.ts'

export interface Upload<T> {
  readonly body: ByteSource
  /** Bytes, as Content-Length declared them; undefined for a chunked body. */
  readonly length: number | undefined
  readonly limits: BodyLimits
  /** Reads the source to its end, or throws to refuse the upload. */
  readonly inspect: (source: ByteSource) => Promise<T>
  /** The list of what the upload holds (formats/content-list.ts), to be kept beside its bytes. */
  readonly contentsOf?: ((inspected: T) => Uint8Array) | undefined
}

export interface Staged<T> {
  readonly blob: StagedBlob
  readonly inspected: T
}

/**
 * @throws RegistryError body-too-large, body-timeout, invalid-request, storage-unavailable; and
 *   whatever `inspect` throws
 */
export async function stageUpload<T>(bucket: R2Bucket, upload: Upload<T>): Promise<Staged<T>> {
  const r2Key = freshBlobKey(new Date())
  const body = openBody(upload.body, upload.length, upload.limits)
  const sink = openSink(bucket, r2Key, upload.length)
  const pump = new Pump(body, sink)
  try {
    const inspected = await upload.inspect(pump.chunks())
    await pump.end()
    await commit(bucket, r2Key, sink, upload.contentsOf?.(inspected))
    const blob = { r2Key, size: pump.size, stagedAt: Date.now(), ...pump.digests.digests() }
    return { blob, inspected }
  } catch (error) {
    await sink.abort()
    await body.drain()
    throw error
  }
}

/** Stores what is left of the bytes and the list at once, since each takes a trip; both or none. */
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
  // A put that fails may have taken effect.
  await discardObjects(bucket, [r2Key])
  throw failed.reason
}

class Pump {
  readonly digests = new DigestPump()
  size = 0
  #held: Uint8Array | undefined
  #ended = false
  readonly #body: Body
  readonly #sink: Sink

  constructor(body: Body, sink: Sink) {
    this.#body = body
    this.#sink = sink
  }

  async *chunks(): ByteSource {
    for (let chunk = await this.#body.read(); chunk; chunk = await this.#body.read()) {
      this.digests.update(chunk)
      this.size += chunk.length
      if (this.#held !== undefined) await stored(this.#sink.write(this.#held))
      this.#held = chunk
      yield chunk
    }
    this.#ended = true
  }

  /** Writes the last chunk, after everything was checked. */
  async end(): Promise<void> {
    if (!this.#ended) throw new Error('the inspection did not read to the end')
    if (this.#held !== undefined) await stored(this.#sink.write(this.#held))
  }
}

async function stored(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (cause) {
    const detail = 'the object store does not take the file: try again'
    throw new RegistryError({ code: 'storage-unavailable', detail }, { cause })
  }
}
