// What apk can write into its database of installed packages, and read again (apk-tools src/package.c
// and src/database.c of 2.14 and 3.0, tried with 3.0.8). It installs a package that passes these
// limits, cannot write the database any more, and ends every later command with an error. Lengths
// are bytes.
import { encodeUtf8 } from '../../../formats/bytes.ts'
import { FormatError, quote } from '../../../formats/format-error.ts'
import { formatEntryHead, type IndexEntry } from './apkindex.ts'
import type { PackageInfo } from './package-info.ts'

/** `buf` of apk_pkg_write_index_header: all lines of an entry but its lists, with their newlines. */
const maxHead = 2048
/** `tmp` of apk_deps_write: an item of a list, and before all but the first one a space. */
const maxItem = 256
/**
 * `buf` of apk_db_fdb_write has 5,120 bytes for the list, for the lines of the package's first
 * folder (up to 320) and for the name that the client has given the repository.
 */
const maxReplaces = 4096
/** A line of lib/apk/db/triggers begins with the package's identity; apk reads 128 KiB a line. */
const maxTriggers = 128 * 1024 - 31

/**
 * The fields that people write, each once: those of which one is too long.
 * @throws FormatError `invalid-field` with the longest of them
 */
export function checkEntryHead(entry: IndexEntry): void {
  const size = encodeUtf8(formatEntryHead(entry)).length
  if (size <= maxHead) return
  const [field, length] = longestOf({
    pkgdesc: entry.description,
    url: entry.url,
    license: entry.license,
    origin: entry.origin ?? '',
    maintainer: entry.maintainer ?? '',
    commit: entry.commit ?? '',
  })
  const message =
    `${field} in .PKGINFO has ${length} bytes, with which the index entry has ${size} beside its ` +
    `lists; apk writes at most ${maxHead} into its database: shorten it by ${size - maxHead}`
  throw new FormatError('invalid-field', message, { field })
}

function longestOf(fields: Readonly<Record<string, string>>): readonly [string, number] {
  const lengths = Object.entries(fields).map(([field, value]) => {
    return [field, encodeUtf8(value).length] as const
  })
  return lengths.reduce((longest, each) => (each[1] > longest[1] ? each : longest))
}

/** @throws FormatError `invalid-field` */
export function checkLists(info: PackageInfo): void {
  checkItems('depend', info.depends)
  checkItems('provides', info.provides)
  checkItems('install_if', info.installIf)
  checkWhole('replaces', info.replaces, maxReplaces)
  checkWhole('triggers', info.triggers, maxTriggers)
}

function checkItems(field: string, items: readonly string[]): void {
  for (const [index, item] of items.entries()) {
    const limit = index === 0 ? maxItem : maxItem - 1
    // Items are ASCII.
    if (item.length <= limit) continue
    const message =
      `${field} item ${quote(item)} has ${item.length} bytes; apk writes at most ${limit} of an ` +
      'item into its database: shorten it'
    throw new FormatError('invalid-field', message, { field })
  }
}

function checkWhole(field: string, items: readonly string[], limit: number): void {
  const size = encodeUtf8(items.join(' ')).length
  if (size <= limit) return
  const message = `${field} in .PKGINFO has ${size} bytes; apk can keep ${limit} in its database: shorten the list`
  throw new FormatError('invalid-field', message, { field })
}
