// Reads bytes as they arrive and converts them to text: a pull reader over chunks of any size, hex,
// base64, strict UTF-8. Refuses input that ends too early and text in another encoding than claimed.
import { Buffer } from 'node:buffer'
import { FormatError } from './format-error.ts'

/** Bytes in chunks of any size. The source does not change a chunk after handing it over. */
export type ByteSource = AsyncIterable<Uint8Array>

/** Reads a source to its end and drops the bytes. */
export async function readToEnd(source: ByteSource): Promise<void> {
  for await (const _ of source);
}

/** The same chunks for a reader that may leave its loop early. Leaving does not end them, so the rest can be read. */
export function unending(chunks: AsyncIterator<Uint8Array>): ByteSource {
  return { [Symbol.asyncIterator]: () => ({ next: () => chunks.next() }) }
}

/** Takes bytes from a source in the sizes that a parser needs. Takes back bytes that the parser did not use. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #pending: Uint8Array[] = []
  #ended = false

  constructor(source: ByteSource) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Reads the next bytes, at least one, as many as have arrived; undefined at the end. */
  async readSome(): Promise<Uint8Array | undefined> {
    const pending = this.#pending.pop()
    if (pending !== undefined) return pending
    while (!this.#ended) {
      const next = await this.#source.next()
      if (next.done) this.#ended = true
      else if (next.value.length > 0) return next.value
    }
    return undefined
  }

  /** Reads `length` bytes, or fewer at the end of the source. */
  async readUpTo(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let missing = length
    while (missing > 0) {
      const chunk = await this.readSome()
      if (chunk === undefined) break
      parts.push(chunk.subarray(0, missing))
      this.unread(chunk.subarray(missing))
      missing -= Math.min(missing, chunk.length)
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : concatBytes(parts)
  }

  /**
   * Reads exactly `length` bytes. They are held in memory, so the caller bounds the length.
   * @throws FormatError `truncated`, saying that the input ends inside `what`
   */
  async readExactly(length: number, what: string): Promise<Uint8Array> {
    const bytes = await this.readUpTo(length)
    if (bytes.length < length) {
      throw new FormatError('truncated', `the input ends inside ${what}: send it whole`)
    }
    return bytes
  }

  /** Gives back the bytes that were read last. The next read begins with them, in one piece if they were one. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const next = this.#pending.at(-1)
    if (next === undefined || !liesBefore(bytes, next)) {
      this.#pending.push(bytes)
      return
    }
    const { buffer, byteOffset, length } = bytes
    this.#pending[this.#pending.length - 1] = new Uint8Array(
      buffer,
      byteOffset,
      length + next.length,
    )
  }

  async atEnd(): Promise<boolean> {
    const next = await this.readSome()
    if (next === undefined) return true
    this.unread(next)
    return false
  }

  /** Tells the source that nobody will read more of it. */
  async close(): Promise<void> {
    this.#pending = []
    if (this.#ended) return
    this.#ended = true
    await this.#source.return?.()
  }
}

function liesBefore(bytes: Uint8Array, next: Uint8Array): boolean {
  return bytes.buffer === next.buffer && bytes.byteOffset + bytes.length === next.byteOffset
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

export function toHex(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex')
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64')
}

/** Decodes standard, padded, canonical base64; undefined for any other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  return toBase64(bytes) === text ? bytes : undefined
}

export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes UTF-8 and keeps a byte-order mark as a character; undefined for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Decodes one character per byte, for text in which only ASCII has a meaning. */
export function decodeLatin1(bytes: Uint8Array): string {
  return viewOf(bytes).toString('latin1')
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
