// Reads tar archives as a stream of entries (POSIX.1-2024 pax, ustar, V7; GNU's long names and large numbers).
// A package type whose clients accept less passes rules. tar-header.ts parses headers, tar-entry.ts describes
// entries.
import { Buffer } from 'node:buffer'
import { ByteReader, type ByteSource, concatBytes } from '../bytes.ts'
import { FormatError, quote } from '../format-error.ts'
import {
  describeEntry,
  type Extensions,
  refuseGlobalNames,
  type TarEntry,
  type TarRules,
} from './tar-entry.ts'
import { decodeName, parsePax, parseTarBlock, untilZero } from './tar-header.ts'

export interface TarLimits {
  /** How messages name the archive: `the control segment`. */
  readonly what: string
  readonly maxEntries: number
  /** Bytes of one pax header or one long name, at most. */
  readonly maxHeaderData: number
  /** Bytes of all pax headers and long names together, at most. Parsing them costs far more than passing content on. */
  readonly maxAllHeaderData?: number
  /** The rules of the type's clients beyond those that reading an archive needs. */
  readonly rules?: TarRules
}

const blockSize = 512
/** Archivers write at most two extensions before an entry. */
const maxExtensionsPerEntry = 8
const zeros = new Uint8Array(64 * 1024)

/** Reads entries in order. If the caller does not read an entry's content, the next call skips it. */
export class TarReader {
  readonly #reader: ByteReader
  readonly #limits: TarLimits
  #open: { name: string; rest: number; padding: number } | undefined
  #entries = 0
  #endBlocks = 0
  #headerData = 0

  constructor(source: ByteSource, limits: TarLimits) {
    this.#reader = new ByteReader(source)
    this.#limits = limits
  }

  /** How many zero blocks were read so far. Two end an archive. */
  get endBlocks(): number {
    return this.#endBlocks
  }

