// PURE: reads the grant of a new token from the fields of a JSON body or of a form. Refuses fields that would
// grant something else than their author meant.
import { quote } from '../../formats/format-error.ts'
import { invalidRequest, RegistryError } from '../errors.ts'
import { SCOPES, type Scope } from './principal.ts'
import { splitEntry, TYPES_WITHOUT_PREFIX } from './restriction.ts'
import type { TokenGrant } from './tokens.ts'

export const GRANT_NAMES = ['name', 'scopes', 'repositories', 'packages', 'expires_at'] as const

/** Entries of each list, at most. */
export const MAX_ENTRIES = 100
/** Characters of a package pattern after its type, at most. They are ASCII, so each is one byte. */
const MAX_PATTERN = 255
/** Characters of a package pattern without a type, at most. */
const MAX_UNTYPED_PATTERN = 100

/**
 * A package pattern after a type has the characters of names of npm (`@acme/tool`), Maven (`org.acme:tool`)
 * and Go (`example.com/~acme/tool`), and `*`.
 */
const TYPED_PATTERN = `[A-Za-z0-9._+*@/:~-]{1,${MAX_PATTERN}}`
const UNTYPED_PATTERN = `[A-Za-z0-9._+*-]{1,${MAX_UNTYPED_PATTERN}}`
const TYPED = new RegExp(`^${TYPED_PATTERN}$`)
const UNTYPED = new RegExp(`^${UNTYPED_PATTERN}$`)

/** A registered type, as a token can name it. */
export interface GrantableType {
  readonly type: string
  /**
   * Returns the name of a repository as rows have it; absent for types without repositories.
   * @throws RegistryError when no repository of the type can have the name
   */
  readonly parseRepository?: ((name: string) => string) | undefined
  /** Returns the form by which a package is found, for types whose names match without case; absent: the name as is. */
  readonly foldName?: ((name: string) => string) | undefined
}

/** The pattern of an entry of `packages`, for the API's document. */
export function packageEntryPattern(types: readonly GrantableType[]): string {
  const names = types.map(({ type }) => type).join('|')
  return `^(?:(?:${names}):${TYPED_PATTERN}|${UNTYPED_PATTERN})$`
}

/**
 * @param types all registered types
 * @throws RegistryError invalid-request
 */
export function parseGrant(
  body: Readonly<Record<string, unknown>>,
  types: readonly GrantableType[],
): TokenGrant {
  return {
    name: parseName(body.name),
    scopes: parseScopes(body.scopes),
    repositories: parseEntries(body.repositories, REPOSITORIES, types),
    packages:
      parseEntries(body.packages, PACKAGES, types)?.map((each) => foldEntry(each, types)) ?? null,
    expiresAt: parseExpiry(body.expires_at),
  }
}

/** Date.parse alone accepts many texts whose authors meant another time. */
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function parseName(value: unknown): string {
  if (typeof value === 'string' && /^[^\p{C}]{1,100}$/u.test(value)) return value
  throw invalidRequest('name is required: 1 to 100 printable characters')
}

function parseScopes(value: unknown): readonly Scope[] {
  const scopes = SCOPES.filter((scope) => Array.isArray(value) && value.includes(scope))
  if (Array.isArray(value) && value.length > 0 && scopes.length === value.length) return scopes
  throw invalidRequest('scopes is required: a list of "read", "write", "admin", each at most once')
}

interface EntryField {
  readonly field: string
  readonly example: string
  /** Why an entry is invalid, in words that follow the entry. Its type is a registered one or undefined. */
  readonly problemOf: (
    name: string,
    type: string | undefined,
    types: readonly GrantableType[],
  ) => string | undefined
}

const REPOSITORIES: EntryField = {
  field: 'repositories',
  example: 'alpine:v3.22/main',
  problemOf: (name, type, types) => {
    const meant = type === undefined ? TYPES_WITHOUT_PREFIX : [type]
    const parsers = types.flatMap(({ type, parseRepository }) =>
      meant.includes(type) && parseRepository !== undefined ? [parseRepository] : [],
    )
    if (parsers.length === 0) return `names ${type}, a type without repositories`
    const problems = parsers.map((parse) => repositoryProblem(parse, name))
    return problems.includes(undefined) ? undefined : problems.join('; ')
  },
}

const PACKAGES: EntryField = {
  field: 'packages',
  example: 'alpine:hello*',
  problemOf: (name, type, types) => {
    if (type !== undefined) {
      if (TYPED.test(name)) return undefined
      return `must have 1 to ${MAX_PATTERN} letters, digits or "._+*@/:~-" after its type`
    }
    if (UNTYPED.test(name)) return undefined
    const rule = `must be 1 to ${MAX_UNTYPED_PATTERN} letters, digits or "._+*-"`
    return `${rule}, or begin with its type and ":", of ${formatTypes(types)}`
  },
}

/**
 * Folds the pattern, since patterns are compared with folded names. A pattern in the publisher's own spelling,
 * such as `cargo:hello_world` for a crate that is found by `hello-world`, would never match.
 */
function foldEntry(entry: string, types: readonly GrantableType[]): string {
  const { type, name } = splitEntry(entry)
  const fold = types.find((each) => each.type === type)?.foldName
  return fold === undefined ? entry : `${type}:${fold(name)}`
}

/** A repository that its type stores in another form would never match, so the entry must have the stored form. */
function repositoryProblem(parse: (name: string) => string, name: string): string | undefined {
  try {
    const parsed = parse(name)
    return parsed === name ? undefined : `must be written as ${quote(parsed)}`
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return `cannot be: ${error.message}`
  }
}

function parseEntries(
  value: unknown,
  { field, example, problemOf }: EntryField,
  types: readonly GrantableType[],
): readonly string[] | null {
  if (value === undefined || value === null) return null
  const isText = (item: unknown): item is string => typeof item === 'string'
  const fits = Array.isArray(value) && value.length >= 1 && value.length <= MAX_ENTRIES
  if (!fits || !value.every(isText)) {
    throw invalidRequest(`${field} must be a list of 1 to ${MAX_ENTRIES} such as ${quote(example)}`)
  }
  for (const entry of value) {
    const { type, name } = splitEntry(entry)
    const known = type === undefined || types.some((each) => each.type === type)
    const problem = known
      ? problemOf(name, type, types)
      : `names no type before its first ":": use one of ${formatTypes(types)}, as in ${quote(example)}`
    if (problem !== undefined) throw invalidRequest(`${field}: ${quote(entry)} ${problem}`)
  }
  return value
}

function formatTypes(types: readonly GrantableType[]): string {
  return types.map(({ type }) => type).join(', ')
}

function parseExpiry(value: unknown): number | null {
  if (value === undefined || value === null) return null
  const time = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : Number.NaN
  if (time > Date.now()) return time
  throw invalidRequest('expires_at must be a time in the future, such as "2030-01-31T00:00:00Z"')
}
