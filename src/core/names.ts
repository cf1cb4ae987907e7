// The grammar of the names that come from outside and reach keys, paths and queries. A value of a
// type of this module has passed its parser; nothing else may be used in their place.
import { quote } from '../formats/format-error.ts'
import { RegistryError } from './errors.ts'

declare const validated: unique symbol
type Validated<K extends string> = string & { readonly [validated]: K }

export type OwnerName = Validated<'owner'>
export type PathName = Validated<'path'>

/** Names that the registry's own paths use. */
const RESERVED_OWNERS: ReadonlySet<string> = new Set(['api', 'favicon.ico', 'robots.txt'])

/** What a name may be, as patterns for the API's document too. */
export const OWNER_NAME_PATTERN = '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$'
export const PATH_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$'

const OWNER = new RegExp(OWNER_NAME_PATTERN)
const PATH_NAME = new RegExp(PATH_NAME_PATTERN)

/** The lower-case name of an owner, or undefined if no owner can be called that. */
export function findOwnerName(value: string): OwnerName | undefined {
  const name = value.toLowerCase()
  return OWNER.test(name) && !RESERVED_OWNERS.has(name) ? (name as OwnerName) : undefined
}

/**
 * The lower-case name of an owner: 1 to 40 letters, digits, `.`, `_` or `-`, a letter or digit at
 * both ends.
 * @throws RegistryError invalid-name
 */
export function parseOwnerName(value: string): OwnerName {
  const name = findOwnerName(value)
  if (name !== undefined) return name
  throw invalidName(
    'owner',
    value,
    'use 1 to 40 letters, digits, ".", "_" or "-" with a letter or digit at both ends ' +
      `(but none of ${[...RESERVED_OWNERS].join(', ')})`,
  )
}

/**
 * One segment of a path, of 1 to 64 characters.
 * @param kind what the segment names, for the text of a refusal
 * @throws RegistryError invalid-name
 */
export function parsePathName(kind: string, value: string): PathName {
  if (PATH_NAME.test(value)) return value as PathName
  throw invalidName(
    kind,
    value,
    'use 1 to 64 letters, digits, ".", "_", "+" or "-", beginning with a letter or digit',
  )
}

function invalidName(kind: string, value: string, rule: string): RegistryError {
  return new RegistryError({
    code: 'invalid-name',
    detail: `${kind} ${quote(value)} is not a valid name: ${rule}`,
  })
}
