// /api/v1/owners: who has packages here, and who may see them.

import { refusalOf } from '../core/access/decide.ts'
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { parseOwnerName } from '../core/names.ts'
import { deleteOwner, listOwners, type Owner, parseVisibility, putOwner } from '../core/owners.ts'
import { QUANTITIES } from '../core/quota/quantities.ts'
import { limitsOfOwner, type OwnerQuota, parseLimits } from '../core/quota/quota.ts'
import { OWNER_QUOTA, readQuota } from '../core/quota/statements.ts'
import { isKeyBinding, loadKeySet, OWN_BINDING } from '../core/signing-keys.ts'
import { type Env, limitsOf, secretsOf } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { type Call, type Endpoint, type OwnedCall, ownedEndpoint } from '../http/endpoint.ts'
import {
  COUNT,
  jsonContent,
  listSchema,
  NO_CONTENT,
  nullable,
  objectSchema,
  TEXT,
  TIME,
  withExample,
} from '../http/operation.ts'
import { keysOf } from '../http/owner-keys.ts'
import { readJsonObject } from '../http/request-body.ts'
import { keyFileName, keyFilesByType } from '../types/registration.ts'
import { formatTime, json, onlyFields } from './json.ts'
import { PAGE_HEADERS, PAGE_QUERY, pageHeaders, parsePage } from './page.ts'

const OWNERS = '/api/v1/owners'
export const OWNER = `${OWNERS}/:owner`

const USE = objectSchema('QuotaUse', { used: COUNT, limit: COUNT })

const LIMITS_SCHEMA = objectSchema(
  'OwnerLimits',
  Object.fromEntries(QUANTITIES.map((each) => [each, COUNT])),
  [],
)

const OWNER_SCHEMA = objectSchema(
  'Owner',
  {
    name: TEXT,
    visibility: { type: 'string', enum: ['public', 'private'] },
    key_file: {
      ...TEXT,
      description: "The name of the public key that signs now, as Alpine's clients keep it.",
    },
    key_files: { ...listSchema(TEXT), description: 'Likewise of all keys that sign.' },
    key_files_by_type: {
      type: 'object',
      additionalProperties: listSchema(TEXT),
      description:
        'For each type whose clients keep public keys: the names of their files, the current one first.',
    },
    quota: {
      ...objectSchema('OwnerQuota', Object.fromEntries(QUANTITIES.map((each) => [each, USE]))),
      description: 'What it has and may have. In answers to its admins and the deployment admin.',
    },
    limits: {
      ...nullable(LIMITS_SCHEMA),
      description: 'Those of its own; null for none. Where `quota` is.',
    },
    created_at: { ...TIME, description: 'In answers to the deployment admin.' },
  },
  ['name', 'visibility', 'key_file', 'key_files', 'key_files_by_type'],
)

const SETTINGS_FIELDS = objectSchema(
  'NewOwnerSettings',
  {
    visibility: {
      type: 'string',
      enum: ['public', 'private'],
      description:
        'Places on the edge that were asked for files of an owner that is made private may answer them for `REMEMBER_SECONDS` and 5 seconds more.',
    },
    signing_key: {
      ...nullable({ type: 'string', pattern: OWN_BINDING.source }),
      description: "The secret that holds a key of its own; null for the deployment's.",
    },
    limits: {
      ...nullable(
        objectSchema(
          'NewOwnerLimits',
          Object.fromEntries(QUANTITIES.map((each) => [each, nullable(COUNT)])),
          [],
        ),
      ),
      description:
        "Instead of all limits of its own; what is null or left out is the deployment's. Absent: as it is.",
    },
  },
  ['visibility'],
)

const SETTINGS_SCHEMA = withExample(SETTINGS_FIELDS, { visibility: 'public' })

