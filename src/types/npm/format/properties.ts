// Which packages a version needs, as properties by which pages find who needs a package. Each is three rows
// written on D1, so that their number and their bytes are bounded.
import { isJsonObject, type JsonObject, memberOf } from '../../../formats/text/json-value.ts'

export const REQUIRES = 'npm.requires'
/** Nothing has it: a package is found by its own name alone. */
export const PROVIDES = 'npm.provides'

const MAX_NAMES = 128
const MAX_NAME_BYTES = 4096
/** Not those for its development, which nobody else installs. */
const FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies']

export function propertiesOf(
  manifest: JsonObject,
): readonly { readonly name: typeof REQUIRES; readonly value: string }[] {
  let bytes = 0
  return requiredNames(manifest)
    .slice(0, MAX_NAMES)
    .filter((name) => {
      bytes += new TextEncoder().encode(name).length
      return bytes <= MAX_NAME_BYTES
    })
    .map((value) => ({ name: REQUIRES, value }))
}

/** The names of packages, each once; of an alias that which it stands for. */
export function requiredNames(manifest: JsonObject): readonly string[] {
  const names = FIELDS.flatMap((field) => {
    const value = memberOf(manifest, field)
    return isJsonObject(value)
      ? Object.entries(value).map(([key, range]) => targetOf(key, range))
      : []
  })
  return [...new Set(names)]
}

/** `npm:` before a name means another package than the key says (npm-package-arg). */
export function targetOf(key: string, range: unknown): string {
  const [, target] = /^npm:(@?[^@]+)/.exec(typeof range === 'string' ? range : '') ?? []
  return target ?? key
}

/** A text or a list of texts; separated by commas. */
export function keywordsOf(manifest: JsonObject): string {
  const value = memberOf(manifest, 'keywords')
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.filter((each) => typeof each === 'string').join(', ')
}
