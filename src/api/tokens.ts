// /api/v1/owners/{owner}/tokens: who may act for an owner. A token's text is shown once.
import type { Scope } from '../core/access/principal.ts'
import { SCOPES } from '../core/access/principal.ts'
import {
  type AccessToken,
  createToken,
  deleteToken,
  listTokens,
  type TokenGrant,
} from '../core/access/tokens.ts'
import { RegistryError } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'
import { type Endpoint, ownedEndpoint } from '../http/endpoint.ts'
import {
  jsonContent,
  listSchema,
  NO_CONTENT,
  nullable,
  objectSchema,
  type Schema,
  TEXT,
  TIME,
} from '../http/operation.ts'
import { readJsonObject } from '../http/request-body.ts'
import { formatTime, invalid, json, onlyFields } from './json.ts'
import { OWNER } from './owners.ts'
import { refuseRestricted } from './restricted.ts'

const TOKENS = `${OWNER}/tokens`

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\/[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/
const PACKAGE_PATTERN = /^[A-Za-z0-9._+*-]{1,100}$/
const MAX_PATTERNS = 100

const SCOPES_SCHEMA = {
  type: 'array',
  items: { type: 'string', enum: SCOPES },
  minItems: 1,
  uniqueItems: true,
} as const

function patternsSchema(pattern: RegExp, description: string): Schema {
  const items = { type: 'string', pattern: pattern.source }
  const list = { type: 'array', items, minItems: 1, maxItems: MAX_PATTERNS }
  return { ...nullable(list), description }
}

const GRANT_FIELDS = {
  name: { type: 'string', minLength: 1, maxLength: 100 },
  scopes: SCOPES_SCHEMA,
  repositories: patternsSchema(REPOSITORY, 'That it may write to; null for all.'),
  packages: patternsSchema(PACKAGE_PATTERN, 'Names that it may write; `*` is any text.'),
  expires_at: { ...nullable(TIME), description: 'In the future; null for never.' },
} as const

const GRANT_SCHEMA = objectSchema('NewToken', GRANT_FIELDS, ['name', 'scopes'])

const TOKEN_FIELDS = {
  id: TEXT,
  ...GRANT_FIELDS,
  created_at: TIME,
  last_used_at: { ...nullable(TIME), description: 'To the hour.' },
} as const

const TOKEN_SCHEMA = objectSchema('Token', TOKEN_FIELDS)

const NEW_TOKEN_SCHEMA = objectSchema('CreatedToken', {
  ...TOKEN_FIELDS,
  token: { ...TEXT, description: 'Shown this once.' },
})

export const tokenEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'GET',
    path: TOKENS,
    access: 'owner-admin',
    summary: "The owner's access tokens, without their texts",
    operation: {
      id: 'listTokens',
      tag: 'tokens',
      answers: { 200: { description: 'Tokens', content: jsonContent(listSchema(TOKEN_SCHEMA)) } },
    },
    handler: async ({ env, owner }) => json((await listTokens(env.DB, owner.id)).map(describe)),
  }),
  ownedEndpoint({
    method: 'POST',
    path: TOKENS,
    access: 'owner-admin',
    summary: 'Create an access token; its text is in this answer only',
    operation: {
      id: 'createToken',
      tag: 'tokens',
      body: jsonContent(GRANT_SCHEMA),
      answers: { 201: { description: 'Created', content: jsonContent(NEW_TOKEN_SCHEMA) } },
      faults: ['invalid-request', 'body-too-large', 'body-timeout'],
    },
    handler: async ({ request, env, owner, principal }) => {
      refuseRestricted(principal)
      const grant = parseGrant(await readJsonObject(request))
      const { token, text } = await createToken(env.DB, owner.id, grant)
      return json({ ...describe(token), token: text }, 201)
    },
  }),
  ownedEndpoint({
    method: 'DELETE',
    path: `${TOKENS}/:id`,
    access: 'owner-admin',
    summary: 'Revoke an access token at once',
    operation: {
      id: 'deleteToken',
      tag: 'tokens',
      path: { id: TEXT },
      answers: { 204: NO_CONTENT },
    },
    handler: async ({ env, owner, principal, params }) => {
      refuseRestricted(principal)
      if (await deleteToken(env.DB, owner.id, params.id ?? '')) {
        return new Response(null, { status: 204 })
      }
      // Not repeated: it may be the text of a token, by mistake.
      const detail = 'no token of this owner has this id: GET …/tokens lists the ids'
      throw new RegistryError({ code: 'not-found', detail })
    },
  }),
]

/** @throws RegistryError invalid-request */
function parseGrant(body: Readonly<Record<string, unknown>>): TokenGrant {
  onlyFields(body, ['name', 'scopes', 'repositories', 'packages', 'expires_at'])
  return {
    name: parseName(body.name),
    scopes: parseScopes(body.scopes),
    repositories: parsePatterns(body.repositories, 'repositories', REPOSITORY, 'v3.22/main'),
    packages: parsePatterns(body.packages, 'packages', PACKAGE_PATTERN, 'hello*'),
    expiresAt: parseExpiry(body.expires_at),
  }
}

/** Date.parse alone takes much that means something else to whoever wrote it. */
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function parseName(value: unknown): string {
  if (typeof value === 'string' && /^[^\p{C}]{1,100}$/u.test(value)) return value
  throw invalid('name is required: 1 to 100 printable characters')
}

function parseScopes(value: unknown): readonly Scope[] {
  const scopes = SCOPES.filter((scope) => Array.isArray(value) && value.includes(scope))
  if (Array.isArray(value) && value.length > 0 && scopes.length === value.length) return scopes
  throw invalid('scopes is required: an array of "read", "write", "admin", each at most once')
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
  throw invalid(`${field} must be an array of 1 to ${MAX_PATTERNS} such as ${quote(example)}`)
}

function parseExpiry(value: unknown): number | null {
  if (value === undefined || value === null) return null
  const time = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : Number.NaN
  if (time > Date.now()) return time
  throw invalid('expires_at must be a time in the future, such as "2030-01-31T00:00:00Z"')
}

function describe(token: AccessToken) {
  const { id, name, scopes, repositories, packages, expiresAt, createdAt, lastUsedAt } = token
  return {
    id,
    name,
    scopes,
    repositories,
    packages,
    expires_at: expiresAt === null ? null : formatTime(expiresAt),
    created_at: formatTime(createdAt),
    last_used_at: lastUsedAt === null ? null : formatTime(lastUsedAt),
  }
}