export const ownerEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: OWNERS,
    access: 'deployment-admin',
    summary: 'All owners by name',
    operation: {
      id: 'listOwners',
      tag: 'owners',
      query: PAGE_QUERY,
      answers: {
        200: {
          description: 'Owners',
          content: jsonContent(listSchema(OWNER_SCHEMA)),
          headers: PAGE_HEADERS,
        },
      },
      faults: ['invalid-request'],
    },
    handler: async ({ env, url }) => {
      const page = parsePage(url)
      const { owners, total } = await listOwners(env.DB, page)
      const list = owners.map((owner) => ({
        ...describe(env, owner),
        ...describeQuota(env, owner.quota),
      }))
      return json(list, 200, pageHeaders(url, page, { total }))
    },
  },
  {
    method: 'PUT',
    path: OWNER,
    access: 'deployment-admin',
    summary: 'Create an owner, or change its visibility, signing key or limits',
    operation: {
      id: 'putOwner',
      tag: 'owners',
      body: jsonContent(SETTINGS_SCHEMA),
      answers: {
        200: { description: 'It was there', content: jsonContent(OWNER_SCHEMA) },
        201: { description: 'Created', content: jsonContent(OWNER_SCHEMA) },
      },
      faults: ['invalid-name', 'invalid-request', 'body-too-large', 'body-timeout'],
    },
    handler: put,
  },
  ownedEndpoint<OwnerQuota>({
    method: 'GET',
    path: OWNER,
    access: 'read',
    countsReaders: true,
    resource: () => OWNER_QUOTA,
    summary:
      'An owner and the names of its key files; for its admins also what it has and may have',
    operation: {
      id: 'getOwner',
      tag: 'owners',
      answers: { 200: { description: 'The owner', content: jsonContent(OWNER_SCHEMA) } },
    },
    handler: async (call) => json(describeFor(call)),
  }),
  {
    method: 'DELETE',
    path: OWNER,
    access: 'deployment-admin',
    summary: 'Delete an owner that has no packages, with its tokens',
    operation: {
      id: 'deleteOwner',
      tag: 'owners',
      answers: { 204: NO_CONTENT },
      faults: ['not-found', 'owner-not-empty'],
    },
    handler: async ({ env, owner, params }) => {
      if (owner === undefined) {
        const detail = `no owner ${quote(params.owner ?? '')}`
        throw new RegistryError({ code: 'not-found', detail })
      }
      await deleteOwner(env.DB, owner.id, owner.name)
      return new Response(null, { status: 204 })
    },
  },
]

async function put(call: Call): Promise<Response> {
  const { env, params } = call
  const name = parseOwnerName(params.owner ?? '')
  const body = await readJsonObject(call)
  onlyFields(body, ['visibility', 'signing_key', 'limits'])
  const signingKey = parseSigningKey(body.signing_key)
  // Before the row exists: an owner whose key cannot be read could publish nothing.
  if (typeof signingKey === 'string') requireOwnKey(env, signingKey, name)
  const { owner, created } = await putOwner(env.DB, name, {
    visibility: parseVisibility(body.visibility),
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(body.limits === undefined ? {} : { limits: parseLimits(body.limits) }),
  })
  const headers: Record<string, string> = created ? { location: `${OWNERS}/${name}` } : {}
  const quota = await readQuota(env.DB, owner.id)
  const described = { ...describe(env, owner), ...(quota && describeQuota(env, quota)) }
  return json(described, created ? 201 : 200, headers)
}

function requireOwnKey(env: Env, binding: string, ownerName: string): void {
  try {
    loadKeySet(secretsOf(env), binding, ownerName)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.fault.code !== 'not-configured') throw error
    const remedy = `store it with "npx wrangler secret put ${binding}" first`
    throw invalidRequest(`signing_key cannot be used: ${error.fault.cause}; ${remedy}`)
  }
}

function parseSigningKey(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return value
  if (typeof value === 'string' && isKeyBinding(value)) return value
  throw invalidRequest(
    'signing_key must be the name of a secret SIGNING_KEY_…, or null for SIGNING_KEY',
  )
}

type Described = Pick<Owner, 'name' | 'visibility' | 'signingKey'> & { createdAt?: number }

/** Only an owner admin and the deployment admin see how much the owner has. */
function describeFor({ env, owner, principal, resource }: OwnedCall<OwnerQuota>) {
  const manages = refusalOf('owner-admin', principal, owner, owner.name) === undefined
  const shown = manages && resource !== undefined
  return { ...describe(env, owner), ...(shown ? describeQuota(env, resource) : {}) }
}

function describeQuota(env: Env, quota: OwnerQuota) {
  const limits = limitsOfOwner(limitsOf(env), quota)
  const use = QUANTITIES.map((each) => [each, { used: quota.used[each], limit: limits[each] }])
  const own = Object.keys(quota.limits).length === 0 ? null : quota.limits
  return { quota: Object.fromEntries(use), limits: own }
}

function describe(env: Env, owner: Described) {
  const { keys } = keysOf(env, owner)
  return {
    name: owner.name,
    visibility: owner.visibility,
    key_file: keyFileName(keys[0]),
    key_files: keys.map(keyFileName),
    key_files_by_type: keyFilesByType(keys),
    ...(owner.createdAt === undefined ? {} : { created_at: formatTime(owner.createdAt) }),
  }
}
