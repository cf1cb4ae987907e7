// Reads a JSON document (RFC 8259) that holds a file as a text in base64, as it comes. It passes the file's bytes
// on, keeps the wanted members, and parses these at the end. Memory holds the kept bytes, within a limit, and
// never the file. The scanner knows strings, brackets and names, by which it finds the file. JSON.parse decides
// whether the kept bytes are JSON. Of skipped members the scanner checks the brackets and quotes alone.
import { type ByteSource, decodeUtf8, encodeUtf8 } from '../bytes.ts'
import { FormatError, malformed, quote } from '../format-error.ts'
import { Base64String } from './base64-string.ts'

/**
 * What the scanner does with a member's value. `keep` keeps it. `enter` keeps it and asks about each of its own
 * members. `skip` drops it and keeps `null` in its place. `decode` decodes it as the file and keeps an empty text.
 */
export type JsonTreatment = 'keep' | 'enter' | 'skip' | 'decode'

export interface JsonStreamRules {
  /** How messages name the document: `the body`. */
  readonly what: string
  /** Bytes that the scanner keeps, at most. */
  readonly maxKept: number
  /** Objects and lists in the kept bytes, at most: each takes ten times the memory of its brackets. */
  readonly maxBrackets: number
  /** How deep objects and lists may be nested. */
  readonly maxDepth: number
  /** Decides about every member of the document and of entered objects. @param path names, outermost first */
  readonly treat: (path: readonly string[]) => JsonTreatment
}

/**
 * Yields the bytes of the file in pieces; none if the document has no file. Ends when the whole document ended.
 * @param take receives the parsed value of the kept bytes, before the end
 * @throws FormatError `malformed`, `truncated`, `too-large`; and whatever `treat` and `take` throw
 */
