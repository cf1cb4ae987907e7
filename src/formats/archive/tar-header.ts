// Parses one tar header block and the records of a pax header (POSIX.1-2024 pax). It reads ustar, GNU's format
// and the older V7.
import { decodeLatin1, decodeUtf8 } from '../bytes.ts'
import { FormatError, quote } from '../format-error.ts'

export type TarFormat = 'ustar' | 'gnu' | 'v7'
export type TarNumber = (typeof numbers)[number][0]

/** The fields of one header block, without its extensions. */
export interface TarBlock {
  readonly name: string
  readonly format: TarFormat
  /** Whether magic and version are exactly ustar's. Some readers accept no other. */
  readonly exactMagic: boolean
  /** Whether a part of the name comes from `prefix`, ustar's field for long names. */
  readonly prefixed: boolean
  /** Whether the field `prefix` holds times instead, as in GNU's old format and in star's. */
  readonly timesInPrefix: boolean
  readonly flag: string
  readonly linkName: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
}

/** The rules of a type's clients beyond those that reading a header needs. Each check throws a FormatError. */
export interface TarHeaderRules {
  checkFormat(format: TarFormat, where: string): void
  /** @param fields the fields whose numbers are not octal */
  checkNumbers(fields: readonly TarNumber[], where: string): void
}

/** The numeric fields: name, first byte in the block, byte after the last. */
const numbers = [
  ['mtime', 136, 148],
  ['device major', 329, 337],
  ['device minor', 337, 345],
  ['mode', 100, 108],
  ['uid', 108, 116],
  ['gid', 116, 124],
  ['size', 124, 136],
] as const

/** @throws FormatError `malformed`, or `corrupt` when the header's checksum does not hold */
export function parseTarBlock(block: Uint8Array, where: string, rules?: TarHeaderRules): TarBlock {
  const text = decodeLatin1(block)
  const format = formatOf(text)
  rules?.checkFormat(format, where)
  checkSum(block, text.slice(148, 156), where)
  const bytes = (start: number, end: number) => decodeName(untilZero(block.subarray(start, end)))
  const name = bytes(0, 100)
  const read = new Map(numbers.map(([field, start, end]) => [field, readOctal(text, start, end)]))
  const notOctal = numbers.map(([field]) => field).filter((field) => read.get(field) === undefined)
  const named = `${quote(name)}, ${where},`
  rules?.checkNumbers(notOctal, named)
  const number = (field: TarNumber, start: number, end: number) =>
    read.get(field) ?? readBinary(block.subarray(start, end), field, named)
  const { prefix, timesInPrefix } = readPrefix(block, text, format)
  if (name === '') throw new FormatError('malformed', `${where} has no name: give it one`)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    format,
    exactMagic: text.slice(257, 265) === 'ustar\x0000',
    prefixed: prefix !== '',
    timesInPrefix,
    flag: String.fromCharCode(block[156] ?? 0),
    linkName: text[157] === '\0' ? '' : bytes(157, 257),
    mode: number('mode', 100, 108),
    uid: number('uid', 108, 116),
    gid: number('gid', 116, 124),
    size: number('size', 124, 136),
  }
}

function formatOf(text: string): TarFormat {
  if (text.slice(257, 265) === 'ustar  \0') return 'gnu'
  return text.slice(257, 262) === 'ustar' ? 'ustar' : 'v7'
}

/** Reads the field `prefix`, which holds a part of the name in ustar and times in other formats. */
function readPrefix(block: Uint8Array, text: string, format: TarFormat) {
  const field = untilZero(block.subarray(345, 500))
  const star = text.slice(508, 512) === 'tar\0' && field.length > 130
  const timesInPrefix = format === 'gnu' ? field.length > 0 : format === 'ustar' && star
  const prefix = format === 'ustar' && !timesInPrefix ? decodeName(field) : ''
  return { prefix, timesInPrefix }
}

function checkSum(block: Uint8Array, field: string, where: string): void {
  const stored = Number.parseInt(field.trim(), 8)
  // Some old tars added the bytes as signed numbers.
  if (stored === sumOf(block) || stored === sumOf(new Int8Array(block))) return
  throw new FormatError(
    'corrupt',
    `${where} does not match the checksum of its tar header: build it anew`,
  )
}

/** The sum of a header's bytes. The eight bytes of the checksum field count as blanks. */
function sumOf(block: Uint8Array | Int8Array): number {
  let sum = 8 * 0x20
  for (let index = 0; index < 148; index += 1) sum += block[index] ?? 0
  for (let index = 156; index < block.length; index += 1) sum += block[index] ?? 0
  return sum
}

/** The number that octal digits give; undefined for other characters. */
function readOctal(text: string, start: number, end: number): number | undefined {
  const digits = /^([0-7]*)[ \0]*$/.exec(text.slice(start, end))?.[1]
  if (digits === undefined) return undefined
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

/** Reads a number in base 256 whose first bit is set: GNU tar writes numbers so that octal digits cannot hold. */
function readBinary([first = 0, ...rest]: Uint8Array, field: string, where: string): number {
  const value = rest.reduce((sum, byte) => sum * 256 + byte, first & 0x7f)
  // A number that begins with 0xff is negative.
  if (first >= 0x80 && first < 0xff && Number.isSafeInteger(value)) return value
  throw new FormatError('malformed', `${where} has a ${field} that is no number: build it anew`)
}

/** Parses records of `<length> <key>=<value>\n`. The length counts the whole record. */
export function parsePax(bytes: Uint8Array, where: string): Map<string, string> {
  const records = new Map<string, string>()
  for (let rest = bytes; rest.length > 0; ) {
    const { length, digits } = readPaxLength(rest)
    const record = rest.subarray(digits + 1, length - 1)
    const separator = record.indexOf(0x3d)
    if (digits === 0 || rest[length - 1] !== 10 || separator < 1) {
      throw new FormatError('malformed', `${where} has a broken pax header: build it anew`)
    }
    const key = decodeName(record.subarray(0, separator))
    if (records.has(key)) {
      throw new FormatError(
        'malformed',
        `${where} has the pax record ${quote(key)} twice: build it anew`,
      )
    }
    records.set(key, decodeName(record.subarray(separator + 1)))
    rest = rest.subarray(length)
  }
  return records
}

/** Reads a decimal number of up to nine digits without a leading zero, and the space behind it; else 0 digits. */
function readPaxLength(bytes: Uint8Array): { length: number; digits: number } {
  let length = 0
  for (let digits = 0; digits < 10; digits += 1) {
    const byte = bytes[digits] ?? 0
    if (byte === 0x20 && length > 0) return { length, digits }
    if (byte < 0x30 || byte > 0x39 || (byte === 0x30 && length === 0)) break
    length = length * 10 + byte - 0x30
  }
  return { length: 0, digits: 0 }
}

export function untilZero(bytes: Uint8Array): Uint8Array {
  const zero = bytes.indexOf(0)
  return zero < 0 ? bytes : bytes.subarray(0, zero)
}

/** Decodes a file name. Names are bytes: one that is not UTF-8 gets one character for each byte. */
export function decodeName(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeLatin1(bytes)
}
