// Package versions: grammar and order as in apk-tools 3 (src/version.c). Refuses what apk 3 refuses
// and says how to write it instead. `~hash` is taken: apk 2 cannot sort it, but lists and installs
// such a package, and refusing it would keep out what apk 3 calls valid.
import { FormatError, quote } from '../../../formats/format-error.ts'

/** In the order in which they may follow each other; the numbers decide between unequal kinds. */
const kind = {
  first: 0,
  number: 1,
  letter: 2,
  suffix: 3,
  suffixNumber: 4,
  hash: 5,
  revision: 6,
  end: 7,
  invalid: 8,
} as const

type Kind = (typeof kind)[keyof typeof kind]

interface Token {
  readonly kind: Kind
  readonly value: string
}

/** Those before `none` make a version earlier than the one without them. */
const suffixes = ['alpha', 'beta', 'pre', 'rc', 'none', 'cvs', 'svn', 'git', 'hg', 'p']
const noSuffix = suffixes.indexOf('none')

const grammar =
  'numbers joined by dots, one letter if need be, suffixes such as _alpha _beta _pre _rc _git _p ' +
  'with a number each, then -r and a number: 1.2.3_rc1-r0'

export function isVersion(text: string): boolean {
  return tokenize(text).at(-1)?.kind === kind.end
}

/**
 * The text itself, if it is a version.
 * @param builtAt unix seconds, for the date in what the message proposes
 * @throws FormatError `invalid-field` (pkgver)
 */
export function parseVersion(text: string, builtAt?: number): string {
  if (isVersion(text)) return text
  const proposal = suggestVersion(text, builtAt)
  const remedy = proposal === undefined ? `write ${grammar}` : `use ${proposal}`
  const message = `version ${quote(text)} is not an apk version: ${remedy}`
  throw new FormatError('invalid-field', message, { field: 'pkgver' })
}

/** Negative, zero or positive. Texts that are no versions compare by the part that is one. */
export function compareVersions(a: string, b: string): number {
  return compareTokens(a, b, false)
}

/** Whether the version is the prefix or continues it, as `3.6.1` does `3.6`: apk's `~`. */
export function fuzzyMatch(version: string, prefix: string): boolean {
  return compareTokens(version, prefix, true) === 0
}

/**
 * The place of a version among others. Compared byte by byte, the keys are in the order of the versions, and equal
 * where these are (`1.0-r0` and `1.0-r00`). Nothing is a prerelease: apk installs the highest, whatever its suffix.
 */
export function versionOrder(version: string) {
  const key = tokenize(version).map(tokenKey).join('')
  return { key, prerelease: false }
}

/** A letter for the kind of token, but for the first, and the value in a form that ends by itself. */
function tokenKey({ kind: of, value }: Token): string {
  switch (of) {
    case kind.first:
      return numberKey(value)
    case kind.number:
      // As a decimal fraction, which is less than every number without a zero in front.
      return value.startsWith('0') ? `O${value}!` : `O${numberKey(value)}`
    case kind.letter:
      return `N${value}`
    case kind.suffix:
      return 'ABCD_IJKLM'.charAt(suffixes.indexOf(value))
    case kind.suffixNumber:
      return `H${numberKey(value)}`
    case kind.hash:
      return `G${value}!`
    case kind.revision:
      return `F${numberKey(value)}`
    default:
      // What lets a version come before its own beginning, A to D, is less; all other kinds are more.
      return 'E'
  }
}

/** How many digits the number of digits has, that number, and the digits. */
function numberKey(digits: string): string {
  const value = digits.replace(/^0+/, '')
  const length = String(value.length)
  return `${length.length}${length}${value}`
}

function compareTokens(a: string, b: string, fuzzy: boolean): number {
  const left = tokenize(a)
  const right = tokenize(b)
  for (let index = 0; ; index += 1) {
    const x = left[index]
    const y = right[index]
    // Every list ends with a token that the other either lacks or equals.
    if (x === undefined || y === undefined) return 0
    if (x.kind !== y.kind) return compareKinds(x, y, fuzzy)
    if (x.kind >= kind.end) return 0
    const order = compareValues(x, y)
    if (order !== 0) return order
  }
}

function compareKinds(x: Token, y: Token, fuzzy: boolean): number {
  if (fuzzy && y.kind === kind.end) return 0
  if (isPreSuffix(x)) return -1
  if (isPreSuffix(y)) return 1
  return y.kind - x.kind
}

function isPreSuffix(token: Token): boolean {
  return token.kind === kind.suffix && suffixes.indexOf(token.value) < noSuffix
}

