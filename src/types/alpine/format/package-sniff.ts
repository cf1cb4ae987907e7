// What was sent instead of an Alpine package, told from its first bytes, so that a publisher reads
// what to do and not that some header is wrong.
import { type ByteReader, decodeLatin1, decodeUtf8, toHex } from '../../../formats/bytes.ts'
import { isGzip } from '../../../formats/compression/gzip.ts'
import { FormatError } from '../../../formats/format-error.ts'

const tarHeaderSize = 512

/** First bytes as hex, and what begins so. */
const others: readonly (readonly [start: string, what: string])[] = [
  ['213c617263683e', 'a Debian package (.deb)'],
  ['edabeedb', 'an RPM package'],
  ['504b0304', 'a zip file, perhaps an Android package: it is also called .apk'],
  ['504b0506', 'an empty zip file'],
  ['fd377a585a00', 'compressed with xz'],
  ['28b52ffd', 'compressed with zstd'],
  ['425a68', 'compressed with bzip2'],
  ['7f454c46', 'a program (ELF), not packaged'],
]

/**
 * Leaves the reader at its start when that is gzip.
 * @throws FormatError `malformed` or `unsupported`
 */
export async function refuseOtherFormats(reader: ByteReader): Promise<void> {
  const start = await reader.readUpTo(tarHeaderSize)
  reader.unread(start)
  if (isGzip(start)) return
  if (start.length === 0) {
    throw new FormatError('malformed', 'the request has no body: send the .apk file (curl -T FILE)')
  }
  if (/^ADB[.dc]/.test(decodeLatin1(start.subarray(0, 4)))) {
    throw new FormatError(
      'unsupported',
      'this is a package of format v3 (apk mkpkg), which is not taken yet: build it in format v2, ' +
        'as abuild, melange and nfpm do',
    )
  }
  throw new FormatError(
    'malformed',
    `this is not an Alpine package (gzip, format v2) but ${describe(start)}; send an .apk file that ` +
      'abuild, melange or nfpm built',
  )
}

function describe(start: Uint8Array): string {
  const hex = toHex(start.subarray(0, 8))
  const known = others.find(([prefix]) => hex.startsWith(prefix))
  if (known !== undefined) return known[1]
  if (decodeLatin1(start.subarray(257, 262)) === 'ustar') {
    return 'a tar archive that is not compressed: its three parts have to be gzip members'
  }
  return looksLikeText(start) ? 'plain text' : 'something else'
}

function looksLikeText(start: Uint8Array): boolean {
  // The last character may be cut in two.
  const text = [0, 1, 2, 3].map((cut) => decodeUtf8(start.subarray(0, start.length - cut)))
  return text.some((each) => each !== undefined && !/[^\P{Cc}\s]/u.test(each))
}
