// A package file of format v2 in one streaming pass: signature, control and data as three kinds of
// gzip member (apk-tools src/extract_v2.c). Refuses what apk 2.14 or apk 3 would choke on at the
// client, when it is too late. Contents of the data segment are checked in package-data.ts.
import { createHash } from 'node:crypto'
import { ByteReader, type ByteSource, toHex } from '../../../formats/bytes.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'
import { readGzipMember } from '../../../formats/gzip.ts'
import { type TarEntry, TarReader } from '../../../formats/tar.ts'
import { checkData } from './package-data.ts'
import { refuseOtherFormats } from './package-sniff.ts'
import { type PackageInfo, packageInfoLimits, parsePackageInfo } from './pkginfo.ts'

export interface PackageLimits {
  /** Bytes of a signature or control member, as it stands in the file and unpacked. */
  readonly maxControl: number
  readonly maxControlUnpacked: number
  /** Entries in each segment. */
  readonly maxEntries: number
  /** Bytes that the data segment unpacks to, and bytes of a path in it. */
  readonly maxUnpacked: number
  readonly maxPath: number
}

export const packageLimits: PackageLimits = {
  maxControl: 4 * 1024 * 1024,
  maxControlUnpacked: 16 * 1024 * 1024,
  maxEntries: 100_000,
  maxUnpacked: 4 * 1024 ** 3,
  maxPath: 4096,
}

export interface PackageSignature {
  /** `RSA`, `RSA256` … as the entry names it. */
  readonly algorithm: string
  /** File name of the public key. */
  readonly keyName: string
}

export interface InspectedPackage {
  readonly info: PackageInfo
  /** `Q1` and base64 of the SHA-1 of the compressed control member: `C:` of an index. */
  readonly identity: string
  /** Bytes of the whole file. */
  readonly fileSize: number
  /** Bytes once installed, never 0 for a package with anything in it. */
  readonly installedSize: number
  /** Carried by the file and not verified: only clients hold the keys. */
  readonly signatures: readonly PackageSignature[]
  /** Names of the scripts, without the dot, in their order in the file. */
  readonly scripts: readonly string[]
}

const maxInfo = 1024 * 1024
const maxScript = 256 * 1024
const maxHeaderData = 128 * 1024
const scriptName = /^\.((?:pre|post)-(?:install|upgrade|deinstall)|trigger)$/

/**
 * Reads and checks a whole package; memory does not grow with it, but for the paths in it.
 * The source is read to its end, or left where the first fault was found: it is the caller's.
 * @throws FormatError, and whatever the source throws
 */
export async function inspectPackage(
  source: ByteSource,
  limits: PackageLimits = packageLimits,
): Promise<InspectedPackage> {
  let fileSize = 0
  const reader = new ByteReader(
    observe(source, (chunk) => {
      fileSize += chunk.length
    }),
  )
  await refuseOtherFormats(reader)
  const head = await readHead(reader, limits)
  const info = parsePackageInfo(head.info, packageInfoLimits)
  const contents = await readData(reader, info, limits)
  return {
    info,
    identity: head.identity,
    fileSize,
    installedSize: chooseInstalledSize(info.installedSize, contents),
    signatures: head.signatures,
    scripts: head.scripts,
  }
}

/**
 * apk takes 0 for "holds no files": it records such a package as installed and never downloads it.
 * Some tools write 0 for packages of links and empty files, so those count as one byte.
 */
