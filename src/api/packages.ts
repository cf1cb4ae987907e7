// /api/v1/packages/{owner}: what an owner has, by the paths and in the JSON of Forgejo's API
// (routers/api/v1/packages). Lists are of versions, newest first, as they are there.
import { invalidRequest, RegistryError } from '../core/errors.ts'
import type { Page } from '../core/owners.ts'
import {
  findLatestVersion,
  findVersion,
  positionOf,
  readPackageVersions,
  type VersionDetail,
  type VersionKey,
} from '../core/packages/detail.ts'
import { LIST_STATE, type ListState } from '../core/packages/list-state.ts'
import { searchVersions } from '../core/packages/search.ts'
import { quote } from '../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../http/endpoint.ts'
import { keptList, keptStart } from '../http/kept-list.ts'
import {
  type Answer,
  jsonContent,
  listSchema,
  NO_CONTENT,
  type Operation,
  type Schema,
  TEXT,
  withExample,
} from '../http/operation.ts'
import { removeSelected } from '../http/removal.ts'
import { findPackageType, packageTypes } from '../types/registration.ts'
import type { PackageType } from '../types/type.ts'
import { findVersionNames } from '../types/version-names.ts'
import { contentsEndpoint } from './contents.ts'
import { json } from './json.ts'
import { describeFile, describeVersion, FILE_SCHEMA, PACKAGE_SCHEMA } from './package-json.ts'
import { linkEndpoints } from './package-links.ts'
import {
  LONG_PAGE_QUERY,
  PAGE_BY_ID_QUERY,
  PAGE_HEADERS,
  pageHeaders,
  parseLongPage,
  parsePageById,
} from './page.ts'

const PACKAGES = '/api/v1/packages/:owner'
const PACKAGE = `${PACKAGES}/:type/:name`
const VERSION = `${PACKAGE}/:version`

const TYPE_NAMES = packageTypes.map(({ type }: PackageType) => type)
const NAME: Schema = {
  ...TEXT,
  minLength: 1,
  description: 'In one segment: a slash in it is `%2F`.',
  examples: ['hello'],
}
const VERSION_NAME = withExample(NAME, '1.0.0-r0')
const PACKAGE_PATH = {
  type: { title: 'PackageType', type: 'string', enum: TYPE_NAMES },
  name: NAME,
} as const

const PACKAGE_LIST: Answer = {
  description: 'Versions, newest first',
  content: jsonContent(listSchema(PACKAGE_SCHEMA)),
  headers: PAGE_HEADERS,
}

const ONE_VERSION: Answer = { description: 'The version', content: jsonContent(PACKAGE_SCHEMA) }

export const packageEndpoints: readonly Endpoint[] = [
  ownedEndpoint<ListState>({
    method: 'GET',
    path: PACKAGES,
    access: 'read',
    countsReaders: true,
    summary: "The versions of all of an owner's packages, newest first",
    operation: {
      id: 'listPackages',
      tag: 'packages',
      query: {
        q: {
          description: 'A part of the name, in any case.',
          schema: { type: 'string', maxLength: 200, examples: ['hell'] },
        },
        type: {
          description: 'The type of the package; `all` is no filter.',
          schema: withExample(TEXT, TYPE_NAMES[0]),
        },
        repository: {
          description: 'The name of a repository that lists it.',
          schema: withExample(TEXT, 'edge/main'),
        },
        ...PAGE_BY_ID_QUERY,
      },
      answers: { 200: PACKAGE_LIST },
      faults: ['invalid-request'],
    },
    resource: () => LIST_STATE,
    handler: list,
  }),
  ownedEndpoint<ListState>({
    method: 'GET',
    path: PACKAGE,
    access: 'read',
    countsReaders: true,
    summary: 'The versions of a package, newest first',
    operation: about('listPackageVersions', {
      query: PAGE_BY_ID_QUERY,
      answers: { 200: PACKAGE_LIST },
      faults: ['invalid-request'],
    }),
    resource: () => LIST_STATE,
    handler: listVersions,
  }),
  ownedEndpoint({
    method: 'GET',
    path: `${PACKAGE}/-/latest`,
    access: 'read',
    countsReaders: true,
    summary: 'The version of a package that was published last',
    operation: about('getLatestPackageVersion', { answers: { 200: ONE_VERSION } }),
    handler: async (call) => {
      const found = await findLatestVersion(call.env.DB, keyOf(call))
      if (found === undefined) throw absent(call)
      return json(describeVersion(call.url, call.owner, found))
    },
  }),
  ownedEndpoint({
    method: 'GET',
    path: VERSION,
    access: 'read',
    countsReaders: true,
    summary: 'A version of a package',
    operation: aboutVersion('getPackage', { answers: { 200: ONE_VERSION } }),
    handler: async (call) => {
      const { version } = await requireVersion(call, { limit: 0, offset: 0 })
      return json(describeVersion(call.url, call.owner, version))
    },
  }),
  ownedEndpoint({
    method: 'GET',
    path: `${VERSION}/files`,
    access: 'read',
    countsReaders: true,
    summary: 'The files of a version, with their digests',
    operation: aboutVersion('listPackageFiles', {
      query: LONG_PAGE_QUERY,
      answers: {
        200: {
          description: 'Files by repository, architecture and name',
          content: jsonContent(listSchema(FILE_SCHEMA)),
          headers: PAGE_HEADERS,
        },
      },
      faults: ['invalid-request'],
    }),
    handler: listFiles,
  }),
  contentsEndpoint(VERSION, { ...PACKAGE_PATH, version: VERSION_NAME }),
  ownedEndpoint({
    method: 'DELETE',
    path: VERSION,
    access: 'write',
    summary: 'Remove a version from all repositories',
    operation: aboutVersion('deletePackage', {
      description:
        'One repository goes after the other: after a failure the same request removes the rest. A place on the edge that was asked for a file of a public owner before may answer it for `REMEMBER_SECONDS` and 5 seconds more.',
      answers: { 204: NO_CONTENT },
      faults: ['outcome-unknown'],
    }),
    handler: remove,
  }),
  ...linkEndpoints(PACKAGE, PACKAGE_PATH),
]