export async function* readJsonStream(
  source: ByteSource,
  rules: JsonStreamRules,
  take: (kept: unknown) => void,
): ByteSource {
  const scanner = new JsonScanner(rules)
  for await (const chunk of source) yield* scanner.scan(chunk)
  take(scanner.finish())
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const COMMA = 0x2c
const COLON = 0x3a
const NULL = encodeUtf8('null')
const NO_TEXT = encodeUtf8('""')

class JsonScanner {
  readonly #rules: JsonStreamRules
  readonly #kept: KeptBytes
  /** For each open bracket, outermost first: whether it opened an object. */
  readonly #open: boolean[] = []
  #brackets = 0
  /** How many of the open objects were entered. They are the outermost ones. */
  #entered = 0
  readonly #path: string[] = []
  /** The treatment of the next value. */
  #treatment: JsonTreatment | undefined = 'enter'
  #nameIsNext = false
  /** Where in the kept bytes the name begins that the scanner is reading. */
  #nameStart: number | undefined
  #inString = false
  #escaped = false
  /** How many brackets were open where the skipped value began. */
  #skippedAt: number | undefined
  #file: Base64String | undefined
  #hadFile = false

  #chunk: Uint8Array = new Uint8Array()
  #at = 0
  /** Where in the chunk the bytes begin that are yet to be kept. */
  #from = 0

  constructor(rules: JsonStreamRules) {
    this.#rules = rules
    this.#kept = new KeptBytes(rules)
  }

  /** Yields the bytes of the file that the chunk holds. */
  *scan(chunk: Uint8Array): Generator<Uint8Array> {
    this.#chunk = chunk
    this.#at = 0
    this.#from = 0
    while (this.#at < chunk.length) {
      if (this.#file !== undefined) yield* this.#scanFile(this.#file)
      else if (this.#inString) this.#scanString()
      else this.#scanToken(chunk[this.#at] ?? 0)
    }
    this.#keepSoFar()
  }

  /** Parses the kept bytes. */
  finish(): unknown {
    const { what } = this.#rules
    if (this.#inString || this.#file !== undefined || this.#open.length > 0) {
      throw new FormatError('truncated', `${what} ends inside its JSON: send it whole`)
    }
    const text = decodeUtf8(this.#kept.bytes())
    if (text === undefined) throw malformed(`${what} is not UTF-8`, 'send JSON in UTF-8')
    return parse(text, what)
  }

  #scanToken(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.#beginString()
        return
      case OPEN_OBJECT:
      case OPEN_LIST:
        this.#openBracket(byte === OPEN_OBJECT)
        break
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        this.#endSkipped()
        this.#closeBracket(byte === CLOSE_OBJECT)
        break
      case COMMA:
        this.#endSkipped()
        this.#nameIsNext = this.#open.at(-1) === true
        break
      case COLON:
        this.#nameIsNext = false
        if (this.#isAsked()) this.#treatment = this.#rules.treat(this.#path)
        break
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        break
      default:
        this.#beginValue()
    }
    this.#at += 1
  }

  /** Whether the next value is a member of an entered object. */
  #isAsked(): boolean {
    return this.#skippedAt === undefined && this.#open.length === this.#entered && this.#entered > 0
  }

  #beginString(): void {
    if (this.#nameIsNext && this.#isAsked()) {
      this.#keepSoFar()
      this.#nameStart = this.#kept.length
    } else if (this.#beginValue() === 'decode') {
      this.#beginFile()
      return
    }
    this.#inString = true
    this.#at += 1
  }

  /** Takes the treatment of the value that begins here. */
  #beginValue(): JsonTreatment | undefined {
    const treatment = this.#treatment
    this.#treatment = undefined
    if (treatment === 'skip') {
      this.#keepSoFar()
      this.#kept.append(NULL)
      this.#skippedAt = this.#open.length
    }
    if (treatment === 'decode' && this.#chunk[this.#at] !== QUOTE) {
      throw malformed(`${this.#where()} is no text`, 'send the file in base64')
    }
    return treatment
  }

  #openBracket(isObject: boolean): void {
    if (this.#beginValue() === 'enter' && isObject) this.#entered += 1
    this.#open.push(isObject)
    this.#nameIsNext = isObject
    if (this.#skippedAt === undefined) this.#brackets += 1
    const { what, maxDepth, maxBrackets } = this.#rules
    if (this.#open.length > maxDepth) {
      const message = `${what} has more than ${maxDepth} objects or lists within each other: flatten it`
      throw new FormatError('too-large', message)
    }
    if (this.#brackets <= maxBrackets) return
    throw new FormatError(
      'too-large',
      `${what} has more than ${maxBrackets} objects and lists: shorten it`,
    )
  }

  #closeBracket(isObject: boolean): void {
    if (this.#open.pop() !== isObject) throw notJson(this.#rules.what)
    this.#entered = Math.min(this.#entered, this.#open.length)
    this.#nameIsNext = false
  }

  #endSkipped(): void {
    if (this.#skippedAt !== this.#open.length) return
    this.#skippedAt = undefined
    this.#from = this.#at
  }

  #scanString(): void {
    const chunk = this.#chunk
    let at = this.#at
    if (this.#escaped) {
      this.#escaped = false
      at += 1
    }
    while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1
    this.#escaped = chunk[at] === BACKSLASH
    this.#inString = chunk[at] !== QUOTE
    this.#at = Math.min(at + 1, chunk.length)
    if (!this.#inString && this.#nameStart !== undefined) this.#endName(this.#nameStart)
  }

  #endName(start: number): void {
    this.#keepSoFar()
    const name = parse(decodeUtf8(this.#kept.bytes(start)) ?? '', this.#rules.what)
    this.#path.length = this.#entered - 1
    this.#path.push(String(name))
    this.#nameStart = undefined
  }

  #beginFile(): void {
    if (this.#hadFile) {
      throw malformed(`${this.#rules.what} has a second file, ${this.#where()}`, 'send one')
    }
    this.#hadFile = true
    this.#keepSoFar()
    this.#kept.append(NO_TEXT)
    this.#file = new Base64String(this.#where())
    this.#at += 1
  }

  *#scanFile(file: Base64String): Generator<Uint8Array> {
    const { bytes, end } = file.read(this.#chunk, this.#at)
    this.#at = end ?? this.#chunk.length
    this.#from = this.#at
    if (end !== undefined) this.#file = undefined
    for (const piece of bytes) if (piece.length > 0) yield piece
  }

  #keepSoFar(): void {
    if (this.#skippedAt === undefined && this.#file === undefined) {
      this.#kept.append(this.#chunk.subarray(this.#from, this.#at))
    }
    this.#from = this.#at
  }

  #where(): string {
    return `${this.#rules.what}'s ${this.#path.map(quote).join(' / ')}`
  }
}

/** Copies bytes, so that a few of them do not hold a whole chunk in memory. */
class KeptBytes {
  readonly #rules: JsonStreamRules
  #bytes = new Uint8Array(4096)
  length = 0

  constructor(rules: JsonStreamRules) {
    this.#rules = rules
  }

  append(part: Uint8Array): void {
    const length = this.length + part.length
    const { what, maxKept } = this.#rules
    if (length > maxKept) {
      const message = `${what} has more than ${maxKept} bytes beside the file: shorten it`
      throw new FormatError('too-large', message)
    }
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.length))
      this.#bytes = grown
    }
    this.#bytes.set(part, this.length)
    this.length = length
  }

  bytes(start = 0): Uint8Array {
    return this.#bytes.subarray(start, this.length)
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notJson(what)
  }
}

function notJson(what: string): FormatError {
  return malformed(`${what} is not JSON`, 'send a JSON document (RFC 8259)')
}