  /**
   * Reads the next entry; undefined after two zero blocks, or where the input ends between entries.
   * Only zeros may follow two zero blocks.
   * @throws FormatError
   */
  async next(): Promise<TarEntry | undefined> {
    const { rules } = this.#limits
    const extensions: Extensions = { pax: new Map(), longName: undefined, longLink: undefined }
    const seen = new Set<string>()
    for (let extended = 0; ; extended += 1) {
      const block = await this.#readBlock()
      if (block === undefined) {
        if (seen.size > 0) throw this.#unfollowed()
        return undefined
      }
      const header = parseTarBlock(block, this.#where(), rules)
      if (!isExtension(header.flag)) {
        rules?.checkEntry(header, extensions, this.#where())
        const entry = describeEntry(header, extensions, this.#where())
        this.#begin(header.name, entry.size)
        this.#count()
        return entry
      }
      this.#begin(header.name, header.size)
      this.#countExtension(extended + 1, header.size)
      const content = await this.readContent(this.#limits.maxHeaderData)
      if (seen.has(header.flag)) {
        // Some readers combine two headers of one kind. Others use the last one.
        throw new FormatError(
          'malformed',
          `${this.#where()} has two extended headers of one kind (${header.flag}): keep one`,
        )
      }
      if (header.flag !== 'g') seen.add(header.flag)
      else this.#checkGlobal(content)
      if (header.flag === 'x') extensions.pax = parsePax(content, this.#where())
      if (header.flag === 'L') extensions.longName = decodeName(untilZero(content))
      if (header.flag === 'K') extensions.longLink = decodeName(untilZero(content))
    }
  }

  #begin(name: string, size: number): void {
    this.#open = { name, rest: size, padding: (blockSize - (size % blockSize)) % blockSize }
  }

  #checkGlobal(content: Uint8Array): void {
    const records = parsePax(content, this.#where())
    refuseGlobalNames(records, this.#where())
    this.#limits.rules?.checkGlobalRecords(records, this.#where())
  }

  /** Reads the whole content of the entry that next() gave last. Throws if it has more than `limit` bytes. */
  async readContent(limit: number): Promise<Uint8Array> {
    const open = this.#open
    if (open !== undefined && open.rest > limit) {
      throw new FormatError(
        'too-large',
        `${quote(open.name)} in ${this.#limits.what} has more than ${limit} bytes: shorten it`,
      )
    }
    const parts: Uint8Array[] = []
    for await (const chunk of this.chunks()) parts.push(chunk)
    return concatBytes(parts)
  }

  /** Yields the content of the entry that next() gave last, as it arrives. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = await this.#readChunk()
      if (chunk === undefined) return
      yield chunk
    }
  }

  /** Releases the source before its end. */
  close(): Promise<void> {
    return this.#reader.close()
  }

  async #readChunk(): Promise<Uint8Array | undefined> {
    const open = this.#open
    if (open === undefined || open.rest === 0) return undefined
    const chunk = await this.#reader.readSome()
    if (chunk === undefined) {
      throw new FormatError(
        'truncated',
        `${this.#limits.what} ends inside its entry ${quote(open.name)}: build it anew`,
      )
    }
    const part = chunk.subarray(0, open.rest)
    this.#reader.unread(chunk.subarray(part.length))
    open.rest -= part.length
    return part
  }

  async #finishEntry(): Promise<void> {
    while ((await this.#readChunk()) !== undefined);
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    const padding = await this.#reader.readUpTo(open.padding)
    if (padding.length === open.padding) return
    throw new FormatError(
      'malformed',
      `${this.#limits.what} ends right after the content of ${quote(open.name)}: every entry, ` +
        'also the last, has to be padded with zeros to a multiple of 512 bytes',
    )
  }

  /** Skips what remains of the last entry and reads the next block that is not zero. */
  async #readBlock(): Promise<Uint8Array | undefined> {
    await this.#finishEntry()
    while (this.#endBlocks < 2) {
      const block = await this.#reader.readUpTo(blockSize)
      if (block.length === 0) return undefined
      if (block.length < blockSize) {
        throw new FormatError(
          'truncated',
          `${this.#limits.what} ends inside a tar header: build it anew`,
        )
      }
      if (isZero(block)) this.#endBlocks += 1
      else if (this.#endBlocks === 0) return block
      else throw this.#loneZeroBlock()
    }
    await this.#readTail()
    return undefined
  }

  /** Reads on and allows zeros alone: archivers fill up their last record with them. Readers differ on other bytes. */
  async #readTail(): Promise<void> {
    let length = 0
    for (let rest = await this.#reader.readSome(); rest; rest = await this.#reader.readSome()) {
      length += rest.length
      if (isZero(rest)) continue
      throw new FormatError(
        'malformed',
        `${this.#limits.what} goes on after the two zero blocks that end a tar archive: nothing may follow them`,
      )
    }
    if (length % blockSize === 0) return
    throw new FormatError(
      'truncated',
      `${this.#limits.what} ends inside a block of 512 bytes: build it anew`,
    )
  }

  /** Some readers take an extended header without an entry for the end, others for damage. */
  #unfollowed(): FormatError {
    return new FormatError(
      'malformed',
      `${this.#limits.what} ends after an extended header that says something of its next entry: ` +
        'leave it out, or build it anew',
    )
  }

  /** Some readers go on after a single zero block. Others stop or report an error. */
  #loneZeroBlock(): FormatError {
    return new FormatError(
      'malformed',
      `${this.#where()} comes after a zero block: only two such blocks at the end are allowed`,
    )
  }

  #count(): void {
    this.#entries += 1
    if (this.#entries <= this.#limits.maxEntries) return
    throw new FormatError(
      'too-large',
      `${this.#limits.what} has more than ${this.#limits.maxEntries} entries: split it`,
    )
  }

  #countExtension(number: number, size: number): void {
    this.#headerData += size
    const { maxAllHeaderData = Number.POSITIVE_INFINITY, what } = this.#limits
    if (number > maxExtensionsPerEntry) {
      const message = `${this.#where()} has more than ${maxExtensionsPerEntry} extended headers`
      throw new FormatError('too-large', `${message}: one pax header holds all that it needs`)
    }
    if (this.#headerData <= maxAllHeaderData) return
    throw new FormatError(
      'too-large',
      `the extended headers (pax, long names) of ${what} have more than ${maxAllHeaderData} bytes ` +
        'in all: split the package',
    )
  }

  #where(): string {
    return `entry ${this.#entries + 1} of ${this.#limits.what}`
  }
}

/** Compares large pieces by native code: the zeros at an archive's end may unpack to gigabytes. */
function isZero(bytes: Uint8Array): boolean {
  for (let start = 0; start < bytes.length; start += zeros.length) {
    const piece = bytes.subarray(start, start + zeros.length)
    if (Buffer.compare(piece, zeros.subarray(0, piece.length)) !== 0) return false
  }
  return true
}

function isExtension(flag: string): boolean {
  return flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K'
}
