// APKINDEX.tar.gz: one gzip member with the signatures, one with DESCRIPTION and APKINDEX, which the
// signatures cover as compressed bytes (apk-tools src/app_index.c). apk 3 refuses a third, so the
// second is joined from deflated pieces. Refuses key names that apko or apk would not find.

import { TarReader } from '../../../formats/archive/tar.ts'
import { formatTarHeader, tarEnd, tarPadding } from '../../../formats/archive/tar-writer.ts'
import {
  ByteReader,
  type ByteSource,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
} from '../../../formats/bytes.ts'
import {
  combineCrc32,
  type DeflatedPiece,
  deflatePiece,
  gzipPrefix,
  gzipSuffix,
  joinPieces,
  type PieceSummary,
} from '../../../formats/compression/deflate-pieces.ts'
import { readGzipMember } from '../../../formats/compression/gzip.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'
import { apkTarRules } from './tar-rules.ts'

/** The signed member around the segments: head, then their deflated bytes in order, then tail. */
export interface IndexFrame {
  readonly head: Uint8Array
  readonly tail: Uint8Array
  /** Bytes of head, segments and tail. */
  readonly length: number
}

/** apk 3 passes over a longer description. */
const maxDescription = 160

/**
 * Head and tail for segments that are stored elsewhere; the same input gives the same bytes.
 * @throws FormatError `invalid-field` when the description is too long
 */
export function frameIndex(segments: Iterable<PieceSummary>, description: string): IndexFrame {
  let content = 0
  let deflated = 0
  let crc = 0
  for (const segment of segments) {
    content += segment.length
    deflated += segment.deflatedLength
    crc = combineCrc32(crc, segment.crc32, segment.length)
  }
  const head = deflatePiece(formatHead(description, content))
  const tail = deflatePiece(concatBytes([tarPadding(content), tarEnd()]))
  const whole = combineCrc32(combineCrc32(head.crc32, crc, content), tail.crc32, tail.length)
  const suffix = gzipSuffix(whole, head.length + content + tail.length)
  const first = concatBytes([gzipPrefix(), head.deflated])
  const last = concatBytes([tail.deflated, suffix])
  return { head: first, tail: last, length: first.length + deflated + last.length }
}

/** The signed member in parts, for segments that are at hand. */
export function buildIndexArchive(
  segments: readonly DeflatedPiece[],
  description: string,
): { readonly parts: readonly Uint8Array[]; readonly length: number } {
  const summaries = segments.map(({ deflated, length, crc32 }) => ({
    deflatedLength: deflated.length,
    length,
    crc32,
  }))
  const { head, tail, length } = frameIndex(summaries, description)
  return { parts: [head, ...segments.map(({ deflated }) => deflated), tail], length }
}

function formatHead(description: string, indexSize: number): Uint8Array {
  const text = encodeUtf8(description)
  if (text.length > maxDescription) {
    throw new FormatError(
      'invalid-field',
      `the description ${quote(description)} has more than ${maxDescription} bytes`,
      { field: 'DESCRIPTION' },
    )
  }
  return concatBytes([
    formatTarHeader({ name: 'DESCRIPTION', size: text.length }),
    text,
    tarPadding(text.length),
    formatTarHeader({ name: 'APKINDEX', size: indexSize }),
  ])
}

export interface IndexSignature {
  /** RSA PKCS#1 v1.5 with SHA-1 (`RSA`) or SHA-256 (`RSA256`). */
  readonly algorithm: 'RSA' | 'RSA256'
  /** The public key's file name in /etc/apk/keys. */
  readonly keyName: string
  readonly signature: Uint8Array
}

/**
 * The first member. Entries are padded and nothing ends the archive: apk reads on into the next.
 * @throws FormatError `invalid-field` for a key name that clients cannot have
 */
export function buildSignatureMember(signatures: readonly IndexSignature[]): Uint8Array {
  const parts = signatures.flatMap(({ algorithm, keyName, signature }) => [
    formatTarHeader({
      name: `.SIGN.${algorithm}.${checkKeyName(keyName)}`,
      size: signature.length,
    }),
    signature,
    tarPadding(signature.length),
  ])
  return joinPieces([deflatePiece(concatBytes(parts))])
}

