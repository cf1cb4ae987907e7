// What `npm deprecate` sends: the package's document as the client read it, with a text in `deprecated` for each
// version that users are to be warned of, and an empty one where they are not any more.
import {
  type FormatError,
  findUnprintable,
  invalidField,
  quote,
} from '../../../formats/format-error.ts'
import {
  isJsonObject,
  type JsonObject,
  kindOf,
  memberOf,
  showValue,
  textOf,
} from '../../../formats/text/json-value.ts'

/** Bytes, as of any mark. */
const MAX_TEXT = 4096

export interface Deprecations {
  /** Of the document that the client read, if it says. */
  readonly revision: string | undefined
  /** By version as documents have it, the text; an empty one takes the deprecation away. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * What it says of versions, at least one; those with nothing in `deprecated` are not among them.
 * @param kept of a body without a tarball (body.ts)
 * @throws FormatError `invalid-field`
 */
export function parseDeprecations(kept: unknown, name: string): Deprecations {
  if (!isJsonObject(kept)) throw wrong('the body', kept, 'send the document of the package')
  const versions = memberOf(kept, 'versions')
  if (!isJsonObject(versions)) throw wrong('versions', versions, REMEDY)
  const found = memberOf(kept, 'name')
  if (found !== name) {
    const reason = `the path is that of ${quote(name)} and the body's name is ${showValue(found)}`
    throw invalidField('name', reason, 'make them the same')
  }
  const texts = Object.entries(versions).flatMap(([version, manifest]) => {
    if (!isJsonObject(manifest))
      throw wrong(`versions / ${quote(version)}`, manifest, 'send objects')
    const text = parseDeprecated(manifest, version)
    return text === undefined ? [] : [[version, text] as const]
  })
  // A publish that lost its tarball would be told that it was done.
  if (texts.length === 0) {
    const reason = 'the body has no tarball, and no version in it has a text in deprecated'
    throw invalidField('deprecated', reason, REMEDY)
  }
  return { revision: textOf(kept, '_rev'), texts: new Map(texts) }
}

const REMEDY = 'send a version with its tarball, or all versions to deprecate some'

/** @throws FormatError `invalid-field` */
export function parseDeprecated(manifest: JsonObject, version: string): string | undefined {
  const value = memberOf(manifest, 'deprecated')
  // Old clients wrote `false` into manifests.
  if (value === undefined || value === null || value === false) return undefined
  const what = `deprecated of ${quote(version)}`
  if (typeof value !== 'string') throw wrong(what, value, 'write a text')
  if (new TextEncoder().encode(value).length > MAX_TEXT) {
    throw invalidField('deprecated', `${what} is longer than ${MAX_TEXT} bytes`, 'shorten it')
  }
  // Clients print it on terminals.
  const sign = findUnprintable(value.replace(/[\n\t]/g, ' '))
  if (sign !== undefined)
    throw invalidField('deprecated', `${what} has the character ${sign}`, 'leave it out')
  return value
}

function wrong(what: string, value: unknown, remedy: string): FormatError {
  return invalidField('deprecated', `${what} is ${kindOf(value)}`, remedy)
}