function compareValues(x: Token, y: Token): number {
  switch (x.kind) {
    case kind.number:
      // As a decimal fraction: 1.02 is less than 1.1.
      if (x.value.startsWith('0') || y.value.startsWith('0')) return compareText(x.value, y.value)
      return compareNumbers(x.value, y.value)
    case kind.letter:
    case kind.hash:
      return compareText(x.value, y.value)
    case kind.suffix:
      return suffixes.indexOf(x.value) - suffixes.indexOf(y.value)
    default:
      return compareNumbers(x.value, y.value)
  }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Digits of any length: dates with a time do not fit into a double. */
function compareNumbers(a: string, b: string): number {
  const x = a.replace(/^0+/, '')
  const y = b.replace(/^0+/, '')
  return x.length - y.length || compareText(x, y)
}

const first = /^[0-9]+/
const followers: readonly {
  readonly kind: Kind
  readonly pattern: RegExp
  readonly after: (previous: Kind) => boolean
}[] = [
  { kind: kind.number, pattern: /^\.([0-9]+)/, after: (previous) => previous <= kind.number },
  { kind: kind.letter, pattern: /^([a-z])/, after: (previous) => previous <= kind.number },
  {
    kind: kind.suffix,
    pattern: /^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(?![a-z])/,
    after: (previous) => previous <= kind.suffixNumber,
  },
  { kind: kind.suffixNumber, pattern: /^([0-9]+)/, after: (previous) => previous === kind.suffix },
  { kind: kind.hash, pattern: /^~([0-9a-f]+)/, after: (previous) => previous < kind.hash },
  { kind: kind.revision, pattern: /^-r([0-9]+)/, after: (previous) => previous < kind.revision },
]

/** Tokens and, as the last one, `end` or `invalid`. */
function tokenize(text: string): readonly Token[] {
  const start = first.exec(text)?.[0]
  if (start === undefined) return [{ kind: kind.invalid, value: '' }]
  const tokens: Token[] = [{ kind: kind.first, value: start }]
  let rest = text.slice(start.length)
  let previous: Kind = kind.first
  while (rest !== '') {
    const follower = followers.find((each) => each.after(previous) && each.pattern.test(rest))
    const match = follower?.pattern.exec(rest)
    if (follower === undefined || !match) {
      tokens.push({ kind: kind.invalid, value: '' })
      return tokens
    }
    tokens.push({ kind: follower.kind, value: match[1] ?? '' })
    rest = rest.slice(match[0].length)
    previous = follower.kind
  }
  tokens.push({ kind: kind.end, value: '' })
  return tokens
}

/**
 * How people write versions elsewhere (SemVer, Maven, Python, git describe, Debian), rewritten step
 * by step into apk's grammar; undefined when the result still is none.
 */
export function suggestVersion(text: string, builtAt?: number): string | undefined {
  if (text.length > 100) return undefined
  const rewritten = text
    .trim()
    .toLowerCase()
    .replace(/^[0-9]+:/, '')
    .replace(/^v(?:er(?:sion)?)?[-. ]?(?=[0-9])/, '')
    .replace(/[-+]p?[a-z]*[.-]?([0-9]+)(?=-r[0-9]+$|$)/, renameBuild)
    .replace(/\+.*?(?=-r[0-9]+$|$)/, `_git${formatDay(builtAt)}`)
    .replace(/(-r[0-9]+)-.*$/, '$1')
    .replace(/[-._]?(?:snapshot|nightly|dev).*?(?=-r[0-9]+$|$)/, `_git${formatDay(builtAt)}`)
    .replace(/-([0-9]+)-g[0-9a-f]{4,}/, '_p$1')
    .replace(/[-._~]?(alpha|beta|preview|pre|rc)[-._]?([0-9]*)/, renameSuffix)
    .replace(/(?<=[0-9])(a|b)(?=[0-9])/, (letter) => (letter === 'a' ? '_alpha' : '_beta'))
    .replace(/[-._]post([0-9]*)/, '_p$1')
    .replace(/(?<=[0-9])p([0-9]+)/, '_p$1')
    .replace(/(?<=[0-9][a-z])([0-9]+)(?=-r[0-9]+$|$)/, '_p$1')
    .replace(/(?:-r?|_)([0-9]+)$/, '-r$1')
    .replace(/-r$/, '-r0')
    .replace(/[-._]+$/, '')
  return isVersion(rewritten.replace('yyyymmdd', '')) ? rewritten : undefined
}

/**
 * A build of a version (SemVer's `+build5`, and `-pbuild5`, which nfpm makes of it) comes after the
 * version and before the next build, as a patch does. `-r2`, `-rc2` and `-2` mean something else.
 */
function renameBuild(match: string, number: string): string {
  return match.startsWith('+') || (match.startsWith('-p') && !match.startsWith('-pre'))
    ? `_p${number}`
    : match
}

function renameSuffix(_match: string, name: string, number: string): string {
  return `_${name === 'preview' ? 'pre' : name}${number}`
}

/** The UTC day as 20260102, or the letters that ask for one. */
function formatDay(seconds: number | undefined): string {
  if (!seconds || seconds > 253_402_300_799) return 'yyyymmdd'
  return new Date(seconds * 1000).toISOString().slice(0, 10).replaceAll('-', '')
}