/** apko takes signatures by names that end so only, and refuses the index over any other. */
function checkKeyName(keyName: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9@._+-]*\.rsa\.pub$/.test(keyName)) return keyName
  throw new FormatError(
    'invalid-field',
    `key name ${quote(keyName)} is not allowed: use ASCII letters, digits and @ . _ + - and end ` +
      'with .rsa.pub',
    { field: 'keyName' },
  )
}

/** Takes what an index is made of as it is read; nothing of it is kept. */
export interface IndexConsumer {
  /** All signatures, before anything that they cover. */
  signatures(signatures: readonly FoundSignature[]): void
  /** The second member as it stands in the file: what the signatures cover. */
  signed(bytes: Uint8Array): void
  /** The index's text. */
  text(text: string): Promise<void>
}

export interface FoundSignature {
  readonly algorithm: string
  readonly keyName: string
  readonly signature: Uint8Array
}

const maxSignature = 64 * 1024
/** Bytes of all signatures, of the size of keys. */
const maxSignatures = 1024 * 1024
/** Bytes of a file beside the index. */
const maxOther = 64 * 1024

/**
 * Takes an index apart, for checks and imports. Signatures are not verified.
 * @param limits bytes that the whole may unpack to
 * @returns the description, if there is one
 * @throws FormatError
 */
export async function readIndexArchive(
  source: ByteSource,
  limits: { readonly maxUnpacked: number },
  consumer: IndexConsumer,
): Promise<string | undefined> {
  const reader = new ByteReader(source)
  consumer.signatures(await readSignatures(reader))
  const what = 'the index member'
  const { maxUnpacked } = limits
  const onCompressed = (bytes: Uint8Array) => consumer.signed(bytes)
  const tar = openTar(readGzipMember(reader, { what, maxUnpacked, onCompressed }), what)
  let description: string | undefined
  let found = false
  try {
    for (let entry = await tar.next(); entry; entry = await tar.next()) {
      if (entry.name === 'APKINDEX' && !found) {
        found = true
        await readText(tar, consumer)
      } else if (entry.name === 'DESCRIPTION') {
        description = requireText(await tar.readContent(maxOther))
      }
    }
  } finally {
    await tar.close()
  }
  if (!found) throw new FormatError('malformed', 'the archive holds no APKINDEX')
  if (await reader.atEnd()) return description
  throw new FormatError('malformed', 'the index goes on after its second gzip member')
}

async function readSignatures(reader: ByteReader): Promise<readonly FoundSignature[]> {
  const what = 'the signature member'
  const signatures: FoundSignature[] = []
  const tar = openTar(readGzipMember(reader, { what, maxUnpacked: maxSignatures }), what)
  try {
    for (let entry = await tar.next(); entry; entry = await tar.next()) {
      const [, algorithm, keyName] = /^\.SIGN\.([^.]+)\.(.+)$/.exec(entry.name) ?? []
      if (algorithm === undefined || keyName === undefined) {
        throw new FormatError(
          'malformed',
          `the index is not signed: it begins with ${quote(entry.name)}`,
        )
      }
      signatures.push({ algorithm, keyName, signature: await tar.readContent(maxSignature) })
    }
  } finally {
    await tar.close()
  }
  if (tar.endBlocks < 2) return signatures
  throw new FormatError('malformed', 'the signature member ends with two zero blocks')
}

function openTar(unpacked: ByteSource, what: string): TarReader {
  const limits = { what, maxEntries: 64, maxHeaderData: maxSignature, rules: apkTarRules }
  return new TarReader(unpacked, limits)
}

async function readText(tar: TarReader, consumer: IndexConsumer): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    for await (const chunk of tar.chunks()) {
      await consumer.text(decoder.decode(chunk, { stream: true }))
    }
    decoder.decode()
  } catch (error) {
    throw error instanceof TypeError ? notText() : error
  }
}

function requireText(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes)
  if (text !== undefined) return text
  throw notText()
}

function notText(): FormatError {
  return new FormatError('malformed', 'the index is not UTF-8')
}