function about(id: string, operation: Omit<Operation, 'id' | 'tag'>): Operation {
  return { id, tag: 'packages', path: PACKAGE_PATH, ...operation }
}

function aboutVersion(id: string, operation: Omit<Operation, 'id' | 'tag'>): Operation {
  return about(id, { path: { ...PACKAGE_PATH, version: VERSION_NAME }, ...operation })
}

/** Longer parts of names find nothing. */
const MAX_TEXT = 200

async function list(call: OwnedCall<ListState>): Promise<Response> {
  const { owner, url } = call
  const page = parsePageById(url)
  const type = url.searchParams.get('type')?.trim()
  const text = url.searchParams.get('q')?.trim()
  if (text !== undefined && text.length > MAX_TEXT) {
    throw invalidRequest(`q has more than ${MAX_TEXT} characters`)
  }
  const search = {
    ownerId: owner.id,
    type: type === '' || type === 'all' ? undefined : type,
    text,
    repository: url.searchParams.get('repository')?.trim() || undefined,
    page,
  }
  const { versions, total, more } = await keptList(call, 'versions-1', search, async (reader) =>
    searchVersions(reader, { ...search, start: await keptStart(call, search, 'versions') }),
  )
  const found = versions.map((version) => describeVersion(url, owner, version))
  return json(found, 200, pageHeaders(url, page, { total, more, last: versions.at(-1)?.id }))
}

async function listVersions(call: OwnedCall<ListState>): Promise<Response> {
  const { owner, url } = call
  const page = parsePageById(url)
  const search = { ...keyOf(call), page }
  const { versions, total } = await keptList(call, 'package-versions-1', search, (reader) =>
    readPackageVersions(reader, search, page),
  )
  if (total === 0) throw absent(call)
  const found = versions.map((version) => describeVersion(url, owner, version))
  return json(found, 200, pageHeaders(url, page, { total, last: versions.at(-1)?.id }))
}

async function listFiles(call: OwnedCall): Promise<Response> {
  const page = parseLongPage(call.url)
  const packageType = requirePackageType(call)
  const { files, total } = await requireVersion(call, page)
  const found = files.map((file) => describeFile(call.url, call.owner, packageType, file))
  const end = files.at(-1)
  const last = end && positionOf(end)
  return json(found, 200, pageHeaders(call.url, page, { total, last }))
}

async function remove(call: OwnedCall): Promise<Response> {
  const { version: found } = await requireVersion(call, { limit: 0, offset: 0 })
  const { type, name: packageName, version } = found
  return removeSelected(call, type, { packageName, version }, absent(call).message)
}

/** @throws RegistryError not-found */
function requirePackageType(call: OwnedCall): PackageType {
  const packageType = findPackageType(call.params.type ?? '')
  if (packageType === undefined) throw absent(call)
  return packageType
}

/** @throws RegistryError not-found for a type that is not registered */
function keyOf(call: OwnedCall): VersionKey {
  const names = findVersionNames(call.params)
  if (names === undefined) throw absent(call)
  return { ownerId: call.owner.id, ...names }
}

/** @throws RegistryError not-found */
async function requireVersion(call: OwnedCall, page: Page): Promise<VersionDetail> {
  const found = await findVersion(call.env.DB, keyOf(call), page)
  if (found === undefined) throw absent(call)
  return found
}

function absent({ owner, params }: OwnedCall): RegistryError {
  const { type, name, version } = params
  const shown = [owner.name, type, name, version].filter((part) => part !== undefined).join('/')
  return new RegistryError({ code: 'not-found', detail: `no such package: ${quote(shown)}` })
}
