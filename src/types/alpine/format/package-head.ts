// What comes before the data of a package: signature members, and the control member with .PKGINFO
// and scripts (apk-tools src/extract_v2.c). Refuses what makes apk lose its place in the archive,
// such as zero blocks, missing padding or segments that share a gzip member.
import { createHash } from 'node:crypto'
import { TarReader } from '../../../formats/archive/tar.ts'
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import type { ByteReader } from '../../../formats/bytes.ts'
import { readGzipMember } from '../../../formats/compression/gzip.ts'
import { FormatError, findUnprintable, quote } from '../../../formats/format-error.ts'
import { checkScript } from './script.ts'
import { apkTarRules } from './tar-rules.ts'

export interface HeadLimits {
  /** Bytes of a signature or control member, as it stands in the file and unpacked. */
  readonly maxControl: number
  readonly maxControlUnpacked: number
  /** Entries in each segment. */
  readonly maxEntries: number
}

export interface PackageSignature {
  /** `RSA`, `RSA256` … as the entry names it. */
  readonly algorithm: string
  /** File name of the public key. */
  readonly keyName: string
}

const maxInfo = 1024 * 1024
const maxScript = 256 * 1024
const maxHeaderData = 128 * 1024
/** One signature is usual, two during a change of keys. Each member costs an inflater of its own. */
const maxSignatures = 16
export const scriptName = /^\.((?:pre|post)-(?:install|upgrade|deinstall)|trigger)$/

export interface PackageHead {
  /** Content of .PKGINFO. */
  readonly info: Uint8Array
  readonly identity: string
  readonly signatures: PackageSignature[]
  readonly scripts: string[]
}

/**
 * Reads the signature members, if any, and the control member.
 * @throws FormatError
 */
export async function readHead(reader: ByteReader, limits: HeadLimits): Promise<PackageHead> {
  const signatures: PackageSignature[] = []
  for (let number = 1; !(await reader.atEnd()); number += 1) {
    const member = await readHeadMember(reader, number, limits)
    signatures.push(...member.signatures)
    if (signatures.length > maxSignatures) throw tooManySignatures()
    if (member.info === undefined) continue
    return { info: member.info, identity: member.identity, signatures, scripts: member.scripts }
  }
  throw new FormatError(
    'truncated',
    'the package ends after its signature: the control and data segments are missing, send it whole',
  )
}

/** What a member before the data segment holds: signatures, or control. */
async function readHeadMember(reader: ByteReader, number: number, limits: HeadLimits) {
  const what = number === 1 ? 'the first gzip member' : `gzip member ${number}`
  const sha1 = createHash('sha1')
  const unpacked = readGzipMember(reader, {
    what,
    maxUnpacked: limits.maxControlUnpacked,
    maxCompressed: limits.maxControl,
    onCompressed: (bytes) => sha1.update(bytes),
  })
  const tar = new TarReader(unpacked, {
    what,
    maxEntries: limits.maxEntries,
    maxHeaderData,
    rules: apkTarRules,
  })
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
  if (/^\.\.?$/.test(entry.name) || findUnprintable(entry.name) !== undefined) {
    throw new FormatError(
      'malformed',
      `the control segment holds ${quote(entry.name)}, which is no name for a file: rename it`,
    )
  }
  if (findUnprintable(entry.linkName) !== undefined) {
    throw new FormatError(
      'malformed',
      `${quote(entry.name)} in the control segment has the link target ${quote(entry.linkName)}, ` +
        'which holds a control character: pack it as a plain file',
    )
  }
  if (entry.name.startsWith('.SIGN.')) {
    content.signatures.push(parseSignatureName(entry.name))
    if (content.signatures.length > maxSignatures) throw tooManySignatures()
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
      throw new FormatError('malformed', 'the control segment holds .PKGINFO twice: leave one')
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
      `the script ${quote(entry.name)} has more than the ${maxScript} bytes that apk 3 runs: shorten it`,
    )
  }
  await checkScript(tar, entry.name)
  content.scripts.push(script)
}

/** To apk everything called so is a signature, whether it knows the key or not. */
function parseSignatureName(name: string): PackageSignature {
  const [, algorithm, keyName] = /^\.SIGN\.([A-Z0-9]+)\.([^\p{Cc}]+)$/u.exec(name) ?? []
  if (algorithm !== undefined && keyName !== undefined) return { algorithm, keyName }
  throw new FormatError(
    'malformed',
    `${quote(name)} does not name a signature: .SIGN., an algorithm such as RSA256, a dot, and ` +
      "the file name of the signer's public key",
  )
}

function tooManySignatures(): FormatError {
  const message = `the package has more than ${maxSignatures} signatures: sign it once`
  return new FormatError('too-large', message)
}

function requireRegular(entry: TarEntry): void {
  if (entry.type === 'file') return
  throw new FormatError(
    'malformed',
    `${quote(entry.name)} in the control segment is not a regular file (type flag 0) to apk: add it as one`,
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
    throw new FormatError(
      'malformed',
      `${what} ${reason}: this is not an Alpine package, build one with abuild, melange or nfpm`,
    )
  }
}
