// A JSON string of base64 (RFC 4648 4) that arrives in pieces, decoded group by group. Strict: the standard alphabet, padding,
// nothing in between. A lenient decoder makes one file of many texts, and a reader elsewhere another.
import { Buffer } from 'node:buffer'
import { decodeLatin1, fromBase64 } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SLASH = 0x2f
const LETTER_U = 0x75
/** No sign of base64. */
const NO_SIGN = 0

/** What is between the quotes. JSON allows escapes in it, and some encoders write `\/`. */
export class Base64String {
  readonly #where: string
  readonly #base64 = new Base64Text()
  readonly #escapes = new Escapes()

  /** @param where how messages name the string */
  constructor(where: string) {
    this.#where = where
  }

  /** @returns the file's bytes, and where in the chunk what follows the closing quote begins */
  read(chunk: Uint8Array, start: number): { bytes: Uint8Array[]; end?: number } {
    const found = chunk.indexOf(QUOTE, start)
    const text = this.#escapes.read(chunk.subarray(start, found < 0 ? chunk.length : found))
    const bytes = this.#sound(this.#base64.decode(decodeLatin1(text)))
    if (found < 0) return { bytes: [bytes] }
    // An escaped quote is no base64, so every quote is the end.
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

/** Escapes of JSON (RFC 8259 7), as far as they can mean a sign of base64, cut anywhere. */
class Escapes {
  /** Characters of an escape that are to come: five after its backslash, of which a short one needs one. */
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

  /** The sign that the byte completes, if it does. */
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
  /** One to four characters, once there are any: only the last group may have padding. */
  #held = ''

  /** The bytes of the groups that are complete and not the last; undefined if one of them is wrong. */
  decode(piece: string): Uint8Array | undefined {
    const text = this.#held + piece
    const whole = text.length === 0 ? 0 : Math.floor((text.length - 1) / 4) * 4
    this.#held = text.slice(whole)
    return whole === 0 ? new Uint8Array() : decodeUnpadded(text.slice(0, whole))
  }

  /** The bytes of the last group. */
  end(): Uint8Array | undefined {
    return fromBase64(this.#held)
  }
}

/** Of whole groups without padding. */
function decodeUnpadded(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  // It passes over what it does not know, so then there are fewer; and it takes base64url's two signs.
  if (bytes.length !== (text.length / 4) * 3) return undefined
  return text.includes('-') || text.includes('_') ? undefined : bytes
}
