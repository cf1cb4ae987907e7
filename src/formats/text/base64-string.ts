// Decodes a JSON string of base64 (RFC 4648 4) that arrives in pieces, group by group. It accepts the standard
// alphabet with padding and nothing else. A lenient decoder makes one file of many texts, and another decoder
// makes another file of them.
import { Buffer } from 'node:buffer'
import { decodeLatin1, fromBase64 } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SLASH = 0x2f
const LETTER_U = 0x75
/** Stands for a character that is no sign of base64. */
const NO_SIGN = 0

/** Decodes the text between the quotes. JSON allows escapes in it, and some encoders write `\/`. */
export class Base64String {
  readonly #where: string
  readonly #base64 = new Base64Text()
  readonly #escapes = new Escapes()

  /** @param where how messages name the string */
  constructor(where: string) {
    this.#where = where
  }

  /** @returns the file's bytes, and the place in the chunk after the closing quote, if the chunk has it */
  read(chunk: Uint8Array, start: number): { bytes: Uint8Array[]; end?: number } {
    const found = chunk.indexOf(QUOTE, start)
    const text = this.#escapes.read(chunk.subarray(start, found < 0 ? chunk.length : found))
    const bytes = this.#sound(this.#base64.decode(decodeLatin1(text)))
    if (found < 0) return { bytes: [bytes] }
    // An escaped quote is no base64, so the first quote ends the string.
    if (this.#escapes.areOpen) throw this.#wrong()
    return { bytes: [bytes, this.#sound(this.#base64.end())], end: found + 1 }
  }

  #sound(bytes: Uint8Array | undefined): Uint8Array {
    if (bytes === undefined) throw this.#wrong()
    return bytes
  }

  #wrong(): FormatError {
    const rule = 'encode the file in standard base64 with padding and nothing else in it'
    return new FormatError('malformed', `${this.#where} is not base64: ${rule}`)
  }
}

/** Resolves escapes of JSON (RFC 8259 7) that can mean a sign of base64. A chunk may end inside an escape. */
class Escapes {
  /** Characters that an open escape still misses: five after the backslash, although a short escape ends after one. */
  #missing = 0
  #code = 0

  get areOpen(): boolean {
    return this.#missing > 0
  }

  read(bytes: Uint8Array): Uint8Array {
    if (this.#missing === 0 && !bytes.includes(BACKSLASH)) return bytes
    const signs = new Uint8Array(bytes.length)
    let length = 0
    for (const byte of bytes) {
      const sign = this.#take(byte)
      if (sign !== undefined) signs[length++] = sign
    }
    return signs.subarray(0, length)
  }

  /** Takes a byte and returns the sign that it completes; undefined inside an escape. */
  #take(byte: number): number | undefined {
    if (this.#missing === 0) {
      if (byte !== BACKSLASH) return byte
      this.#missing = 5
      return undefined
    }
    if (this.#missing === 5) {
      this.#code = 0
      this.#missing = byte === LETTER_U ? 4 : 0
      if (byte === LETTER_U) return undefined
      return byte === SLASH ? SLASH : NO_SIGN
    }
    const digit = hexDigit(byte)
    this.#missing = digit === undefined ? 0 : this.#missing - 1
    if (digit === undefined) return NO_SIGN
    this.#code = this.#code * 16 + digit
    if (this.#missing > 0) return undefined
    return this.#code < 0x80 ? this.#code : NO_SIGN
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}

class Base64Text {
  /** The last one to four characters of the text so far. They wait, because only the last group may have padding. */
  #held = ''

  /** Decodes the complete groups but the last one; undefined if one of them is wrong. */
  decode(piece: string): Uint8Array | undefined {
    const text = this.#held + piece
    const whole = text.length === 0 ? 0 : Math.floor((text.length - 1) / 4) * 4
    this.#held = text.slice(whole)
    return whole === 0 ? new Uint8Array() : decodeUnpadded(text.slice(0, whole))
  }

  /** Decodes the last group; undefined if it is wrong. */
  end(): Uint8Array | undefined {
    return fromBase64(this.#held)
  }
}

/** Decodes whole groups without padding; undefined if one of them is wrong. */
function decodeUnpadded(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Buffer skips characters that it does not know, which gives fewer bytes. It accepts base64url's two signs.
  if (bytes.length !== (text.length / 4) * 3) return undefined
  return text.includes('-') || text.includes('_') ? undefined : bytes
}
