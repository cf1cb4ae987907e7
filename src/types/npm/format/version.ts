// Versions as npm's clients take them: SemVer 2.0.0, and on top the bounds of JavaScript and of node-semver.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { parseSemver, type Semver } from '../../../formats/semver.ts'

/** Characters; node-semver refuses longer ones. */
export const MAX_VERSION = 256

/** Undefined for what node-semver refuses, and for what it repairs, such as `v1.0.0`. */
export function readVersion(text: string): Semver | undefined {
  const semver = text.length <= MAX_VERSION ? parseSemver(text) : undefined
  if (semver === undefined) return undefined
  const numbers = [semver.major, semver.minor, semver.patch]
  return numbers.every((digits) => Number.isSafeInteger(Number(digits))) ? semver : undefined
}

/** @throws FormatError `invalid-field` */
export function parseVersion(text: string): Semver {
  const semver = readVersion(text)
  if (semver !== undefined) return semver
  const rule = `use three numbers as in 1.0.0 or 1.0.0-beta.1 (SemVer 2.0.0), none with a zero before it or above ${Number.MAX_SAFE_INTEGER}, ${MAX_VERSION} characters in all`
  const message = `the version ${quote(text)} is not valid: ${rule}`
  throw new FormatError('invalid-field', message, { field: 'version' })
}
