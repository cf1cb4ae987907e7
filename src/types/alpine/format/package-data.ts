// The payload of a package: paths, entry types, parents, and the checksum of each file. Refuses what
// apk 3 leaves out while it installs (apk-tools src/database.c, src/extract_v2.c), and paths that
// point elsewhere. Top-level names that begin with a dot are control names: apk passes them over.
import { createHash } from 'node:crypto'
import type { TarReader } from '../../../formats/archive/tar.ts'
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import { toHex } from '../../../formats/bytes.ts'
import type { ContentEntry } from '../../../formats/content-list.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'
import { scriptName } from './package-head.ts'
import { checkLinkTarget, checkPath } from './package-path.ts'

export interface DataContents {
  /** Entries that apk installs. */
  readonly entries: number
  /** Sum of the regular files' sizes. */
  readonly fileBytes: number
}

const checksumRecord = 'APK-TOOLS.checksum.SHA1'

/**
 * Reads the data segment to its end.
 * @param onEntry is told of each entry that apk installs, after it was checked
 * @throws FormatError
 */
export async function checkData(
  tar: TarReader,
  limits: { readonly maxPath: number; readonly maxAllPaths: number },
  onEntry?: (entry: ContentEntry) => void,
): Promise<DataContents> {
  const directories = new Map<string, number>()
  const files = new Set<string>()
  let entries = 0
  let fileBytes = 0
  let pathLength = 0
  for (let entry = await tar.next(); entry; entry = await tar.next()) {
    refuseControlNames(entry.name)
    const path = checkPath(entry, limits.maxPath)
    if (path.startsWith('.')) {
      refuseHidden(entry, entries)
      continue
    }
    pathLength += path.length
    if (pathLength > limits.maxAllPaths) {
      const message = `the paths of the data segment have more than ${limits.maxAllPaths} characters in all`
      throw new FormatError('too-large', `${message}: split the package`)
    }
    checkPlace(path, entry, directories, files)
    checkLink(entry, path, files)
    if (entry.type === 'file') await checkContent(tar, entry, path)
    if (entry.type === 'directory') directories.set(path, entry.mode)
    else files.add(path)
    if (entry.type === 'file') fileBytes += entry.size
    entries += 1
    onEntry?.(describeEntry(entry, path))
  }
  return { entries, fileBytes }
}

function refuseControlNames(name: string): void {
  if (scriptName.test(name)) {
    throw new FormatError(
      'malformed',
      `the data segment holds ${quote(name)}, which apk 3 passes over: ` +
        'scripts belong into the control segment',
    )
  }
  if (name !== '.PKGINFO' && !name.startsWith('.SIGN.')) return
  throw new FormatError(
    'malformed',
    `the data segment holds ${quote(name)}: control has to be exactly one gzip member, signatures ` +
      'come before it',
  )
}

/** apk passes over such names everywhere, apko only before the first other one, and without a slash. */
function refuseHidden({ name }: TarEntry, entriesBefore: number): void {
  if (entriesBefore === 0 && !name.includes('/')) return
  throw new FormatError(
    'malformed',
    `${quote(name)} begins with a dot: apk would pass over it, apko install it: leave it out`,
  )
}

function checkPlace(
  path: string,
  { type, mode }: TarEntry,
  directories: ReadonlyMap<string, number>,
  files: ReadonlySet<string>,
): void {
  const slash = path.lastIndexOf('/')
  if (slash >= 0 && !directories.has(path.slice(0, slash))) {
    throw new FormatError(
      'malformed',
      `${quote(path)} comes without an entry for its directory ${quote(path.slice(0, slash))} ` +
        'before it: apk 3 would leave it out',
    )
  }
  const before = directories.get(path)
  if (!files.has(path) && (before === undefined || (type === 'directory' && before === mode)))
    return
  throw new FormatError('malformed', `${quote(path)} is in the data segment twice: pack it once`)
}

function checkLink(entry: TarEntry, path: string, files: ReadonlySet<string>): void {
  checkLinkTarget(entry, path)
  if (entry.type === 'hardlink' && !files.has(entry.linkName)) {
    throw new FormatError(
      'malformed',
      `the hard link ${quote(path)} points to ${quote(entry.linkName)}, which is not a file before ` +
        'it in the package: pack that file before it, or a copy instead of the link',
    )
  }
}

function describeEntry(entry: TarEntry, path: string): ContentEntry {
  const { type } = entry
  const mode = entry.mode.toString(8).padStart(4, '0')
  switch (type) {
    case 'file': {
      const sha1 = entry.pax.get(checksumRecord)?.toLowerCase() ?? ''
      return { path, type, mode, size: entry.size, sha1 }
    }
    case 'symlink':
    case 'hardlink':
      return { path, type, mode, target: entry.linkName }
    default:
      return { path, type, mode }
  }
}

async function checkContent(tar: TarReader, entry: TarEntry, path: string): Promise<void> {
  const expected = entry.pax.get(checksumRecord)
  if (expected === undefined) {
    throw new FormatError(
      'malformed',
      `${quote(path)} has no checksum (pax record ${checksumRecord}), without which apk 3 does not ` +
        'extract it: use abuild-tar --hash or a newer build tool',
    )
  }
  const sha1 = createHash('sha1')
  for await (const chunk of tar.chunks()) sha1.update(chunk)
  if (toHex(sha1.digest()) === expected.toLowerCase()) return
  throw new FormatError(
    'corrupt',
    `${quote(path)} does not match its checksum in the package: build it anew`,
  )
}
