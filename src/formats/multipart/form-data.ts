// PURE: reads bodies of multipart/form-data (RFC 7578, RFC 2046 5.1) part by part as they arrive. It
// passes a file's bytes on as they come and never holds the file. Refuses forms that are cut off,
// boundaries that RFC 2046 forbids, and parts whose headers it cannot read, instead of skipping such a part.
//
// No library was fit: remix-run's parser holds each part as a whole. multipasta fails where a chunk ends
// between the two dashes that close the form. busboy silently leaves out a part whose headers it cannot
// read or whose headers are longer than its limit.
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

/** One part of a form. A part with a file name is a file, any other is a text field. */
export interface FormPart {
  readonly name: string
  /** The file name as the client wrote it. It is not safe to use as a path. */
  readonly fileName: string | undefined
  /** The caller reads the body before it asks for the next part, which skips the rest of the body. */
  readonly body: ByteSource
}

/** Bytes of one part's headers, at most. */
const HEADER_BYTES = 8 * 1024
const LINE_END = encodeUtf8('\r\n')

/** RFC 2046 allows 1 to 70 of these characters, and no space at the end. */
const BOUNDARY = /^[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]$/
const PARAMETER = /;\s*([A-Za-z0-9*_-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/g

/** Whether the Content-Type is multipart/form-data, which forms with files have. */
export function isMultipart(contentType: string | null): boolean {
  return /^\s*multipart\/form-data\s*(;|$)/i.test(contentType ?? '')
}

/** @throws FormatError if the boundary is missing or RFC 2046 does not allow it */
export function parseBoundary(contentType: string | null): string {
  const boundary = parameterOf(contentType ?? '', 'boundary')
  if (boundary !== undefined && BOUNDARY.test(boundary)) return boundary
  const what = boundary === undefined ? 'no boundary' : 'an invalid boundary'
  throw new FormatError(
    'malformed',
    `the Content-Type multipart/form-data has ${what}: let the client write this header itself`,
  )
}

/** Reads the parts of a form. @throws FormatError during the iteration */
export async function* readFormParts(
  source: ByteSource,
  boundary: string,
): AsyncGenerator<FormPart> {
  const reader = new ByteReader(source)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The search expects a line end before each delimiter, and the first one may stand at the very beginning.
  reader.unread(LINE_END)
  await skip(readToDelimiter(reader, delimiter))
  while (await opensPart(reader)) {
    const body = unending(readToDelimiter(reader, delimiter))
    yield { ...parseHeaders(await readHeaders(reader)), body }
    await skip(body)
  }
  // An epilogue has no meaning, but the request is over only when it was read.
  while ((await reader.readSome()) !== undefined);
}

/** Whether a part follows the delimiter. A line end comes before a part, two dashes after the last part. */
async function opensPart(reader: ByteReader): Promise<boolean> {
  const after = decodeLatin1(await reader.readUpTo(2))
  if (after.length < 2) throw cutOff()
  if (after === '\r\n') return true
  if (after === '--') return false
  throw new FormatError('malformed', 'a line of the form goes on after its boundary')
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

/** How many of the last bytes may begin the delimiter, whose only CR is its first byte. */
function overlap(bytes: Buffer, delimiter: Buffer): number {
  const start = bytes.lastIndexOf(13)
  const length = bytes.length - start
  if (start < 0 || length >= delimiter.length) return 0
  return bytes.subarray(start).equals(delimiter.subarray(0, length)) ? length : 0
}

async function readHeaders(reader: ByteReader): Promise<string> {
  // The block begins with the end of the delimiter's line, so that an empty block ends like any other.
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

/** RFC 7578 4.2 forbids `filename*`, but some clients send it alone for a name beyond ASCII (RFC 8187 3.2). */
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

/** The text of a parameter. Browsers and curl write a quotation mark in it as %22 or with a backslash. */
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
