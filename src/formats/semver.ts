// Parses and orders versions by SemVer 2.0.0, as cargo and npm do. Numbers may have any length: cargo's
// have 64 bits, and the parts of a pre-release have no bound. A type checks for itself what its clients
// refuse beyond the standard, such as longer numbers.

export interface Semver {
  /** Decimal digits without a leading zero. */
  readonly major: string
  readonly minor: string
  readonly patch: string
  /** The identifiers of a pre-release; none for a release. */
  readonly prerelease: readonly string[]
  readonly build: readonly string[]
}

const NUMBER = '(?:0|[1-9][0-9]*)'
/** An identifier of digits alone has no leading zero. */
const PRERELEASE = `(?:${NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`
const BUILD = '[0-9A-Za-z-]+'
const VERSION = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})` +
    `(?:-(${PRERELEASE}(?:\\.${PRERELEASE})*))?(?:\\+(${BUILD}(?:\\.${BUILD})*))?$`,
)

/** Undefined for a text that breaks the grammar. Parsing repairs nothing, so `v1.0.0` and ` 1.0.0` break it. */
export function parseSemver(text: string): Semver | undefined {
  const [, major, minor, patch, prerelease, build] = VERSION.exec(text) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return { major, minor, patch, prerelease: split(prerelease), build: split(build) }
}

function split(identifiers: string | undefined): readonly string[] {
  return identifiers === undefined ? [] : identifiers.split('.')
}

export function isPrerelease({ prerelease }: Semver): boolean {
  return prerelease.length > 0
}

/** The version without build metadata, which has no part in precedence (SemVer 10). */
export function withoutBuild(version: string): string {
  return version.replace(/\+.*$/s, '')
}

/**
 * Makes a text whose order of bytes is the precedence of versions (SemVer 11), so that a database's
 * plain comparison finds the highest. Versions that differ only in their build have the same key.
 * It is ASCII, and for an ordinary version a few characters longer than the version.
 */
export function semverOrderKey({ major, minor, patch, prerelease }: Semver): string {
  const numbers = [major, minor, patch].map(numberKey).join('')
  return numbers + (prerelease.length === 0 ? RELEASE : prerelease.map(identifierKey).join(''))
}

// Signs that may follow the three numbers, lowest first. A list of identifiers is less than a longer list
// that begins with it, as a text is less than a longer text that begins with it.
const NUMERIC = '1'
const ALPHANUMERIC = '2'
const RELEASE = '3'
/** A sign less than every character of an identifier, so that `a` comes before `a-`. */
const END = ' '

function identifierKey(identifier: string): string {
  if (/^[0-9]+$/.test(identifier)) return NUMERIC + numberKey(identifier)
  return ALPHANUMERIC + identifier + END
}

/** A longer number is larger, so the count of digits goes before them, and before it the count of its own digits. */
function numberKey(digits: string): string {
  const count = String(digits.length)
  return `${count.length}${count}${digits}`
}
