// /api/v1/owners/{owner}/tokens: who may act for an owner. A token's text is shown once.
import { GRANT_NAMES, MAX_ENTRIES, packageEntryPattern, parseGrant } from '../core/access/grant.ts'
import { SCOPES } from '../core/access/principal.ts'
import { refuseRestricted } from '../core/access/restricted.ts'
import { TYPES_WITHOUT_PREFIX } from '../core/access/restriction.ts'
import { type AccessToken, createToken, deleteToken, listTokens } from '../core/access/tokens.ts'
import { RegistryError } from '../core/errors.ts'
import { limitsOf } from '../env.ts'
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
  withExample,
} from '../http/operation.ts'
import { readJsonObject } from '../http/request-body.ts'
import { GRANTABLE_TYPES, REPOSITORY_ENTRY_PATTERN } from '../types/grantable.ts'
import { formatTime, json, onlyFields } from './json.ts'
import { OWNER } from './owners.ts'

const TOKENS = `${OWNER}/tokens`

const SCOPES_SCHEMA = {
  type: 'array',
  items: { type: 'string', enum: SCOPES },
  minItems: 1,
  uniqueItems: true,
} as const

function entriesSchema(pattern: string, description: string): Schema {
  const items = { type: 'string', pattern }
  const list = { type: 'array', items, minItems: 1, maxItems: MAX_ENTRIES }
  return { ...nullable(list), description }
}

const WITHOUT_TYPE = `Without a type it means ${TYPES_WITHOUT_PREFIX.join(' and ')} alone.`

const GRANT_FIELDS = {
  name: { type: 'string', minLength: 1, maxLength: 100 },
  scopes: SCOPES_SCHEMA,
  repositories: entriesSchema(
    REPOSITORY_ENTRY_PATTERN,
    `That it may write to, such as \`alpine:v3.22/main\`; null for all. ${WITHOUT_TYPE}`,
  ),
  packages: entriesSchema(
    packageEntryPattern(GRANTABLE_TYPES),
    `Names that it may write, and that its packages may claim beside their own, such as \`alpine:hello*\`; \`*\` is any text, null all. ${WITHOUT_TYPE}`,
  ),
  expires_at: {
    ...nullable(TIME),
    description: 'From then on the token is dead. In the future, with a time zone; null for never.',
  },
} as const

const GRANT_SCHEMA = withExample(objectSchema('NewToken', GRANT_FIELDS, ['name', 'scopes']), {
  ...{ name: 'ci', scopes: ['write'] },
  ...{ repositories: ['alpine:edge/main'], packages: ['alpine:hello*'] },
})

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
      faults: ['invalid-request', 'body-too-large', 'body-timeout', 'quota-exceeded'],
    },
    handler: async (call) => {
      const { env, owner } = call
      refuseRestricted(call.principal)
      const body = await readJsonObject(call)
      onlyFields(body, GRANT_NAMES)
      const grant = parseGrant(body, GRANTABLE_TYPES)
      const { token, text } = await createToken(env.DB, owner.id, grant, limitsOf(env))
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
      path: { id: withExample(TEXT, '0123456789abcdef0123456789abcdef') },
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
