// A JSON document (RFC 8259) that holds a file as a text in base64, read as it comes: the file's bytes are handed
// on, and of the rest what is wanted is kept and parsed at the end. Memory holds what is kept, within a limit, and
// never the file. The scanner knows strings, brackets and names, by which it finds the file; whether
// the rest is JSON is decided by JSON.parse. What is skipped needs to have its brackets and quotes in order,
// and nothing else is asked of it.
import { type ByteSource, decodeUtf8, encodeUtf8 } from '../bytes.ts'
import { FormatError, malformed, quote } from '../format-error.ts'
import { Base64String } from './base64-string.ts'

/**
 * What becomes of a member's value: kept, kept and asked about each of its own members, left out (`null` stands
 * for it in what is kept), or decoded as the file (an empty text stands for it).
 */
export type JsonTreatment = 'keep' | 'enter' | 'skip' | 'decode'

export interface JsonStreamRules {
  /** How messages name the document: `the body`. */
  readonly what: string
  /** Bytes of what is kept. */
  readonly maxKept: number
  /** Objects and lists in what is kept: each takes ten times the memory of its brackets. */
  readonly maxBrackets: number
  /** Objects and lists within each other. */
  readonly maxDepth: number
  /** Asked about every member of the document and of what is entered. @param path names, from the document's own on */
  readonly treat: (path: readonly string[]) => JsonTreatment
}

/**
 * The bytes of the file, in pieces; none if the document has none. Ends when the whole document did.
 * @param take gets what was kept, before the end
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
  /** What is open, outermost first: whether it is an object. */
  readonly #open: boolean[] = []
  #brackets = 0
  /** How many of them were entered: the outermost ones. */
  #entered = 0
  readonly #path: string[] = []
  /** Of the value that comes next. */
  #treatment: JsonTreatment | undefined = 'enter'
  #nameIsNext = false
  /** Where in what is kept the name begins that is being read. */
  #nameStart: number | undefined
  #inString = false
  #escaped = false
  /** How many were open where the value began that is left out. */
  #skippedAt: number | undefined
  #file: Base64String | undefined
  #hadFile = false

  #chunk: Uint8Array = new Uint8Array()
  #at = 0
  /** From where on the chunk is to be kept. */
  #from = 0

  constructor(rules: JsonStreamRules) {
    this.#rules = rules
    this.#kept = new KeptBytes(rules)
  }

  /** Gives the bytes of the file that the chunk holds. */
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

  /** What was kept, parsed. */
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

  /** Whether what comes is a member of an object that was entered. */
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

/** Copies, so that no chunk is held for the sake of a few bytes. */
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
