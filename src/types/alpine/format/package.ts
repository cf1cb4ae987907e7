// A package file of format v2 in one streaming pass: signature, control and data as three kinds of
// gzip member (apk-tools src/extract_v2.c). Refuses what apk 2.14 or apk 3 would choke on at the
// client, when it is too late. The parts are in package-head.ts and package-data.ts.
import { createHash } from 'node:crypto'
import { TarReader } from '../../../formats/archive/tar.ts'
import { ByteReader, type ByteSource, toHex } from '../../../formats/bytes.ts'
import { readGzipMember } from '../../../formats/compression/gzip.ts'
import type { ContentEntry } from '../../../formats/content-list.ts'
import { FormatError } from '../../../formats/format-error.ts'
import { checkEntryHead } from './apk-database.ts'
import { describePackage } from './apkindex.ts'
import { checkData } from './package-data.ts'
import { type HeadLimits, readHead } from './package-head.ts'
import type { InspectedPackage, PackageInfo } from './package-info.ts'
import { refuseOtherFormats } from './package-sniff.ts'
import { packageInfoLimits, parsePackageInfo } from './pkginfo.ts'
import { apkTarRules } from './tar-rules.ts'

export interface PackageLimits extends HeadLimits {
  /** Bytes that the data segment unpacks to. */
  readonly maxUnpacked: number
  /** Bytes of a path in it. */
  readonly maxPath: number
  /** Characters of all paths: they are what is held in memory. */
  readonly maxAllPaths: number
}

export const packageLimits: PackageLimits = {
  maxControl: 4 * 1024 * 1024,
  maxControlUnpacked: 16 * 1024 * 1024,
  maxEntries: 100_000,
  maxUnpacked: 2 * 1024 ** 3,
  // apk adds up to 54 bytes while it unpacks a file, and Linux takes 4,095 (tried: 4,040 install).
  maxPath: 4040,
  maxAllPaths: 16 * 1024 * 1024,
}

/** Bytes of one pax header, which holds extended attributes too. */
const maxHeaderData = 128 * 1024
/** Of all pax headers: 100,000 files with their checksums and long paths have half of it. */
const maxAllHeaderData = 32 * 1024 * 1024

/**
 * Reads and checks a whole package; memory does not grow with it, but for the paths in it.
 * The source is read to its end, or left where the first fault was found: it is the caller's.
 * @param today unix seconds, for what a message proposes when the package has no build date
 * @param onEntry is told of each entry of the data segment that apk installs, in their order
 * @throws FormatError, and whatever the source throws
 */
export async function inspectPackage(
  source: ByteSource,
  limits: PackageLimits = packageLimits,
  today?: number,
  onEntry?: (entry: ContentEntry) => void,
): Promise<InspectedPackage> {
  let fileSize = 0
  const reader = new ByteReader(
    observe(source, (chunk) => {
      fileSize += chunk.length
    }),
  )
  await refuseOtherFormats(reader)
  const head = await readHead(reader, limits)
  const info = parsePackageInfo(head.info, packageInfoLimits, today)
  const contents = await readData(reader, info, limits, onEntry)
  const inspected = {
    info,
    identity: head.identity,
    fileSize,
    installedSize: chooseInstalledSize(info.installedSize, contents),
    signatures: head.signatures,
    scripts: head.scripts,
  }
  // Last, since the entry has the sizes.
  checkEntryHead(describePackage(inspected))
  return inspected
}

/**
 * apk takes 0 for "holds no files": it records such a package as installed and never downloads it.
 * Some tools write 0 for packages of links and empty files, so those count as one byte. apk 2 keeps
 * 32 bits of the number, so that 4 GiB are 0 to it as well.
 */
function chooseInstalledSize(
  declared: number,
  contents: { entries: number; fileBytes: number },
): number {
  if (declared % 2 ** 32 > 0 || contents.entries === 0) return declared
  return Math.max(1, contents.fileBytes)
}

async function* observe(
  source: ByteSource,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    see(chunk)
    yield chunk
  }
}

async function readData(
  reader: ByteReader,
  info: PackageInfo,
  limits: PackageLimits,
  onEntry?: (entry: ContentEntry) => void,
) {
  if (await reader.atEnd()) {
    throw new FormatError(
      'truncated',
      'the package ends after its control segment: the data segment is missing, send it whole',
    )
  }
  const what = 'the data segment'
  const sha256 = createHash('sha256')
  const unpacked = readGzipMember(reader, {
    what,
    maxUnpacked: limits.maxUnpacked,
    onCompressed: (bytes) => sha256.update(bytes),
  })
  const tar = new TarReader(unpacked, {
    what,
    maxEntries: limits.maxEntries,
    maxHeaderData,
    maxAllHeaderData,
    rules: apkTarRules,
  })
  try {
    const contents = await checkData(tar, limits, onEntry)
    // First, for it says more: the hash of data in two members covers both.
    await refuseTrailing(reader)
    if (toHex(sha256.digest()) === info.dataHash) return contents
  } finally {
    await tar.close()
  }
  throw new FormatError(
    'invalid-field',
    'datahash in .PKGINFO is not the SHA-256 of the data segment: the package was changed or ' +
      'damaged after it was built, build it anew',
    { field: 'datahash' },
  )
}

async function refuseTrailing(reader: ByteReader): Promise<void> {
  const rest = await reader.readUpTo(2)
  if (rest.length === 0) return
  const reason =
    rest[0] === 0x1f && rest[1] === 0x8b
      ? 'holds another gzip member after its data segment: compress all of the data as one member'
      : 'goes on after its data segment: remove what follows its last gzip member'
  throw new FormatError('malformed', `the package ${reason}`)
}
