// Names of packages and architectures. Neither apk checks them in listed packages, but they become
// paths and file names on clients, so the grammar of `apk mkpkg` (apk-tools src/package.c) holds
// here. Refuses names of other packaging systems for an architecture and says which one is meant.
import { FormatError, quote } from '../../../formats/format-error.ts'

/** apk 2 has 128 bytes for `name-version.xxxxxxxx.apk` in its cache. */
const maxNameAndVersion = 100
const maxArchitecture = 32

export function isPackageName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(text)
}

/** @throws FormatError `invalid-field` (pkgname) */
export function parsePackageName(text: string): string {
  if (isPackageName(text)) return text
  throw new FormatError(
    'invalid-field',
    `package name ${quote(text)} is not allowed: use ASCII letters, digits and . _ + - and begin ` +
      'with a letter or a digit',
    { field: 'pkgname' },
  )
}

/** @throws FormatError `invalid-field` (pkgname) when both are too long together */
export function checkNameAndVersion(name: string, version: string): void {
  if (name.length + 1 + version.length <= maxNameAndVersion) return
  throw new FormatError(
    'invalid-field',
    `package name and version ${quote(`${name}-${version}`)} have more than ` +
      `${maxNameAndVersion} characters, which apk 2 cannot store in its cache: shorten one of them`,
    { field: 'pkgname' },
  )
}

/** What other systems call an architecture, and what Alpine does. */
const foreignArchitectures: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['x86-64', 'x86_64'],
  ['arm64', 'aarch64'],
  ['armv8', 'aarch64'],
  ['386', 'x86'],
  ['i386', 'x86'],
  ['i486', 'x86'],
  ['i586', 'x86'],
  ['i686', 'x86'],
  ['arm', 'armv7 (or armhf for ARMv6)'],
  ['arm6', 'armhf'],
  ['armv6', 'armhf'],
  ['armv6l', 'armhf'],
  ['armel', 'armhf'],
  ['arm7', 'armv7'],
  ['armv7l', 'armv7'],
  ['armv7hl', 'armv7'],
  ['ppc64el', 'ppc64le'],
  ['powerpc64le', 'ppc64le'],
  ['loong64', 'loongarch64'],
  ['all', 'noarch'],
  ['any', 'noarch'],
])

/**
 * A word such as `x86_64`, `armv7` or `noarch`; new ones are taken, so that a new port needs no
 * change here.
 * @throws FormatError `invalid-field` (arch)
 */
export function parseArchitecture(text: string): string {
  const meant = foreignArchitectures.get(text.toLowerCase())
  if (meant !== undefined) throw badArchitecture(text, `Alpine calls it ${meant}`)
  if (/^[a-z0-9_]+$/.test(text) && text.length <= maxArchitecture) return text
  throw badArchitecture(
    text,
    `use Alpine's name (x86_64, aarch64, armv7, noarch …): at most ${maxArchitecture} lower-case ` +
      'letters, digits and _',
  )
}

function badArchitecture(text: string, remedy: string): FormatError {
  return new FormatError('invalid-field', `architecture ${quote(text)} is not known: ${remedy}`, {
    field: 'arch',
  })
}
