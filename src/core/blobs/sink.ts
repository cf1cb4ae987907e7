// Writes a stream of chunks to one R2 key, such that nothing is stored unless `commit` resolves.
// R2 wants to know the length: a known one streams into one put, an unknown one is collected into
// parts of 5 MiB, of which the first alone still goes by one put. So do a few bytes of known length,
// for which a stream costs more than they do. The buffer of a part grows with what came; long ones are few.
import { type Place, partBuffers } from './part-buffers.ts'

/** R2's smallest part, but for the last. */
const PART_BYTES = 5 * 1024 * 1024

/** Up to so many bytes a copy in memory is the cheaper way. */
const SMALL_BYTES = 64 * 1024

/** A longer buffer needs a place among those of the isolate. */
const UNCOUNTED_BYTES = 256 * 1024

export interface Sink {
  /**
   * The chunk must not be changed afterwards. Waits while R2 is behind.
   * @throws RegistryError storage-unavailable where too many files of unknown length come at once
   */
  write(chunk: Uint8Array): Promise<void>
  /** Whether all that was written goes by one put that is yet to begin, which can carry metadata. */
  isHeld(): boolean
  /** @param metadata only while everything is held */
  commit(metadata?: Record<string, string>): Promise<void>
  /** Leaves nothing behind. Never throws. */
  abort(): Promise<void>
}

export function openSink(bucket: R2Bucket, key: string, length: number | undefined): Sink {
  if (length === undefined) return openPartsSink(bucket, key, PART_BYTES)
  if (length > 0 && length <= SMALL_BYTES) return openPartsSink(bucket, key, length)
  return openFixedSink(bucket, key, length)
}

/** An aborted or short stream fails the put, and a failed put stores nothing. */
function openFixedSink(bucket: R2Bucket, key: string, length: number): Sink {
  const { readable, writable } = new FixedLengthStream(length)
  const writer = writable.getWriter()
  const put = bucket.put(key, readable)
  // A put that fails may leave the stream unread, and then no write to it would ever end.
  const failure = new Promise<never>((_, reject) => put.catch(reject))
  failure.catch(() => {})
  writer.closed.catch(() => {})
  return {
    write: (chunk) => Promise.race([writer.write(chunk), failure]),
    isHeld: () => false,
    async commit() {
      await Promise.race([writer.close(), failure])
      await put
    },
    async abort() {
      await writer.abort().catch(() => {})
      await put.catch(() => {})
    },
  }
}

function openPartsSink(bucket: R2Bucket, key: string, partBytes: number): Sink {
  let buffer = new Uint8Array()
  const parts: R2UploadedPart[] = []
  let used = 0
  let place: Place | undefined
  let upload: R2MultipartUpload | undefined

  async function flush(): Promise<void> {
    upload ??= await bucket.createMultipartUpload(key)
    parts.push(await upload.uploadPart(parts.length + 1, buffer.subarray(0, used)))
    used = 0
  }

  /** At least doubled, so that bytes are copied twice on average and no more. */
  async function makeRoom(bytes: number): Promise<void> {
    if (bytes <= buffer.length) return
    if (bytes > UNCOUNTED_BYTES) place ??= await partBuffers.take()
    const grown = new Uint8Array(Math.min(Math.max(bytes, buffer.length * 2), partBytes))
    grown.set(buffer.subarray(0, used))
    buffer = grown
  }

  return {
    async write(chunk) {
      place?.renew()
      for (let at = 0; at < chunk.length; ) {
        if (used === partBytes) await flush()
        const taken = chunk.subarray(at, at + partBytes - used)
        await makeRoom(used + taken.length)
        buffer.set(taken, used)
        used += taken.length
        at += taken.length
      }
    },
    isHeld: () => upload === undefined,
    async commit(metadata) {
      if (upload === undefined) {
        const options = metadata === undefined ? {} : { customMetadata: metadata }
        await bucket.put(key, buffer.subarray(0, used), options)
      } else {
        if (used > 0) await flush()
        await upload.complete(parts)
      }
      place?.release()
    },
    async abort() {
      place?.release()
      await upload?.abort().catch(() => {})
    },
  }
}
