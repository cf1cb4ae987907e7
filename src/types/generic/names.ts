// PURE: the names of generic packages, as Forgejo and Gitea take them (routers/api/packages/generic),
// but with lengths, and without dots that a path would resolve or characters that a terminal obeys.
import { findIfNamed, ifNamed, type ResourceQuery } from '../../core/access/resource-query.ts'
import { RegistryError } from '../../core/errors.ts'
import {
  findVersionFile,
  nearVersionFile,
  type VersionFileName,
} from '../../core/packages/file-row.ts'
import { quote } from '../../formats/format-error.ts'
import type { Params } from '../../http/endpoint.ts'
import type { Schema } from '../../http/operation.ts'

/** Characters. */
const MAX_LENGTH = 255

export const TYPE = 'generic'
export const PACKAGE_PATH = '/api/packages/:owner/generic/:package'
export const FILE_PATH = `${PACKAGE_PATH}/:version/:file`

const NAME: Schema = { type: 'string', minLength: 1, maxLength: MAX_LENGTH }
export const PACKAGE_PARAMETERS = {
  package: {
    ...{ ...NAME, pattern: '^(?:[A-Za-z0-9]|[-_+.A-Za-z0-9]{2,})$', not: { const: '..' } },
    examples: ['handbook'],
  },
} as const
export const VERSION_PARAMETERS = {
  ...PACKAGE_PARAMETERS,
  version: {
    ...{ ...NAME, examples: ['2026-11'] },
    description: 'Printable, without a blank at either end; not "." or "..".',
  },
} as const
export const FILE_PARAMETERS = {
  ...VERSION_PARAMETERS,
  file: {
    ...{ ...NAME, pattern: '^[-_+=:;.()[\\]{}~!@#$%^& A-Za-z0-9]+$', examples: ['README.md'] },
    description: 'Without a blank at either end; not "." or "..".',
  },
} as const

export interface GenericNames {
  readonly packageName: string
  readonly version: string
  readonly fileName: string
}

const PACKAGE = /^[-_+.\w]+$/
const FILE = /^[-_+=:;.()[\]{}~!@#$%^& \w]+$/
/** Controls, what steers the direction of text, halves of characters, ends of lines. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** @throws RegistryError invalid-name */
export function parsePackageName(value: string): string {
  const alone = value.length === 1 && !/^[A-Za-z0-9]$/.test(value)
  if (PACKAGE.test(value) && !alone && value !== '..' && value.length <= MAX_LENGTH) return value
  const rule = 'letters, digits, ".", "_", "+" or "-", not ".." and no single sign'
  throw invalidName('package', value, rule)
}

/** @throws RegistryError invalid-name */
export function parseVersion(value: string): string {
  if (isFileSystemSafe(value) && !UNPRINTABLE.test(value)) return value
  throw invalidName(
    'version',
    value,
    'printable characters, no blank at either end, not "." or ".."',
  )
}

/** @throws RegistryError invalid-name */
export function parseFileName(value: string): string {
  if (isFileSystemSafe(value) && FILE.test(value)) return value
  const rule =
    'letters, digits, blanks and -_+=:;.()[]{}~!@#$%^&, no blank at either end, not "." or ".."'
  throw invalidName('file', value, rule)
}

/** @throws RegistryError invalid-name */
export function parseNames(params: Params): GenericNames {
  return {
    packageName: parsePackageName(params.package ?? ''),
    version: parseVersion(params.version ?? ''),
    fileName: parseFileName(params.file ?? ''),
  }
}

/** What names are found by: they match without case. */
export function foldName(name: string): string {
  return name.toLowerCase()
}

export function findFile(params: Params): ResourceQuery {
  return findIfNamed(() => findVersionFile(parseFile(params)))
}

export function nearFile(params: Params) {
  return ifNamed(() => nearVersionFile(parseFile(params)))
}

/** @throws RegistryError invalid-name */
function parseFile(params: Params): VersionFileName {
  const { packageName, version, fileName } = parseNames(params)
  return {
    type: TYPE,
    packageName: foldName(packageName),
    version: foldName(version),
    fileName: foldName(fileName),
  }
}

/** What to say when there is no such thing, down to what the path names. */
export function absent({ package: name, version, file }: Params): string {
  const shown = [name, version, file].filter((part) => part !== undefined).join('/')
  const kind = file !== undefined ? 'file' : version !== undefined ? 'version' : 'package'
  return `no such ${kind}: ${quote(shown)}`
}

function isFileSystemSafe(value: string): boolean {
  return (
    value.length >= 1 &&
    value.length <= MAX_LENGTH &&
    value.trim() === value &&
    value !== '.' &&
    value !== '..'
  )
}

function invalidName(kind: string, value: string, rule: string): RegistryError {
  const detail = `${kind} ${quote(value)} is not a valid name: use 1 to ${MAX_LENGTH} of ${rule}`
  return new RegistryError({ code: 'invalid-name', detail })
}
