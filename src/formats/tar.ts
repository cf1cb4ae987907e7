// tar archives as a stream of entries (POSIX.1-2024 pax, ustar; GNU long names), read as apk-tools
// src/tar.c reads them: a ustar magic, octal numbers, padded content. Refuses anything else, also
// what other tars take: base-256 numbers, V7 headers. The writer is in tar-writer.ts.
import { ByteReader, type ByteSource, concatBytes, decodeLatin1, decodeUtf8 } from './bytes.ts'
import { FormatError, quote } from './format-error.ts'

/** `untyped` is the type flag NUL of old archives: apk passes such entries over. */
export type TarEntryType =
  | 'file'
  | 'untyped'
  | 'hardlink'
  | 'symlink'
  | 'character'
  | 'block'
  | 'directory'
  | 'fifo'
  | 'other'

export interface TarEntry {
  /** As stored: a directory's name usually ends in a slash. */
  readonly name: string
  readonly type: TarEntryType
  readonly linkName: string
  readonly mode: number
  /** Bytes of content. */
  readonly size: number
  readonly pax: ReadonlyMap<string, string>
}

export interface TarLimits {
  /** How messages name the archive: `the control segment`. */
  readonly what: string
  readonly maxEntries: number
  /** Bytes that one pax header or long name may have. */
  readonly maxHeaderData: number
}

const blockSize = 512
const types: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '7': 'file',
  '\0': 'untyped',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
}

/** Reads entries in order; the content of one that is not read is passed over. */
export class TarReader {
  readonly #reader: ByteReader
  readonly #limits: TarLimits
  #open: { name: string; rest: number; padding: number } | undefined
  #entries = 0
  #endBlocks = 0

  constructor(source: ByteSource, limits: TarLimits) {
    this.#reader = new ByteReader(source)
    this.#limits = limits
  }

  /** Zero blocks met so far: two end an archive. */
  get endBlocks(): number {
    return this.#endBlocks
  }

  /**
   * The next entry, or undefined at the end: after two zero blocks, or where the input ends between
   * entries. Behind two zero blocks only zeros may follow.
   * @throws FormatError
   */
  async next(): Promise<TarEntry | undefined> {
    const extensions: Extensions = { pax: new Map(), longName: undefined }
    for (;;) {
      const block = await this.#readBlock()
      if (block === undefined) return undefined
      const header = parseHeader(block, this.#where())
      const padding = (blockSize - (header.size % blockSize)) % blockSize
      this.#open = { name: header.name, rest: header.size, padding }
      if (!isExtension(header.flag)) {
        const entry = describe(header, extensions, this.#where())
        this.#count()
        return entry
      }
      const content = await this.readContent(this.#limits.maxHeaderData)
      if (header.flag === 'x') extensions.pax = parsePax(content, this.#where())
      if (header.flag === 'L') extensions.longName = decodeName(untilZero(content))
    }
  }

  /** The whole content of the entry that next() gave last, if it has at most `limit` bytes. */
  async readContent(limit: number): Promise<Uint8Array> {
    const open = this.#open
    if (open !== undefined && open.rest > limit) {
      throw new FormatError(
        'too-large',
        `${quote(open.name)} in ${this.#limits.what} has more than ${limit} bytes`,
      )
    }
    const parts: Uint8Array[] = []
    for await (const chunk of this.chunks()) parts.push(chunk)
    return concatBytes(parts)
  }

  /** The content of the entry that next() gave last, as it arrives. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = await this.#readChunk()
      if (chunk === undefined) return
      yield chunk
    }
  }

  /** Lets go of the source before its end. */
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
        `${this.#limits.what} ends inside its entry ${quote(open.name)}`,
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

  /** The next block that is not zero, after the content of the entry before it. */
  async #readBlock(): Promise<Uint8Array | undefined> {
    await this.#finishEntry()
    while (this.#endBlocks < 2) {
      const block = await this.#reader.readUpTo(blockSize)
      if (block.length === 0) return undefined
      if (block.length < blockSize) {
        throw new FormatError('truncated', `${this.#limits.what} ends inside a tar header`)
      }
      if (block.some((byte) => byte !== 0)) return block
      this.#endBlocks += 1
    }
    await this.#readTail()
    return undefined
  }

  /** Archivers fill up their last record with zero blocks; apk takes nothing else there. */
  async #readTail(): Promise<void> {
    let length = 0
    for (let rest = await this.#reader.readSome(); rest; rest = await this.#reader.readSome()) {
      length += rest.length
      if (rest.every((byte) => byte === 0)) continue
      throw new FormatError(
        'malformed',
        `${this.#limits.what} goes on after the two zero blocks that end a tar archive`,
      )
    }
    if (length % blockSize === 0) return
    throw new FormatError('truncated', `${this.#limits.what} ends inside a block of 512 bytes`)
  }

  #count(): void {
    this.#entries += 1
    if (this.#entries <= this.#limits.maxEntries) return
    throw new FormatError(
      'too-large',
      `${this.#limits.what} has more than ${this.#limits.maxEntries} entries`,
    )
  }

  #where(): string {
    return `entry ${this.#entries + 1} of ${this.#limits.what}`
  }
}

interface Header {
  readonly name: string
  readonly flag: string
  readonly linkName: string
  readonly mode: number
  readonly size: number
}

interface Extensions {
  pax: ReadonlyMap<string, string>
  longName: string | undefined
}

function isExtension(flag: string): boolean {
  return flag === 'x' || flag === 'g' || flag === 'L'
}

function describe(header: Header, { pax, longName }: Extensions, where: string): TarEntry {
  const paxSize = pax.get('size')
  if (paxSize !== undefined && Number(paxSize) !== header.size) {
    // apk goes by the header alone: two readers of such an archive would see different files.
    throw new FormatError('malformed', `${where} has another size in its pax header`)
  }
  return {
    name: pax.get('path') ?? longName ?? header.name,
    type: types[header.flag] ?? 'other',
    linkName: pax.get('linkpath') ?? header.linkName,
    mode: header.mode & 0o7777,
    size: header.size,
    pax,
  }
}

function parseHeader(block: Uint8Array, where: string): Header {
  if (decodeLatin1(block.subarray(257, 262)) !== 'ustar') {
    throw new FormatError(
      'malformed',
      `${where} has no ustar header: make the tar archive in POSIX (pax) or GNU format, not V7`,
    )
  }
  checkSum(block, where)
  const number = (start: number, end: number, field: string) =>
    parseOctal(block.subarray(start, end), field, where)
  for (const [start, end, field] of unusedNumbers) number(start, end, field)
  const name = decodeName(untilZero(block.subarray(0, 100)))
  const prefix = decodeName(untilZero(block.subarray(345, 500)))
  if (name === '') throw new FormatError('malformed', `${where} has no name`)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag: String.fromCharCode(block[156] ?? 0),
    linkName: decodeName(untilZero(block.subarray(157, 257))),
    mode: number(100, 108, 'mode'),
    size: number(124, 136, 'size'),
  }
}

