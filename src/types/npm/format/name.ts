// Names of packages, by the rules that npm has for new ones (validate-npm-package-name): no capitals, so that
// two names never meet on a file system or in a URL.
import { FormatError, quote } from '../../../formats/format-error.ts'

/** Characters, scope included. */
export const MAX_NAME = 214
export const NAME_PATTERN = '^(?:@[a-z0-9-][a-z0-9-._]*/)?[a-z0-9-][a-z0-9-._]*$'

const NAME = new RegExp(NAME_PATTERN)
/** Folders and files that lie beside packages. */
const RESERVED = ['node_modules', 'favicon.ico']

/** @throws FormatError `invalid-field` */
export function parseName(text: string): string {
  // The paths of a registry itself are below a dash.
  const reserved = RESERVED.includes(text) || baseNameOf(text) === '-'
  if (NAME.test(text) && text.length <= MAX_NAME && !reserved) return text
  const rule = reserved
    ? 'this one is reserved, use another'
    : `use up to ${MAX_NAME} of a-z, 0-9, "-", "." and "_", not "." or "_" at the beginning, and ` +
      'perhaps a scope such as @my-team/ before it'
  const message = `the package name ${quote(text)} is not valid: ${rule}`
  throw new FormatError('invalid-field', message, { field: 'name' })
}

/** The part behind the scope, by which tarballs are called. */
export function baseNameOf(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}

/** Without its sign; `unscoped` as npm's search has it. */
export function scopeOf(name: string): string {
  return name.startsWith('@') ? name.slice(1, name.indexOf('/')) : 'unscoped'
}

/** As the tarball of a version is called in paths. */
export function tarballName(name: string, version: string): string {
  return `${baseNameOf(name)}-${version}.tgz`
}
