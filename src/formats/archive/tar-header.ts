// One tar header block and the records of a pax header (POSIX.1-2024 pax), as apk-tools src/tar.c
// reads them. Refuses V7 headers, numbers that are not octal, and a wrong header checksum.
import { decodeLatin1, decodeUtf8 } from '../bytes.ts'
import { FormatError, quote } from '../format-error.ts'

/** What one header block says, before extensions. */
export interface TarBlock {
  readonly name: string
  /** Whether a part of the name is from the field that ustar has for long ones. */
  readonly prefixed: boolean
  readonly flag: string
  readonly linkName: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
}

/** @throws FormatError `malformed`, or `corrupt` when the header's checksum does not hold */
export function parseTarBlock(block: Uint8Array, where: string): TarBlock {
  const text = decodeLatin1(block)
  if (text.slice(257, 262) !== 'ustar') {
    throw new FormatError(
      'malformed',
      `${where} has no ustar header: make the tar archive in POSIX (pax) or GNU format, not V7`,
    )
  }
  checkSum(block, text.slice(148, 156), where)
  const bytes = (start: number, end: number) => decodeName(untilZero(block.subarray(start, end)))
  const name = bytes(0, 100)
  const number = (start: number, end: number, field: string) =>
    parseOctal(text.slice(start, end), field, `${quote(name)}, ${where},`)
  for (const [start, end, field] of unusedNumbers) number(start, end, field)
  const prefix = readPrefix(block, text, where)
  if (name === '') throw new FormatError('malformed', `${where} has no name: give it one`)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    prefixed: prefix !== '',
    flag: String.fromCharCode(block[156] ?? 0),
    linkName: text[157] === '\0' ? '' : bytes(157, 257),
    mode: number(100, 108, 'mode'),
    uid: number(108, 116, 'uid'),
    gid: number(116, 124, 'gid'),
    size: number(124, 136, 'size'),
  }
}

/** Numbers that nothing here needs, but over which apk refuses the archive. */
const unusedNumbers = [
  [136, 148, 'mtime'],
  [329, 337, 'device major'],
  [337, 345, 'device minor'],
] as const

/** Where GNU's old format and star's keep times, apk and others read a part of the name. */
function readPrefix(block: Uint8Array, text: string, where: string): string {
  const prefix = untilZero(block.subarray(345, 500))
  const gnu = text.slice(257, 265) === 'ustar  \0' && prefix.length > 0
  const star = text.slice(508, 512) === 'tar\0' && prefix.length > 130
  if (!gnu && !star) return decodeName(prefix)
  throw new FormatError(
    'malformed',
    `${where} has times in its header, which some readers take for a part of its name: make the ` +
      'tar archive in POSIX (pax) format',
  )
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

/** Of a header's bytes, of which those of the sum itself count as blanks. */
function sumOf(block: Uint8Array | Int8Array): number {
  let sum = 8 * 0x20
  for (let index = 0; index < 148; index += 1) sum += block[index] ?? 0
  for (let index = 156; index < block.length; index += 1) sum += block[index] ?? 0
  return sum
}

function parseOctal(text: string, field: string, where: string): number {
  const digits = /^([0-7]*)[ \0]*$/.exec(text)?.[1]
  if (digits === undefined) {
    // Of a folder in a tree nfpm writes the mode with bits that no tar has.
    const remedy = field === 'mode' ? 'set its mode (in nfpm: file_info.mode) or ' : ''
    throw new FormatError(
      'malformed',
      `${where} has a ${field} that is not an octal number: ${remedy}make the tar archive in ` +
        'POSIX (pax) format',
    )
  }
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

/** Records of `<length> <key>=<value>\n`, the length counting the whole record. */
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

/** A decimal number of up to nine digits and a space, no zero before it; 0 digits if it is none. */
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

/** File names are bytes: those that are not UTF-8 keep one character for each byte. */
export function decodeName(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeLatin1(bytes)
}
