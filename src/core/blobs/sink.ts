// Writes a stream of chunks to one R2 key and stores nothing unless `commit` resolves. R2 asks for the
// length of a stream. A stream of known length goes into one put. Chunks of unknown length are collected
// into parts of 5 MiB, and a single part goes by one put. Few bytes of known length are collected too: a
// stream would cost more. The buffer of a part grows with the bytes that came, and places bound the long ones.
import { type Place, partBuffers } from './part-buffers.ts'

/** The smallest part that R2 takes, except for the last one. */
const PART_BYTES = 5 * 1024 * 1024

/** Up to so many bytes, a copy in memory costs less than a stream. */
const SMALL_BYTES = 64 * 1024

/** A longer buffer needs one of the isolate's places. */
const UNCOUNTED_BYTES = 256 * 1024

export interface Sink {
  /**
   * Writes a chunk, which the caller must not change afterwards. Waits while R2 is behind.
   * @throws RegistryError storage-unavailable if too many files of unknown length come at once
   */
  write(chunk: Uint8Array): Promise<void>
  /** Whether all bytes so far are in the buffer. If so, `commit` makes one put, which can carry metadata. */
  isHeld(): boolean
  /** Stores the object. @param metadata allowed only while `isHeld` is true */
  commit(metadata?: Record<string, string>): Promise<void>
  /** Drops everything that was written. Never throws. */
  abort(): Promise<void>
}

export function openSink(bucket: R2Bucket, key: string, length: number | undefined): Sink {
  if (length === undefined) return openPartsSink(bucket, key, PART_BYTES)
  if (length > 0 && length <= SMALL_BYTES) return openPartsSink(bucket, key, length)
  return openFixedSink(bucket, key, length)
}

/** If the stream is aborted or too short, the put fails, and a failed put stores nothing. */
function openFixedSink(bucket: R2Bucket, key: string, length: number): Sink {
  const { readable, writable } = new FixedLengthStream(length)
  const writer = writable.getWriter()
  const put = bucket.put(key, readable)
  // A failed put may stop reading the stream, and then no write to the stream would ever end.
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

  /** Grows the buffer to twice its length or more, so that each byte is copied about twice on average. */
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
