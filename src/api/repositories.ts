// …/repositories: what an owner has, how each is, and what is settled for one as a whole.
import { refuseRestricted } from '../core/access/restricted.ts'
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { listingReader } from '../core/packages/reader.ts'
import {
  type FoundRepository,
  findRepository,
  listRepositories,
  type RepositoryDetail,
} from '../core/packages/repositories.ts'
import {
  declareImmutable,
  deleteRepository,
  type RepositorySettings,
} from '../core/repositories.ts'
import { limitsOf } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../http/endpoint.ts'
import {
  COUNT,
  digestSchema,
  jsonContent,
  listSchema,
  NO_CONTENT,
  nullable,
  objectSchema,
  TEXT,
  TIME,
  withExample,
} from '../http/operation.ts'
import { readJsonObject } from '../http/request-body.ts'
import { packageTypes } from '../types/registration.ts'
import type { PackageType, RepositoryNaming } from '../types/type.ts'
import { formatTime, json, onlyFields } from './json.ts'
import { OWNER } from './owners.ts'
import { PAGE_HEADERS, PAGE_QUERY, pageHeaders, parsePage } from './page.ts'
import { repositoryPath } from './repository-path.ts'

const REPOSITORY_FIELDS = {
  type: TEXT,
  name: TEXT,
  url: { type: 'string', format: 'uri', description: 'In this API.' },
  head: { ...TEXT, description: 'Names the last commit; another one after each.' },
  revision: { ...COUNT, description: 'Counts the commits.' },
  immutable: { type: 'boolean' },
  created_at: TIME,
  changed_at: { ...nullable(TIME), description: 'Of the last commit.' },
} as const

const REPOSITORY_SCHEMA = objectSchema('Repository', REPOSITORY_FIELDS)

const INDEX_FILE_SCHEMA = objectSchema('RepositoryIndexFile', {
  path: { ...TEXT, description: 'Within the repository.' },
  size: { ...COUNT, description: 'Bytes.' },
  sha256: digestSchema(64),
  changed_at: TIME,
})

const CHANGE_SCHEMA = objectSchema('RepositoryChange', {
  revision: COUNT,
  op: { type: 'string', enum: ['publish', 'remove', 'reindex'] },
  file_name: nullable(TEXT),
  architecture: nullable(TEXT),
  created_at: TIME,
})

const DETAIL_SCHEMA = objectSchema('RepositoryDetail', {
  ...REPOSITORY_FIELDS,
  indexes: listSchema(INDEX_FILE_SCHEMA),
  changes: { ...listSchema(CHANGE_SCHEMA), description: 'The last 20, newest first.' },
})

const SETTINGS_SCHEMA = objectSchema('RepositorySettings', {
  name: TEXT,
  immutable: { type: 'boolean' },
  revision: COUNT,
})

export const repositoryEndpoints: readonly Endpoint[] = [
  ownedEndpoint({
    method: 'GET',
    path: `${OWNER}/repositories`,
    access: 'read',
    countsReaders: true,
    summary: "An owner's repositories by type and name",
    operation: {
      id: 'listRepositories',
      tag: 'repositories',
      query: PAGE_QUERY,
      answers: {
        200: {
          description: 'Repositories',
          content: jsonContent(listSchema(REPOSITORY_SCHEMA)),
          headers: PAGE_HEADERS,
        },
      },
      faults: ['invalid-request'],
    },
    handler: list,
  }),
  ...packageTypes.flatMap(({ type, repositories }: PackageType) =>
    repositories === undefined
      ? []
      : [
          detailEndpoint(type, repositories),
          settingsEndpoint(type, repositories),
          deletionEndpoint(type, repositories),
        ],
  ),
]

function detailEndpoint(type: string, naming: RepositoryNaming): Endpoint {
  return ownedEndpoint({
    method: 'GET',
    path: `${OWNER}/repositories/${type}/${naming.path}`,
    access: 'read',
    countsReaders: true,
    summary: 'A repository with its index files and last changes',
    operation: {
      id: operationId('get', type, 'Repository'),
      tag: 'repositories',
      path: naming.parameters,
      answers: { 200: { description: 'The repository', content: jsonContent(DETAIL_SCHEMA) } },
      faults: ['invalid-name'],
    },
    handler: (call) => get(call, type, naming),
  })
}

