// The tar archives that apk reads as every other reader does (apk-tools src/tar.c): a ustar magic, octal
// numbers, one name. apk, apko (by Go's archive/tar), GNU tar and Python's tarfile were asked about each rule
// here. An entry that one of them sees otherwise would be installed without having been checked.
import {
  type Extensions,
  nameOf,
  type TarRules,
  typeOf,
} from '../../../formats/archive/tar-entry.ts'
import type { TarBlock, TarNumber } from '../../../formats/archive/tar-header.ts'
import { malformed, quote } from '../../../formats/format-error.ts'

export const apkTarRules: TarRules = { checkFormat, checkNumbers, checkEntry, checkGlobalRecords }

function checkFormat(format: TarBlock['format'], where: string): void {
  if (format !== 'v7') return
  throw malformed(
    `${where} has no ustar header`,
    'make the tar archive in POSIX (pax) or GNU format, not V7',
  )
}

/** apk refuses an archive also over numbers that nothing needs. */
function checkNumbers([field]: readonly TarNumber[], where: string): void {
  if (field === undefined) return
  // Of a folder in a tree nfpm writes the mode with bits that no tar has.
  const remedy = field === 'mode' ? 'set its mode (in nfpm: file_info.mode) or ' : ''
  throw malformed(`${where} has a ${field} that is not an octal number`, `${remedy}${posix}`)
}

function checkEntry(header: TarBlock, extensions: Extensions, where: string): void {
  if (header.timesInPrefix) {
    throw malformed(
      `${where} has times in its header, which some readers take for a part of its name`,
      posix,
    )
  }
  const name = quote(nameOf(header, extensions))
  // A sparse file has the type S, and an old one NUL, which other readers take for a file.
  if (header.flag === '\0' || typeOf(header) === undefined) {
    throw malformed(`${name} is a kind of tar entry that apk passes over`, posix)
  }
  if (extensions.longLink !== undefined) {
    throw malformed(`${name} has a link target in GNU's own form, which apk passes over`, posix)
  }
  checkRecords(header, extensions, where)
}

function checkRecords(header: TarBlock, { pax }: Extensions, where: string): void {
  for (const field of ['size', 'uid', 'gid'] as const) {
    const value = pax.get(field)
    // apk goes by the header alone.
    if (value === undefined || (/^[0-9]+$/.test(value) && Number(value) === header[field])) continue
    throw malformed(`${where} has another ${field} in its pax header`, 'leave out one of them')
  }
  const type = typeOf(header)
  if (pax.has('linkpath') && type !== 'hardlink' && type !== 'symlink') {
    throw malformed(`${where} is a ${type} with a link target, a hard link to apk`, 'leave it out')
  }
}

/** apk passes over a global header, which others apply to every entry: it may hold comments alone. */
function checkGlobalRecords(records: ReadonlyMap<string, string>, where: string): void {
  const key = [...records.keys()].find((each) => each !== 'comment')
  if (key === undefined) return
  throw malformed(`${where} has ${quote(key)} in a global pax header`, 'give it to each entry')
}

const posix = 'make the tar archive in POSIX (pax) format'
