// Writes tar archives: POSIX ustar, with pax headers for long names and for given records. The same
// input gives the same bytes, without times and owners. Refuses sizes of more than eleven octal
// digits. tar.ts has the reader.
import { concatBytes, encodeUtf8 } from '../bytes.ts'
import { FormatError, quote } from '../format-error.ts'

export interface TarHeader {
  readonly name: string
  /** Bytes of content that will follow. */
  readonly size: number
  readonly mode?: number
  readonly type?: 'file' | 'directory'
  /** Records for the pax header before the entry, in this order. */
  readonly pax?: Readonly<Record<string, string>>
}

const blockSize = 512
const maxName = 100
const maxSize = 8 ** 11 - 1

/** The header before an entry's content: 512 bytes, or at least 1,536 with a pax header. */
export function formatTarHeader(header: TarHeader): Uint8Array {
  const name = encodeUtf8(header.name)
  if (header.size > maxSize) {
    throw new FormatError('too-large', `${quote(header.name)} is too large for a tar archive`)
  }
  const flag = header.type === 'directory' ? '5' : '0'
  const own = formatBlock(name.subarray(0, maxName), flag, header)
  const long = name.length > maxName ? { path: header.name } : {}
  const records = Object.entries({ ...header.pax, ...long })
  if (records.length === 0) return own
  const content = encodeUtf8(records.map(formatPaxRecord).join(''))
  const extension = formatBlock(encodeUtf8('PaxHeader'), 'x', { size: content.length })
  return concatBytes([extension, content, tarPadding(content.length), own])
}

/** The zeros between an entry's content and the next header. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize)
}

/** The two zero blocks that end an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * blockSize)
}

function formatBlock(
  name: Uint8Array,
  flag: string,
  { size, mode = 0o644 }: { size: number; mode?: number },
): Uint8Array {
  const block = new Uint8Array(blockSize)
  const put = (offset: number, text: string) => block.set(encodeUtf8(text), offset)
  block.set(name)
  put(100, octal(mode, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  put(124, octal(size, 11))
  put(136, octal(0, 11))
  put(148, '        ')
  put(156, flag)
  put(257, 'ustar\x0000')
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${octal(sum, 6)} `)
  return block
}

/** The number in octal digits, ended by a NUL. */
function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`
}

/** The record's length counts its own digits, so adding them can make the length one digit longer. */
function formatPaxRecord([key, value]: readonly [string, string]): string {
  const rest = encodeUtf8(` ${key}=${value}\n`).length
  const guess = rest + String(rest).length
  return `${rest + String(guess).length} ${key}=${value}\n`
}