/** Numbers that nothing here needs, but over which apk refuses the archive. */
const unusedNumbers = [
  [108, 116, 'uid'],
  [116, 124, 'gid'],
  [136, 148, 'mtime'],
  [329, 337, 'device major'],
  [337, 345, 'device minor'],
] as const

function checkSum(block: Uint8Array, where: string): void {
  let unsigned = 0
  let signed = 0
  for (let index = 0; index < block.length; index += 1) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0)
    unsigned += byte
    signed += byte < 128 ? byte : byte - 256
  }
  const stored = Number.parseInt(decodeLatin1(block.subarray(148, 156)).trim(), 8)
  // Some old tars added the bytes as signed numbers.
  if (stored === unsigned || stored === signed) return
  throw new FormatError('corrupt', `${where} does not match the checksum of its tar header`)
}

function parseOctal(bytes: Uint8Array, field: string, where: string): number {
  const text = decodeLatin1(bytes)
  if (!/^[0-7]*[ \0]*$/.test(text)) {
    throw new FormatError('malformed', `${where} has a ${field} that is not an octal number`)
  }
  const digits = /^[0-7]+/.exec(text)?.[0]
  return digits === undefined ? 0 : Number.parseInt(digits, 8)
}

/** Records of `<length> <key>=<value>\n`, the length counting the whole record. */
function parsePax(bytes: Uint8Array, where: string): Map<string, string> {
  const records = new Map<string, string>()
  for (let rest = bytes; rest.length > 0; ) {
    const digits = /^([1-9][0-9]{0,8}) /.exec(decodeLatin1(rest.subarray(0, 10)))?.[1]
    const length = Number(digits)
    const record = rest.subarray((digits?.length ?? 0) + 1, length - 1)
    const separator = record.indexOf(0x3d)
    if (digits === undefined || length > rest.length || rest[length - 1] !== 10 || separator < 1) {
      throw new FormatError('malformed', `${where} has a broken pax header`)
    }
    records.set(
      decodeName(record.subarray(0, separator)),
      decodeName(record.subarray(separator + 1)),
    )
    rest = rest.subarray(length)
  }
  return records
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const zero = bytes.indexOf(0)
  return zero < 0 ? bytes : bytes.subarray(0, zero)
}

/** File names are bytes: those that are not UTF-8 keep one character for each byte. */
function decodeName(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeLatin1(bytes)
}
