// The one error of every format module, and the one way in which its messages quote foreign text.

/**
 * - `truncated`: the input ends too early
 * - `corrupt`: a checksum or the compression does not hold
 * - `too-large`: a limit is passed
 * - `malformed`: the structure breaks a rule of the format
 * - `invalid-field`: one named field has a bad value
 * - `unsupported`: well-formed perhaps, but of a kind that is not taken
 */
export type FormatErrorCode =
  | 'truncated'
  | 'corrupt'
  | 'too-large'
  | 'malformed'
  | 'invalid-field'
  | 'unsupported'

export interface FormatErrorDetails {
  /** The field that is wrong, in the format's own spelling (`pkgver`). */
  readonly field?: string
  readonly cause?: unknown
}

/**
 * Input that breaks a format. The message is one line for whoever made the input: what is wrong,
 * where, what the rule is and what to do about it.
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

/** Structure that breaks a rule: what is wrong, and what to do about it. */
export function malformed(reason: string, remedy: string): FormatError {
  return new FormatError('malformed', `${reason}: ${remedy}`)
}

/** A field that is wrong: likewise, and which one, in the format's own spelling. */
export function invalidField(field: string, reason: string, remedy: string): FormatError {
  return new FormatError('invalid-field', `${reason}: ${remedy}`, { field })
}

const quotedCharacters = 80

/**
 * Foreign text for a message: in quotes, on one line, at most 80 characters of it, with control,
 * format (zero-width and bidirectional) and unpaired surrogate characters written as `\u{..}`.
 */
export function quote(value: string): string {
  // Cut by code units first: splitting a megabyte into characters to keep 80 is wasteful.
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
 * The first character that must not reach a terminal or a page, as `U+202E`: control characters
 * (escape sequences begin with one), line separators, byte-order marks, and the bidirectional
 * controls that make text read as something else. Zero-width joiners are left alone: scripts need
 * them.
 */
export function findUnprintable(value: string): string | undefined {
  const found = unprintable.exec(value)?.[0]
  if (found === undefined) return undefined
  return `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Writes them, but for tabs and ends of lines, as `\u{202e}`: what is shown then reads as it is stored. */
export function escapeUnprintable(value: string): string {
  return value.replace(UNPRINTABLES, escapeCharacter)
}

const UNPRINTABLES = new RegExp(`(?![\\t\\n\\r])${unprintable.source}`, 'gu')
