// R2 with the limits that Cloudflare documents, whether the local simulator enforces them or not. The
// calls go to whatever bucket a test has put in the place of the real one.
import { exceeded } from './exceeded.ts'
import { wrapMethods } from './wrap-methods.ts'

/** Bytes. */
const KEY_BYTES = 1024
/** Bytes of names and values of an object's own metadata. */
const METADATA_BYTES = 8192
/** Bytes of every part but the last; they are all equally long. */
const PART_BYTES = 5 * 1024 * 1024
const PARTS = 10_000
const KEYS_PER_DELETE = 1000
const KEYS_PER_LIST = 1000
/** Milliseconds between two writes of one key. */
const WRITE_MS = 1000

/** When each key was written last. */
const written = new Map<string, number>()

/** A test begins with an empty bucket. */
export function forgetWrites(): void {
  written.clear()
}

export function limitBucket(bucket: R2Bucket): R2Bucket {
  return wrapMethods(bucket, {
    put: async (...values) => {
      const [key, content, options] = values as Parameters<R2Bucket['put']>
      beginWrite(String(key), options ?? {})
      return bucket.put(key, content, options)
    },
    createMultipartUpload: async (...values) => {
      const [key, options] = values as Parameters<R2Bucket['createMultipartUpload']>
      beginWrite(String(key), options ?? {})
      return limitUpload(await bucket.createMultipartUpload(key, options))
    },
    resumeMultipartUpload: (...values) => {
      const [key, id] = values as Parameters<R2Bucket['resumeMultipartUpload']>
      return limitUpload(bucket.resumeMultipartUpload(key, id))
    },
    delete: async (keys) => {
      const count = Array.isArray(keys) ? keys.length : 1
      if (count > KEYS_PER_DELETE) throw exceeded(`${count} keys to delete at once`)
      return bucket.delete(keys as string | string[])
    },
    list: async (options) => {
      const { limit = KEYS_PER_LIST } = (options ?? {}) as R2ListOptions
      if (limit > KEYS_PER_LIST) throw exceeded(`a list of ${limit} keys`)
      return bucket.list(options as R2ListOptions)
    },
  })
}

function beginWrite(key: string, { customMetadata }: R2PutOptions | R2MultipartOptions): void {
  const keyBytes = Buffer.byteLength(key)
  if (keyBytes > KEY_BYTES) throw exceeded(`a key of ${keyBytes} bytes`)
  const bytes = Buffer.byteLength(
    Object.entries(customMetadata ?? {})
      .flat()
      .join(''),
  )
  if (bytes > METADATA_BYTES) throw exceeded(`${bytes} bytes of metadata of an object`)
  const now = Date.now()
  // An answer that callers may expect, and no fault of theirs if they do.
  if (now - (written.get(key) ?? 0) < WRITE_MS) {
    throw new Error('Reduce your concurrent request rate for the same object. (10058)')
  }
  written.set(key, now)
}

function limitUpload(upload: R2MultipartUpload): R2MultipartUpload {
  /** Bytes by part number. */
  const parts = new Map<number, number>()
  return wrapMethods(upload, {
    uploadPart: async (...values) => {
      const [number, content, options] = values as Parameters<R2MultipartUpload['uploadPart']>
      if (number < 1 || number > PARTS) throw exceeded(`a part of number ${number}`)
      const bytes = lengthOf(content)
      if (bytes !== undefined) parts.set(number, bytes)
      return upload.uploadPart(number, content, options)
    },
    complete: async (values) => {
      const uploaded = values as R2UploadedPart[]
      const lengths = uploaded.map(({ partNumber }) => parts.get(partNumber) ?? PART_BYTES)
      const [first = 0, last = 0] = [lengths[0], lengths.at(-1)]
      const others = lengths.slice(0, -1)
      const short = others.find((length) => length < PART_BYTES)
      if (short !== undefined) throw exceeded(`a part of ${short} bytes that is not the last`)
      if (others.some((length) => length !== first)) throw exceeded(`parts of ${others} bytes`)
      if (last > first) throw exceeded(`a last part of ${last} bytes after those of ${first}`)
      return upload.complete(uploaded)
    },
  })
}

function lengthOf(content: unknown): number | undefined {
  if (typeof content === 'string') return Buffer.byteLength(content)
  if (content instanceof ArrayBuffer || ArrayBuffer.isView(content)) return content.byteLength
  return content instanceof Blob ? content.size : undefined
}
