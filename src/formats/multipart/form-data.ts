// PURE: bodies of multipart/form-data (RFC 7578, RFC 2046 5.1), read part by part as they arrive. A
// file is never held: its bytes are handed on as they come. Refuses what is cut off, a boundary that
// nobody may use, and headers that cannot be read, instead of leaving such a part out.
//
// Written here because of what the libraries do: remix-run's parser holds each part as a whole,
// multipasta fails where a chunk ends between the two dashes that close the form, and busboy silently
// leaves out a part whose headers it cannot read or that are longer than its limit.
import { Buffer } from 'node:buffer'
import {
  ByteReader,
  type ByteSource,
  concatBytes,
  decodeLatin1,
  decodeUtf8,
  encodeUtf8,
  unending,
} from '../bytes.ts'
import { FormatError, quote } from '../format-error.ts'

/** One part: a text field, or a file, which has a file name. */
export interface FormPart {
  readonly name: string
  /** As the client wrote it: not a path, not safe. */
  readonly fileName: string | undefined
  /** To be read before the next part is asked for; what is left of it then is skipped. */
  readonly body: ByteSource
}

/** Bytes of one part's headers. */
const HEADER_BYTES = 8 * 1024
const LINE_END = encodeUtf8('\r\n')

/** RFC 2046: 1 to 70 of these, and no space at the end. */
const BOUNDARY = /^[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]$/
const PARAMETER = /;\s*([A-Za-z0-9*_-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/g

/** Whether the Content-Type is that of a form with files. */
export function isMultipart(contentType: string | null): boolean {
  return /^\s*multipart\/form-data\s*(;|$)/i.test(contentType ?? '')
}

/** @throws FormatError when there is none, or one that RFC 2046 does not allow */
export function parseBoundary(contentType: string | null): string {
  const boundary = parameterOf(contentType ?? '', 'boundary')
  if (boundary !== undefined && BOUNDARY.test(boundary)) return boundary
  const what = boundary === undefined ? 'no boundary' : 'a boundary that is none'
  throw new FormatError(
    'malformed',
    `the Content-Type multipart/form-data has ${what}: let the client write this header itself`,
  )
}

/** @throws FormatError while it is read */
export async function* readFormParts(
  source: ByteSource,
  boundary: string,
): AsyncGenerator<FormPart> {
  const reader = new ByteReader(source)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // So that the first delimiter, at the very beginning, is found as all others are.
  reader.unread(LINE_END)
  await skip(readToDelimiter(reader, delimiter))
  while (await opensPart(reader)) {
    const body = unending(readToDelimiter(reader, delimiter))
    yield { ...parseHeaders(await readHeaders(reader)), body }
    await skip(body)
  }
  // An epilogue means nothing, but it is part of the request.
  while ((await reader.readSome()) !== undefined);
}

/** What follows a delimiter: a line end before a part, two dashes after the last one. */
async function opensPart(reader: ByteReader): Promise<boolean> {
  const after = decodeLatin1(await reader.readUpTo(2))
  if (after.length < 2) throw cutOff()
  if (after === '\r\n') return true
  if (after === '--') return false
  throw new FormatError('malformed', 'the form has a boundary that its line goes on after')
}

async function* readToDelimiter(reader: ByteReader, delimiter: Buffer): AsyncGenerator<Uint8Array> {
  for (let held: Uint8Array | undefined; ; ) {
    const chunk = await reader.readSome()
    if (chunk === undefined) throw cutOff()
    const bytes = bufferOf(held === undefined ? chunk : concatBytes([held, chunk]))
    const found = bytes.indexOf(delimiter)
    const end = found >= 0 ? found : bytes.length - overlap(bytes, delimiter)
    if (found >= 0) reader.unread(bytes.subarray(found + delimiter.length))
    if (end > 0) yield bytes.subarray(0, end)
    if (found >= 0) return
    held = end < bytes.length ? bytes.subarray(end) : undefined
  }
}

/** How many of the last bytes may be the beginning of the delimiter, in which CR is only the first. */
function overlap(bytes: Buffer, delimiter: Buffer): number {
  const start = bytes.lastIndexOf(13)
  const length = bytes.length - start
  if (start < 0 || length >= delimiter.length) return 0
  return bytes.subarray(start).equals(delimiter.subarray(0, length)) ? length : 0
}

async function readHeaders(reader: ByteReader): Promise<string> {
  // With the end of the delimiter's line, so that an empty block ends like any other.
  let block = Buffer.from(LINE_END)
  for (let end = -1; ; ) {
    const chunk = await reader.readSome()
    if (chunk === undefined) throw cutOff()
    block = Buffer.concat([block, chunk.subarray(0, HEADER_BYTES)])
    reader.unread(chunk.subarray(HEADER_BYTES))
    end = block.indexOf('\r\n\r\n')
    if (end > HEADER_BYTES || (end < 0 && block.length > HEADER_BYTES)) {
      throw new FormatError(
        'too-large',
        `a part of the form has headers of over ${HEADER_BYTES} bytes`,
      )
    }
    if (end < 0) continue
    reader.unread(block.subarray(end + 4))
    const text = decodeUtf8(block.subarray(2, Math.max(end, 2)))
    if (text !== undefined) return text
    throw new FormatError('malformed', 'a part of the form has headers that are not UTF-8')
  }
}

function parseHeaders(text: string): { name: string; fileName: string | undefined } {
  let disposition = ''
  for (const line of text === '' ? [] : text.split('\r\n')) {
    const [, name = '', value = ''] = /^([A-Za-z0-9-]+):[ \t]*(.*)$/s.exec(line) ?? []
    if (name === '')
      throw new FormatError('malformed', `a part of the form has no header in ${quote(line)}`)
    if (name.toLowerCase() === 'content-disposition') disposition = value
  }
  const name = parameterOf(disposition, 'name')
  if (/^form-data\b/i.test(disposition) && name !== undefined) {
    return { name, fileName: fileNameOf(disposition) }
  }
  const header = 'Content-Disposition: form-data; name="…"'
  throw new FormatError('malformed', `a part of the form lacks the header ${header}`)
}

/** RFC 7578 4.2 has no `filename*`, which some clients send alone for a name beyond ASCII (RFC 8187 3.2). */
function fileNameOf(disposition: string): string | undefined {
  const extended = parameterOf(disposition, 'filename*')
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(extended ?? '') ?? []
  return parameterOf(disposition, 'filename') ?? decodePercent(encoded) ?? extended
}

function decodePercent(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The text of a parameter; browsers and curl write a quotation mark in it as %22 or with a backslash. */
function parameterOf(value: string, name: string): string | undefined {
  for (const [, key = '', quoted, token] of value.matchAll(PARAMETER)) {
    if (key.toLowerCase() === name) return quoted?.replace(/\\(["\\])/g, '$1') ?? token
  }
  return undefined
}

async function skip(body: ByteSource): Promise<void> {
  for await (const _ of body);
}

function cutOff(): FormatError {
  return new FormatError('truncated', 'the form ends before its closing boundary: send it whole')
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