function settingsEndpoint(type: string, naming: RepositoryNaming): Endpoint {
  return ownedEndpoint({
    method: 'PUT',
    path: `${OWNER}/repositories/${type}/${naming.path}`,
    access: 'owner-admin',
    summary: 'Declare a repository immutable, for good',
    operation: {
      id: operationId('declare', type, 'RepositoryImmutable'),
      tag: 'repositories',
      path: naming.parameters,
      body: jsonContent(
        withExample(objectSchema('NewRepositorySettings', { immutable: { const: true } }), {
          immutable: true,
        }),
      ),
      answers: { 200: { description: 'What is settled', content: jsonContent(SETTINGS_SCHEMA) } },
      faults: [
        ...(['invalid-name', 'invalid-request', 'body-too-large', 'body-timeout'] as const),
        'quota-exceeded',
      ],
    },
    handler: (call) => put(call, type, naming),
  })
}

function deletionEndpoint(type: string, naming: RepositoryNaming): Endpoint {
  return ownedEndpoint({
    method: 'DELETE',
    path: `${OWNER}/repositories/${type}/${naming.path}`,
    access: 'owner-admin',
    summary: 'Delete a repository that holds no files',
    operation: {
      id: operationId('delete', type, 'Repository'),
      tag: 'repositories',
      path: naming.parameters,
      answers: { 204: NO_CONTENT },
      faults: ['invalid-name', 'repository-not-empty'],
    },
    handler: async ({ env, owner, params, principal }) => {
      refuseRestricted(principal)
      await deleteRepository(env.DB, owner.id, type, naming.parseName(params))
      return new Response(null, { status: 204 })
    },
  })
}

/** `getAlpineRepository` of `get`, `alpine` and `Repository`. */
export function operationId(verb: string, type: string, what: string): string {
  return `${verb}${type.slice(0, 1).toUpperCase()}${type.slice(1)}${what}`
}

async function list({ env, owner, url }: OwnedCall): Promise<Response> {
  const page = parsePage(url)
  const reader = listingReader(env.DB, owner.visibility)
  const { repositories, total } = await listRepositories(reader, { ownerId: owner.id }, page)
  const found = repositories.map((each) => describe(url, owner.name, each))
  return json(found, 200, pageHeaders(url, page, { total }))
}

async function get(call: OwnedCall, type: string, naming: RepositoryNaming): Promise<Response> {
  const { env, owner, params, url } = call
  const name = naming.parseName(params)
  const found = await findRepository(env.DB, { ownerId: owner.id, type, name })
  if (found !== undefined) return json(describeDetail(url, owner.name, found))
  throw new RegistryError({
    code: 'not-found',
    detail: `no such repository: ${quote(`${owner.name}/${name}`)}`,
  })
}

async function put(call: OwnedCall, type: string, naming: RepositoryNaming): Promise<Response> {
  const { env, owner, params, principal } = call
  refuseRestricted(principal)
  const name = naming.parseName(params)
  const body = await readJsonObject(call)
  onlyFields(body, ['immutable'])
  if (body.immutable !== true) {
    throw invalidRequest('immutable must be true: a repository that is immutable stays so')
  }
  return json(describeSettings(await declareImmutable(env.DB, owner.id, type, name, limitsOf(env))))
}

function describeSettings({ name, immutable, revision }: RepositorySettings) {
  return { name, immutable, revision }
}

function describe({ origin }: URL, ownerName: string, repository: FoundRepository) {
  const { type, name, head, revision, immutable, createdAt, changedAt } = repository
  return {
    ...{ type, name, url: origin + repositoryPath(ownerName, type, name) },
    ...{ head, revision, immutable },
    created_at: formatTime(createdAt),
    changed_at: changedAt === null ? null : formatTime(changedAt),
  }
}

function describeDetail(url: URL, ownerName: string, detail: RepositoryDetail) {
  const { repository, indexes, changes } = detail
  return {
    ...describe(url, ownerName, repository),
    indexes: indexes.map(({ path, size, sha256, changedAt }) => {
      return { path, size, sha256, changed_at: formatTime(changedAt) }
    }),
    changes: changes.map(({ revision, op, fileName, architecture, createdAt }) => ({
      ...{ revision, op, file_name: fileName || null, architecture: architecture || null },
      created_at: formatTime(createdAt),
    })),
  }
}
