// Every format module throws this error, and its messages quote foreign text in this one way.

/**
 * - `truncated`: the input ends too early
 * - `corrupt`: a checksum or the compression does not hold
 * - `too-large`: a limit is passed
 * - `malformed`: the structure breaks a rule of the format
 * - `invalid-field`: one named field has a bad value
 * - `unsupported`: the input may be well-formed, but the registry does not accept its kind
 */
export type FormatErrorCode =
  | 'truncated'
  | 'corrupt'
  | 'too-large'
  | 'malformed'
  | 'invalid-field'
  | 'unsupported'

export interface FormatErrorDetails {
  /** The wrong field in the format's own spelling, such as `pkgver`. */
  readonly field?: string
  readonly cause?: unknown
}

/**
 * Input breaks a format. The message is one line for the author of the input: what is wrong, where,
 * what the rule is and what to do.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError'
  readonly code: FormatErrorCode
  readonly field?: string

  constructor(code: FormatErrorCode, message: string, details: FormatErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    if (details.field !== undefined) this.field = details.field
  }
}

/** The error for a structure that breaks a rule. `reason` says what is wrong, `remedy` what to do. */
export function malformed(reason: string, remedy: string): FormatError {
  return new FormatError('malformed', `${reason}: ${remedy}`)
}

/** The error for one wrong field, named in the format's own spelling. */
export function invalidField(field: string, reason: string, remedy: string): FormatError {
  return new FormatError('invalid-field', `${reason}: ${remedy}`, { field })
}

const quotedCharacters = 80

/**
 * Quotes foreign text for a message, on one line and at most 80 characters of it. It writes control,
 * format (zero-width and bidirectional) and unpaired surrogate characters as `\u{..}`.
 */
export function quote(value: string): string {
  // Cuts by code units first: splitting a megabyte into characters to keep 80 of them is wasteful.
  const characters = [...value.slice(0, quotedCharacters * 2 + 2)]
  const shown = characters.slice(0, quotedCharacters).join('')
  const ellipsis = characters.length > quotedCharacters ? '…' : ''
  return `"${shown.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacter)}${ellipsis}"`
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

/**
 * Finds the first character that must not reach a terminal or a page, written as `U+202E`. These are
 * control characters (escape sequences begin with one), line separators, byte-order marks, and the
 * bidirectional controls, which make text look like other text. Zero-width joiners are allowed:
 * some scripts need them.
 */
export function findUnprintable(value: string): string | undefined {
  const found = unprintable.exec(value)?.[0]
  if (found === undefined) return undefined
  return `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Writes these characters, except tabs and line ends, as `\u{202e}`, so that text looks as it is stored. */
export function escapeUnprintable(value: string): string {
  return value.replace(UNPRINTABLES, escapeCharacter)
}

const UNPRINTABLES = new RegExp(`(?![\\t\\n\\r])${unprintable.source}`, 'gu')
