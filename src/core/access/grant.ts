// PURE: what a new token may, from the fields of a JSON body or of a form. Refuses what would grant
// something else than was meant.
import { quote } from '../../formats/format-error.ts'
import { invalidRequest } from '../errors.ts'
import { SCOPES, type Scope } from './principal.ts'
import type { TokenGrant } from './tokens.ts'

export const GRANT_NAMES = ['name', 'scopes', 'repositories', 'packages', 'expires_at'] as const

const PART = '[A-Za-z0-9][A-Za-z0-9._+-]{0,63}'

/**
 * The names of repositories.
 * @param parts how many parts they have, by their types
 */
export function repositoryPattern(parts: Iterable<number>): RegExp {
  const forms = [...new Set(parts)].map((count) => Array(count).fill(PART).join('\\/'))
  return new RegExp(`^(?:${forms.join('|')})$`)
}

export const PACKAGE_PATTERN = /^[A-Za-z0-9._+*-]{1,100}$/
export const MAX_PATTERNS = 100

/**
 * @param repository the names of repositories that there can be
 * @throws RegistryError invalid-request
 */
export function parseGrant(
  body: Readonly<Record<string, unknown>>,
  repository: RegExp,
): TokenGrant {
  return {
    name: parseName(body.name),
    scopes: parseScopes(body.scopes),
    repositories: parsePatterns(body.repositories, 'repositories', repository, 'v3.22/main'),
    packages: parsePatterns(body.packages, 'packages', PACKAGE_PATTERN, 'hello*'),
    expiresAt: parseExpiry(body.expires_at),
  }
}

/** Date.parse alone takes much that means something else to whoever wrote it. */
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

function parsePatterns(
  value: unknown,
  field: string,
  form: RegExp,
  example: string,
): readonly string[] | null {
  if (value === undefined || value === null) return null
  const good = (item: unknown): item is string => typeof item === 'string' && form.test(item)
  if (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MAX_PATTERNS &&
    value.every(good)
  ) {
    return value
  }
  throw invalidRequest(`${field} must be a list of 1 to ${MAX_PATTERNS} such as ${quote(example)}`)
}

function parseExpiry(value: unknown): number | null {
  if (value === undefined || value === null) return null
  const time = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : Number.NaN
  if (time > Date.now()) return time
  throw invalidRequest('expires_at must be a time in the future, such as "2030-01-31T00:00:00Z"')
}
