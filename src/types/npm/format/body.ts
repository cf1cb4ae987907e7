// The body of PUT /{name}: JSON with the tarball in base64 at `_attachments/*/data`, or, without a tarball, the
// whole document with which `npm deprecate` sends back what it read.
import type { ByteSource } from '../../../formats/bytes.ts'
import { type JsonTreatment, readJsonStream } from '../../../formats/text/json-stream.ts'

/** Bytes beside the tarball: a manifest, its README twice, or what a deprecation says of 5,000 versions. */
export const MAX_KEPT = 4 * 1024 * 1024
/** Objects and lists beside the tarball; a manifest of a thousand dependencies has a few dozen. */
const MAX_BRACKETS = 100_000
const MAX_DEPTH = 100

/** Of the document's own members; what others say is known better here, or means nothing to a publish. */
const KEPT = ['name', '_rev', 'dist-tags', 'readme', 'readmeFilename']
/** Of each version but the first: a publish has one, and the others are those of a deprecation. */
const KEPT_OF_VERSION = ['name', 'version', 'deprecated']
const KEPT_OF_ATTACHMENT = ['content_type', 'length']

/**
 * The tarball's bytes; none if the body has no tarball.
 * @param take gets what the body says beside it, once it was read to its end
 * @throws FormatError, and what `take` throws
 */
export function readBody(source: ByteSource, take: (kept: unknown) => void): ByteSource {
  let first: string | undefined
  const limits = { maxKept: MAX_KEPT, maxBrackets: MAX_BRACKETS, maxDepth: MAX_DEPTH }
  const treatVersion = (version: string) => {
    first ??= version
    return version === first ? 'keep' : 'enter'
  }
  const treat = ([top = '', name, member]: readonly string[]): JsonTreatment => {
    if (top !== 'versions' && top !== '_attachments') return KEPT.includes(top) ? 'keep' : 'skip'
    if (name === undefined) return 'enter'
    if (member === undefined) return top === 'versions' ? treatVersion(name) : 'enter'
    if (top === 'versions') return KEPT_OF_VERSION.includes(member) ? 'keep' : 'skip'
    if (member === 'data') return isProvenance(name) ? 'skip' : 'decode'
    return KEPT_OF_ATTACHMENT.includes(member) ? 'keep' : 'skip'
  }
  return readJsonStream(source, { what: 'the body', ...limits, treat }, take)
}

/** What `npm publish --provenance` attaches beside the tarball, in JSON. */
export function isProvenance(attachment: string): boolean {
  return attachment.endsWith('.sigstore')
}
