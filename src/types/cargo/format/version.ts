// Versions of crates: SemVer 2.0.0 with numbers of 64 bits, as cargo reads them. A version that cargo does
// not read is left out of every list without a word, so it is refused here.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { parseSemver, type Semver } from '../../../formats/semver.ts'

/** As in the public Rust registry. */
const MAX_LENGTH = 150
const MAX_NUMBER = 2n ** 64n - 1n

/** Undefined for what cargo does not read. */
export function findCrateVersion(text: string): Semver | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const version = parseSemver(text)
  if (version === undefined) return undefined
  return [version.major, version.minor, version.patch].every(isNumber) ? version : undefined
}

/** Whether decimal digits say a number of 64 bits. */
export function isNumber(digits: string): boolean {
  return digits.length < 20 || (digits.length === 20 && BigInt(digits) <= MAX_NUMBER)
}

/** @throws FormatError `invalid-field` */
export function parseCrateVersion(text: string, field: string): Semver {
  const version = findCrateVersion(text)
  if (version !== undefined) return version
  throw new FormatError('invalid-field', `${field} is ${quote(text)}: ${explain(text)}`, { field })
}

function explain(text: string): string {
  if (text.length > MAX_LENGTH) return `it has more than ${MAX_LENGTH} characters, shorten it`
  if (parseSemver(text) !== undefined) return `a number in it is larger than ${MAX_NUMBER}`
  const proposal = propose(text)
  const rule = 'it has to be a version by SemVer 2.0.0'
  return proposal === undefined ? `${rule}, such as 1.0.0 or 1.0.0-rc.1` : `${rule}: ${proposal}`
}

/** The version that was probably meant. */
function propose(text: string): string | undefined {
  const [, numbers = '', tail = ''] = /^v?([0-9]+(?:\.[0-9]+){0,2})([-+].*)?$/.exec(text) ?? []
  if (numbers === '') return undefined
  const parts = [...numbers.split('.'), '0', '0'].slice(0, 3)
  const proposal = parts.map((part) => part.replace(/^0+(?=.)/, '')).join('.') + tail
  return findCrateVersion(proposal) === undefined ? undefined : proposal
}

/**
 * A version of Rust as `rust-version` has it: one to three numbers. Cargo takes no pre-release and no
 * operator there (cargo-util-schemas/src/manifest/rust_version.rs).
 */
export function isRustVersion(text: string): boolean {
  const numbers = text.split('.')
  return (
    numbers.length <= 3 &&
    numbers.every((each) => /^(?:0|[1-9][0-9]*)$/.test(each) && isNumber(each))
  )
}
