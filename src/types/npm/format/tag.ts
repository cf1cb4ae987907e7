// Tags: names such as `latest` that point at a version. Clients take `x@TAG` for a range if it reads as one
// (npm-package-arg, by node-semver's loose grammar), and take no characters in it that a URL would encode.
import { FormatError, quote } from '../../../formats/format-error.ts'

/** What `npm install x` takes. */
export const LATEST = 'latest'
export const MAX_TAG = 128
export const TAG_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$'

const TAG = new RegExp(TAG_PATTERN)
/** A little more than what is a range: one to three numbers or x, and whatever follows three of them. */
const RANGE = /^v*(?:\d+|x)(?:\.(?:\d+|x)(?:\.(?:\d+|x).*)?)?$/i

/** @throws FormatError `invalid-field` */
export function parseTag(text: string): string {
  if (!TAG.test(text) || text.length > MAX_TAG) {
    const rule = `use 1 to ${MAX_TAG} letters, digits, ".", "_" and "-", a letter or digit first`
    throw invalid(`the tag ${quote(text)} is not valid: ${rule}`)
  }
  if (!RANGE.test(text)) return text
  throw invalid(
    `the tag ${quote(text)} reads as a version or a range, so no client could ask for it: use a word such as "next"`,
  )
}

function invalid(message: string): FormatError {
  return new FormatError('invalid-field', message, { field: 'dist-tags' })
}
