// Describes one entry from its header block and the extensions before it. Refuses whatever Go's archive/tar,
// GNU tar and Python's tarfile read differently: one of them would unpack something that nobody checked.
import { malformed, quote } from '../format-error.ts'
import type { TarBlock, TarHeaderRules } from './tar-header.ts'

export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character'
  | 'block'
  | 'directory'
  | 'fifo'

export interface TarEntry {
  /** The name as the archive stores it: a directory's name usually ends in a slash. */
  readonly name: string
  readonly type: TarEntryType
  readonly linkName: string
  readonly mode: number
  /** Bytes of content. */
  readonly size: number
  readonly pax: ReadonlyMap<string, string>
}

export interface Extensions {
  pax: ReadonlyMap<string, string>
  longName: string | undefined
  longLink: string | undefined
}

/** The rules of a type's clients beyond those that reading an archive needs. Each check throws a FormatError. */
export interface TarRules extends TarHeaderRules {
  checkEntry(header: TarBlock, extensions: Extensions, where: string): void
  checkGlobalRecords(records: ReadonlyMap<string, string>, where: string): void
}

const types: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
}

/** The entry's name: an extension's, if it gives one, else the header's. */
export function nameOf(header: TarBlock, { pax, longName }: Extensions): string {
  return pax.get('path') ?? longName ?? header.name
}

/** The entry's type; undefined for a type outside the standard, such as GNU's sparse files and volume labels. */
export function typeOf({ flag, name }: Pick<TarBlock, 'flag' | 'name'>): TarEntryType | undefined {
  // The V7 format had no type for directories.
  if (flag === '\0') return name.endsWith('/') ? 'directory' : 'file'
  return types[flag]
}

/** @throws FormatError `malformed` */
export function describeEntry(header: TarBlock, extensions: Extensions, where: string): TarEntry {
  const { pax, longName, longLink } = extensions
  const name = nameOf(header, extensions)
  const type = typeOf({ flag: header.flag, name })
  if (type === undefined) {
    throw malformed(`${quote(name)} is a kind of tar entry that few readers know`, posix)
  }
  if (longName !== undefined && (name !== longName || header.prefixed)) {
    throw malformed(`${where} has two names, ${quote(longName)} and another`, 'keep one of them')
  }
  const size = sizeOf(header, pax, where)
  if (type !== 'file' && size > 0) {
    // Some readers skip the content. Others read the next entry in its place.
    throw malformed(`${quote(name)} is a ${type} with content`, 'give it the size 0')
  }
  const sparse = [...pax.keys()].find((key) => isSparse(key))
  if (sparse !== undefined) {
    throw malformed(`${where} is a sparse file (${quote(sparse)})`, 'pack it without holes')
  }
  const linkName = pax.get('linkpath') ?? longLink ?? header.linkName
  return { name, type, linkName, mode: header.mode & 0o7777, size, pax }
}

const posix = 'make the tar archive in POSIX (pax) format'

/** The entry's size. A pax record gives it where the header cannot hold the number. */
function sizeOf(header: TarBlock, pax: ReadonlyMap<string, string>, where: string): number {
  const given = pax.get('size')
  if (given === undefined) return header.size
  const size = Number(given)
  if (/^[0-9]+$/.test(given) && Number.isSafeInteger(size)) return size
  throw malformed(`${where} has a size in its pax header that is no number`, 'build it anew')
}

function isSparse(key: string): boolean {
  return key.startsWith('GNU.sparse.') || key === 'SCHILY.realsize'
}

/** Keys whose global records some readers apply to every later entry and others ignore. */
const perEntry = ['path', 'linkpath', 'size']

/** @throws FormatError `malformed` */
export function refuseGlobalNames(records: ReadonlyMap<string, string>, where: string): void {
  const key = perEntry.find((each) => records.has(each))
  if (key === undefined) return
  throw malformed(`${where} has ${quote(key)} in a global pax header`, 'give it to each entry')
}
