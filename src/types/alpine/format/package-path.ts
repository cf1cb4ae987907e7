// Paths and link targets as Linux and apk can make them. Lengths are bytes. Where
// one is too long, apk fails in the middle of an installation or an upgrade.
import { Buffer } from 'node:buffer'
import type { TarEntry } from '../../../formats/archive/tar-entry.ts'
import { FormatError, findUnprintable, malformed, quote } from '../../../formats/format-error.ts'

/** NAME_MAX of Linux. */
const maxSegment = 255
/** Of a configuration that was changed, apk puts the new one beside it, with `.apk-new` after it. */
const maxConfiguration = maxSegment - '.apk-new'.length
/** apk stops ten bytes before PATH_MAX of Linux (apk-tools src/tar.c). */
const maxTarget = 4085

/**
 * The path without a slash at its end. apk calls a package with an unsafe one malicious.
 * @throws FormatError
 */
export function checkPath(entry: TarEntry, maxPath: number): string {
  const path = entry.type === 'directory' ? entry.name.replace(/\/$/, '') : entry.name
  if (Buffer.byteLength(path) > maxPath) {
    // apk unpacks a file under another name, which is up to 54 bytes longer.
    throw tooLong(`the path ${quote(path)}`, maxPath)
  }
  if (findUnprintable(path) !== undefined) {
    throw malformed(`the path ${quote(path)} holds a control character`, 'rename it')
  }
  const segments = path.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw malformed(
      `the path ${quote(entry.name)} is not safe`,
      'paths are relative to / and have no leading slash or "./", no "..", and no empty part',
    )
  }
  const limit = segments[0] === 'etc' && segments.length > 1 ? maxConfiguration : maxSegment
  for (const segment of segments) checkSegment(segment, path, limit)
  if (segments[0] === 'uvol' && (segments.length > 1 || entry.type !== 'directory')) {
    throw malformed(`apk takes ${quote(path)} for a volume of OpenWrt's uvol`, 'rename "uvol"')
  }
  return path
}

function checkSegment(segment: string, path: string, limit: number): void {
  // Three bytes at most for each UTF-16 unit: most names need not be measured.
  const length = segment.length * 3 > limit ? Buffer.byteLength(segment) : 0
  if (length > limit) {
    const beside = limit === maxSegment ? '' : ', since apk adds .apk-new to it below etc/'
    throw tooLong(`the name ${quote(segment)} in the path ${quote(path)}`, limit, beside)
  }
  // As apk itself calls files while it unpacks them: of 53 bytes, whatever the rest is.
  if (!segment.startsWith('.apk.') || Buffer.byteLength(segment) !== 53) return
  throw malformed(`apk takes ${quote(path)} for a temporary file of its own`, 'rename it')
}

/** @throws FormatError */
export function checkLinkTarget({ type, linkName }: TarEntry, path: string): void {
  if (findUnprintable(linkName) !== undefined) {
    const what = `the link ${quote(path)} points to ${quote(linkName)}, which`
    throw malformed(`${what} holds a control character`, 'rename it')
  }
  if (type === 'symlink' && linkName === '') {
    throw malformed(`the symbolic link ${quote(path)} has no target`, 'give it one')
  }
  if (Buffer.byteLength(linkName) <= maxTarget) return
  throw tooLong(`the target ${quote(linkName)} of the link ${quote(path)}`, maxTarget)
}

function tooLong(what: string, limit: number, reason = ''): FormatError {
  const verb = what.startsWith('all ') ? 'have' : 'has'
  return new FormatError(
    'too-large',
    `${what} ${verb} more than ${limit} bytes${reason}: shorten it`,
  )
}
