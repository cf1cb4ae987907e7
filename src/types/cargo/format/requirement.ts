// Requirements on versions as cargo reads them (the semver crate, src/parse.rs): comparators joined by
// commas, or a wildcard alone. What npm takes beside that, such as `||` and blanks for commas, is refused:
// cargo would leave out the whole version that has it.
import { FormatError, quote } from '../../../formats/format-error.ts'
import { parseSemver } from '../../../formats/semver.ts'
import { isNumber } from './version.ts'

/** Of the semver crate. */
const MAX_COMPARATORS = 32
/** Characters: 32 comparators with long pre-releases have room. */
const MAX_LENGTH = 2048

const OPERATORS = /^(?:[=~^]|[<>]=?)/

/**
 * The requirement as cargo itself writes it: `1.2` is `^1.2`, `>= 1,<2` is `>=1, <2`.
 * @throws FormatError `invalid-field`
 */
export function formatRequirement(text: string, field: string): string {
  const canonical = text.length > MAX_LENGTH ? undefined : findRequirement(text)
  if (canonical !== undefined) return canonical
  throw new FormatError(
    'invalid-field',
    `${field} is ${quote(text)}, which is no requirement that cargo reads: ${explain(text)}`,
    { field },
  )
}

function findRequirement(text: string): string | undefined {
  if (/^ *[*xX] *$/.test(text)) return '*'
  const parts = text.split(',')
  if (parts.length > MAX_COMPARATORS) return undefined
  const comparators = parts.map(formatComparator)
  return comparators.every((each) => each !== undefined) ? comparators.join(', ') : undefined
}

function formatComparator(text: string): string | undefined {
  const trimmed = text.replace(/^ +| +$/g, '')
  const operator = OPERATORS.exec(trimmed)?.[0] ?? ''
  const version = trimmed.slice(operator.length).replace(/^ +/, '')
  const [, major, minor, patch, tail = ''] =
    /^([0-9]+)(?:\.([0-9]+|[*xX]))?(?:\.([0-9]+|[*xX]))?([-+].*)?$/.exec(version) ?? []
  const given = [major, minor, patch].filter((part) => part !== undefined)
  if (major === undefined || !given.every((part) => isPart(part))) return undefined
  const wild = given.findIndex((part) => !isDigits(part))
  const numbers = wild < 0 ? given : given.slice(0, wild)
  // A number after a wildcard, and what belongs to a whole version alone.
  if (wild >= 0 && given.slice(wild).some(isDigits)) return undefined
  if (tail !== '' && numbers.length < 3) return undefined
  const prerelease = tail === '' ? '' : prereleaseOf(`${numbers.join('.')}${tail}`)
  if (prerelease === undefined) return undefined
  const shown = numbers.join('.') + prerelease
  if (operator !== '') return operator + shown
  return wild < 0 ? `^${shown}` : `${shown}.*`
}

/** With its dash; the build goes, as it has no part in what matches. */
function prereleaseOf(version: string): string | undefined {
  const parsed = parseSemver(version)
  if (parsed === undefined) return undefined
  return parsed.prerelease.length === 0 ? '' : `-${parsed.prerelease.join('.')}`
}

function isPart(part: string): boolean {
  return !isDigits(part) || (/^(?:0|[1-9][0-9]*)$/.test(part) && isNumber(part))
}

function isDigits(part: string): boolean {
  return /^[0-9]+$/.test(part)
}

function explain(text: string): string {
  if (text.length > MAX_LENGTH) return `it has more than ${MAX_LENGTH} characters`
  if (text.trim() === '') return 'write "*" where every version will do'
  if (text.split(',').length > MAX_COMPARATORS) return `use at most ${MAX_COMPARATORS} comparators`
  if (text.includes('||')) return 'cargo has no "||", write one range such as ">=1, <3"'
  if (text.includes(' - ')) return 'write a range with two comparators, such as ">=1, <2"'
  if (/[*xX] *,|, *[*xX]/.test(text)) return 'a wildcard stands alone, without a comma'
  if (/[0-9*] +[=<>~^0-9]/.test(text)) return 'join comparators by commas, such as ">=1, <2"'
  return 'use comparators such as "^1.2", "~1.2.3", ">=1, <2", "=1.2.3" or "1.*"'
}