function chooseInstalledSize(
  declared: number,
  contents: { entries: number; fileBytes: number },
): number {
  if (declared > 0 || contents.entries === 0) return declared
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

interface Head {
  readonly info: Uint8Array
  readonly identity: string
  readonly signatures: PackageSignature[]
  readonly scripts: string[]
}

/** The signature members, if any, and the control member. */
async function readHead(reader: ByteReader, limits: PackageLimits): Promise<Head> {
  const signatures: PackageSignature[] = []
  for (let number = 1; !(await reader.atEnd()); number += 1) {
    const member = await readHeadMember(reader, number, limits)
    signatures.push(...member.signatures)
    if (member.info === undefined) continue
    return { info: member.info, identity: member.identity, signatures, scripts: member.scripts }
  }
  throw new FormatError(
    'truncated',
    'the package ends after its signature: the control and data segments are missing',
  )
}

/** What a member before the data segment holds: signatures, or control. */
async function readHeadMember(reader: ByteReader, number: number, limits: PackageLimits) {
  const what = number === 1 ? 'the first gzip member' : `gzip member ${number}`
  const sha1 = createHash('sha1')
  const unpacked = readGzipMember(reader, {
    what,
    maxUnpacked: limits.maxControlUnpacked,
    maxCompressed: limits.maxControl,
    onCompressed: (bytes) => sha1.update(bytes),
  })
  const tar = new TarReader(unpacked, { what, maxEntries: limits.maxEntries, maxHeaderData })
  const content: HeadContent = { signatures: [], info: undefined, scripts: [], others: 0 }
  try {
    for (let entry = await tar.next(); entry; entry = await tar.next()) {
      await takeHeadEntry(tar, entry, content)
    }
  } finally {
    await tar.close()
  }
  checkHeadMember(content, tar.endBlocks, what)
  return { ...content, identity: `Q1${sha1.digest('base64')}` }
}

interface HeadContent {
  signatures: PackageSignature[]
  info: Uint8Array | undefined
  scripts: string[]
  /** Entries that are no signatures. */
  others: number
}

async function takeHeadEntry(tar: TarReader, entry: TarEntry, content: HeadContent) {
  if (!entry.name.startsWith('.') || entry.name.includes('/')) {
    throw misplacedEntry(entry.name, content)
  }
  const signature = /^\.SIGN\.([^.]+)\.(.+)$/.exec(entry.name)
  if (signature?.[1] !== undefined && signature[2] !== undefined) {
    content.signatures.push({ algorithm: signature[1], keyName: signature[2] })
    return
  }
  content.others += 1
  if (entry.name === '.INSTALL') {
    throw new FormatError(
      'unsupported',
      'the control segment holds .INSTALL, a script of the format before v2 that apk 3 refuses: ' +
        'split it into .pre-install, .post-install and so on',
    )
  }
  if (entry.name === '.PKGINFO') {
    requireRegular(entry)
    if (content.info !== undefined) {
      throw new FormatError('malformed', 'the control segment holds .PKGINFO twice')
    }
    content.info = await tar.readContent(maxInfo)
    return
  }
  const script = scriptName.exec(entry.name)?.[1]
  if (script === undefined) return
  requireRegular(entry)
  if (entry.size > maxScript) {
    throw new FormatError(
      'too-large',
      `the script ${quote(entry.name)} has more than the ${maxScript} bytes that apk 3 runs`,
    )
  }
  content.scripts.push(script)
}

function requireRegular(entry: TarEntry): void {
  if (entry.type === 'file') return
  throw new FormatError(
    'malformed',
    `${quote(entry.name)} in the control segment is not a regular file (type flag 0) to apk`,
  )
}

function misplacedEntry(name: string, content: HeadContent): FormatError {
  if (/^\.\/(?:\.PKGINFO|\.SIGN\.)/.test(name)) {
    return new FormatError(
      'malformed',
      `${quote(name)} has to be named without "./" before it: give tar the file names, not "."`,
    )
  }
  if (content.info !== undefined) {
    return new FormatError(
      'malformed',
      `the control segment goes on with ${quote(name)}: control and data have to be two gzip ` +
        'members, and control holds names that begin with a dot',
    )
  }
  return new FormatError(
    'malformed',
    `the package begins with ${quote(name)}: the control segment, with .PKGINFO, comes before data`,
  )
}

function checkHeadMember(content: HeadContent, endBlocks: number, what: string): void {
  const { signatures, info, others } = content
  if (signatures.length > 0 && others > 0) {
    throw new FormatError(
      'malformed',
      'signature and control are in one gzip member: compress each of them for itself',
    )
  }
  if (endBlocks >= 2) {
    const segment = others > 0 ? 'control' : 'signature'
    throw new FormatError(
      'malformed',
      `the ${segment} segment ends with two zero blocks, where apk stops reading: cut them off ` +
        '(abuild-tar --cut)',
    )
  }
  if (signatures.length === 0 && info === undefined) {
    const reason = others > 0 ? 'holds control files but no .PKGINFO' : 'is empty'
    throw new FormatError('malformed', `${what} ${reason}: this is not an Alpine package`)
  }
}

async function readData(reader: ByteReader, info: PackageInfo, limits: PackageLimits) {
  if (await reader.atEnd()) {
    throw new FormatError(
      'truncated',
      'the package ends after its control segment: the data segment is missing',
    )
  }
  const what = 'the data segment'
  const sha256 = createHash('sha256')
  const unpacked = readGzipMember(reader, {
    what,
    maxUnpacked: limits.maxUnpacked,
    onCompressed: (bytes) => sha256.update(bytes),
  })
  const tar = new TarReader(unpacked, { what, maxEntries: limits.maxEntries, maxHeaderData })
  try {
    const contents = await checkData(tar, limits)
    // First, for it says more: the hash of data in two members covers both.
    await refuseTrailing(reader)
    if (toHex(sha256.digest()) === info.dataHash) return contents
  } finally {
    await tar.close()
  }
  throw new FormatError(
    'invalid-field',
    'datahash in .PKGINFO is not the SHA-256 of the data segment: the package was changed or ' +
      'damaged after it was built',
    { field: 'datahash' },
  )
}

async function refuseTrailing(reader: ByteReader): Promise<void> {
  const rest = await reader.readUpTo(2)
  if (rest.length === 0) return
  const reason =
    rest[0] === 0x1f && rest[1] === 0x8b
      ? 'holds another gzip member after its data segment: data has to be one member'
      : 'goes on after its data segment'
  throw new FormatError('malformed', `the package ${reason}`)
}
