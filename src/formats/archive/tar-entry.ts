// What a header block and the extensions before it say of one entry, where all readers agree: apk,
// apko (by Go's archive/tar), GNU tar and Python's tarfile were asked about each rule here. An entry
// that one of them sees otherwise would be installed without having been checked.
import { FormatError, quote } from '../format-error.ts'
import type { TarBlock } from './tar-header.ts'

export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character'
  | 'block'
  | 'directory'
  | 'fifo'

export interface TarEntry {
  /** As stored: a directory's name usually ends in a slash. */
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

const posix = 'make the tar archive in POSIX (pax) format'

/** @throws FormatError `malformed` */
export function describeEntry(
  header: TarBlock,
  { pax, longName }: Extensions,
  where: string,
): TarEntry {
  const name = pax.get('path') ?? longName ?? header.name
  const type = types[header.flag]
  if (type === undefined) {
    // An old file has the type NUL, a sparse one S, a long link target K.
    throw malformed(`${quote(name)} is a kind of tar entry that apk passes over`, posix)
  }
  if (longName !== undefined && (name !== longName || header.prefixed)) {
    throw malformed(`${where} has two names, ${quote(longName)} and another`, 'keep one of them')
  }
  if (type !== 'file' && header.size > 0) {
    // apk passes over the content, others read the next entry there.
    throw malformed(`${quote(name)} is a ${type} with content`, 'give it the size 0')
  }
  checkRecords(pax, type, header, where)
  return {
    name,
    type,
    linkName: pax.get('linkpath') ?? header.linkName,
    mode: header.mode & 0o7777,
    size: header.size,
    pax,
  }
}

function checkRecords(
  pax: ReadonlyMap<string, string>,
  type: TarEntryType,
  header: TarBlock,
  where: string,
): void {
  for (const field of ['size', 'uid', 'gid'] as const) {
    const value = pax.get(field)
    // apk goes by the header alone.
    if (value === undefined || (/^[0-9]+$/.test(value) && Number(value) === header[field])) continue
    throw malformed(`${where} has another ${field} in its pax header`, 'leave out one of them')
  }
  if (pax.has('linkpath') && type !== 'hardlink' && type !== 'symlink') {
    throw malformed(`${where} is a ${type} with a link target, a hard link to apk`, 'leave it out')
  }
  for (const key of pax.keys()) {
    if (!key.startsWith('GNU.sparse.') && key !== 'SCHILY.realsize') continue
    throw malformed(`${where} is a sparse file (${quote(key)})`, 'pack it without holes')
  }
}

/**
 * apk passes over a global header, which others apply to every entry: it may hold comments alone.
 * @throws FormatError `malformed`
 */
export function checkGlobalRecords(records: ReadonlyMap<string, string>, where: string): void {
  const key = [...records.keys()].find((each) => each !== 'comment')
  if (key === undefined) return
  throw malformed(`${where} has ${quote(key)} in a global pax header`, 'give it to each entry')
}

function malformed(reason: string, remedy: string): FormatError {
  return new FormatError('malformed', `${reason}: ${remedy}`)
}
