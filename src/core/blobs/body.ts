// Reads a request body within limits: a size, a time without bytes, a time in all. It reads into its own
// buffers, which grow with the bytes that came. After a refusal it drains the body within bounds: without
// that the client sees a reset connection and not the reason.
import type { ByteSource } from '../../formats/bytes.ts'
import { invalidRequest, RegistryError } from '../errors.ts'

/** A default reader hands out 4 KiB at a time in workerd, at twice the cost per byte. */
const READ_BYTES = 256 * 1024
/**
 * All bodies that the isolate waits for share so many bytes of buffers, but each may have a buffer of the first
 * read. A stalled body holds its buffer and the chunk before it: hundreds of long buffers took more memory than
 * the isolate has.
 */
const WAITING_BYTES = 8 * 1024 * 1024
/**
 * The buffer of the first read. Each later buffer is as long as all bytes before it, so a stalled body holds
 * at most twice the bytes that came, however many its sender declared.
 */
const FIRST_READ_BYTES = 16 * 1024
/** The buffer of the last read, at least: long enough to notice a body that goes on beyond its declared end. */
const LEAST_READ_BYTES = 1024
/** A refused body is drained for so long, at most, so that the client reads the refusal. */
const DRAIN_MS = 60_000
/** A drain ends when no byte came for so long. */
const DRAIN_STALL_MS = 10_000
/** A drain ends after so many bytes, twice the platform's limit on most plans. */
const DRAIN_BYTES = 200_000_000

/** How many reads wait for bytes now, of all bodies of the isolate. */
let waiting = 0

export interface BodyLimits {
  /** Bytes. */
  readonly bodyBytes: number
  /** Milliseconds without a byte. */
  readonly stallMs: number
  /** Milliseconds for the whole body. */
  readonly totalMs: number
}

export interface Body {
  /** Reads the next chunk; undefined at the end. Faults: body-too-large, body-timeout, invalid-request. */
  read(): Promise<Uint8Array | undefined>
  /** Reads on and drops the bytes, until the end or one of the drain's limits. Never throws. */
  drain(): Promise<void>
}

/**
 * @param source the body of a request, or chunks cut out of a body
 * @param length the bytes that Content-Length declared
 */
export function openBody(source: ByteSource, length: number | undefined, limits: BodyLimits): Body {
  let total = 0
  const reader = readerOf(source, () => {
    const share = Math.max(Math.floor(WAITING_BYTES / (waiting + 1)), FIRST_READ_BYTES)
    const grown = Math.min(Math.max(total, FIRST_READ_BYTES), READ_BYTES, share)
    // A small body gets a buffer no longer than its declared length: zeroing a longer one costs time.
    const left = (length ?? Number.POSITIVE_INFINITY) - total
    return Math.min(grown, Math.max(left + 1, LEAST_READ_BYTES))
  })
  let ended = false
  const deadline = Date.now() + limits.totalMs

  async function next(stallMs: number): Promise<Uint8Array | undefined> {
    const read = reader.read()
    waiting++
    const { value, done } = await withinStall(read, stallMs).finally(() => {
      waiting--
    })
    ended = done ?? false
    return value !== undefined && value.length > 0 ? value : undefined
  }

  return {
    async read() {
      if (ended) return undefined
      const chunk = await next(limits.stallMs).catch((cause: unknown) => {
        ended = true
        throw cause instanceof RegistryError ? cause : brokenOff(total, length, cause)
      })
      total += chunk?.length ?? 0
      if (Date.now() > deadline) throw tooSlow(limits.totalMs)
      if (total > limits.bodyBytes) {
        throw new RegistryError({ code: 'body-too-large', limit: limits.bodyBytes })
      }
      if (ended && length !== undefined && total !== length) throw brokenOff(total, length)
      return chunk ?? (ended ? undefined : await this.read())
    },
    async drain() {
      const deadline = Date.now() + DRAIN_MS
      const stallMs = Math.min(limits.stallMs, DRAIN_STALL_MS)
      try {
        while (!ended && total <= DRAIN_BYTES && Date.now() < deadline) {
          total += (await next(stallMs))?.length ?? 0
        }
        if (!ended) await reader.cancel()
      } catch {
        // The client is gone or silent, so nobody would read an error.
      }
    },
  }
}

export async function* chunksOf(body: Body): ByteSource {
  for (let chunk = await body.read(); chunk; chunk = await body.read()) yield chunk
}

interface ChunkReader {
  read(): Promise<{ readonly value?: Uint8Array | undefined; readonly done?: boolean }>
  cancel(): Promise<unknown>
}

/** @param nextBytes gives the length of the next read */
function readerOf(source: ByteSource, nextBytes: () => number): ChunkReader {
  if (source instanceof ReadableStream) {
    const reader = source.getReader({ mode: 'byob' })
    return {
      async read() {
        const bytes = nextBytes()
        const { value, done } = await reader.readAtLeast(bytes, new Uint8Array(bytes))
        // The last read alone is shorter. Ending there saves the read that would report the end.
        return { value, done: done || value.length < bytes }
      },
      cancel: () => reader.cancel(),
    }
  }
  const chunks = source[Symbol.asyncIterator]()
  return { read: () => chunks.next(), cancel: async () => chunks.return?.() }
}

function tooSlow(totalMs: number): RegistryError {
  const detail = `the body took longer than ${totalMs / 1000} s: send it faster`
  return new RegistryError({ code: 'body-timeout', detail })
}

function brokenOff(total: number, length: number | undefined, cause?: unknown): RegistryError {
  const declared = length === undefined ? '' : ` of the ${length} that Content-Length declared`
  const detail = `the body broke off after ${total} bytes${declared}: send it again`
  return invalidRequest(detail, cause)
}

async function withinStall<T>(read: Promise<T>, stallMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const detail = `no byte of the body arrived for ${stallMs / 1000} s: send it again`
      reject(new RegistryError({ code: 'body-timeout', detail }))
    }, stallMs)
  })
  try {
    return await Promise.race([read, stalled])
  } finally {
    clearTimeout(timer)
  }
}
