// …/files/{sha256}/contents: what a file of a package holds, page by page. A file is called by its
// digest here, since the list belongs to the bytes: files with the same ones have the same list.

import { NOTHING, type ResourceQuery } from '../core/access/resource-query.ts'
import { readContents } from '../core/blobs/contents.ts'
import { RegistryError } from '../core/errors.ts'
import { CONTENTS_PLACE, type ContentsPlace } from '../core/packages/contents.ts'
import { isNotModified } from '../http/conditional.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../http/endpoint.ts'
import {
  COUNT,
  digestSchema,
  jsonContent,
  listSchema,
  nullable,
  objectSchema,
  TEXT,
  withExample,
} from '../http/operation.ts'
import { findPackageType } from '../types/registration.ts'
import { findVersionNames } from '../types/version-names.ts'
import { json } from './json.ts'
import { parseNumber } from './page.ts'

const MAX_LIMIT = 1000
const MAX_OFFSET = 1_000_000

const ENTRY_SCHEMA = objectSchema(
  'ContentEntry',
  {
    path: { ...TEXT, description: 'Without a slash at either end.' },
    type: {
      type: 'string',
      enum: ['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'],
    },
    mode: { type: 'string', pattern: '^[0-7]{4}$', description: 'Permission bits, octal.' },
    size: { ...COUNT, description: 'Bytes, of a file.' },
    target: { ...TEXT, description: 'What a link points to.' },
    sha1: { ...digestSchema(40), description: 'Of a file, as the package says.' },
  },
  ['path', 'type', 'mode'],
)

const CONTENTS_SCHEMA = objectSchema('PackageContents', {
  total: { ...COUNT, description: 'How many entries the package has.' },
  listed: { ...COUNT, description: 'How many of them the list has: the first ones.' },
  truncated: { type: 'boolean', description: 'Whether the list has fewer than the package.' },
  entries: listSchema(ENTRY_SCHEMA),
  next: { ...nullable(COUNT), description: 'The `offset` of the next page.' },
})

/** @param version the path and its parameters of the version that has the file */
export function contentsEndpoint(
  version: string,
  parameters: Readonly<Record<string, object>>,
): Endpoint {
  return ownedEndpoint<ContentsPlace>({
    method: 'GET',
    path: `${version}/files/:sha256/contents`,
    access: 'read',
    countsReaders: true,
    summary: 'What a file of a version holds, in the order of the package',
    operation: {
      id: 'listPackageContents',
      tag: 'packages',
      description:
        'A page has fewer than `limit` where paths are long; `next` says where to go on.',
      path: { ...parameters, sha256: withExample(digestSchema(64), '0'.repeat(64)) },
      query: {
        offset: {
          description: 'The first entry, from 0.',
          schema: { type: 'integer', minimum: 0, maximum: MAX_OFFSET, default: 0 },
        },
        limit: {
          description: 'How many a page has at most.',
          schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: MAX_LIMIT },
        },
      },
      answers: {
        200: { description: 'A page of the list', content: jsonContent(CONTENTS_SCHEMA) },
        304: { description: 'The copy that was named is current' },
      },
      faults: ['invalid-request'],
    },
    resource: findPlace,
    handler: show,
  })
}

function findPlace(params: Params): ResourceQuery {
  const { sha256 = '' } = params
  const names = findVersionNames(params)
  // Another type's list of the same bytes would tell that somebody published them as that.
  if (findPackageType(params.type ?? '')?.view?.contents === undefined) return NOTHING
  if (names === undefined || !/^[0-9a-f]{64}$/.test(sha256)) return NOTHING
  const { type, name, foldedName, version, foldedVersion } = names
  const parameters = [type, name, foldedName, version, foldedVersion, sha256]
  return { sql: CONTENTS_PLACE, parameters }
}

async function show(call: OwnedCall<ContentsPlace>): Promise<Response> {
  const { env, owner, params, request, resource, url } = call
  const limit = parseNumber(url, 'limit', { fallback: MAX_LIMIT, min: 1, max: MAX_LIMIT })
  const offset = parseNumber(url, 'offset', { fallback: 0, min: 0, max: MAX_OFFSET })
  if (resource === undefined)
    throw absent('no list of such a file, by package, version and SHA-256')
  const etag = `"${params.sha256}-contents-1"`
  const cacheControl = owner.visibility === 'private' ? 'private, no-store' : 'public, no-cache'
  const headers = { etag, 'cache-control': cacheControl }
  // Whoever names it had the list, which is never written again.
  const validators = { etag, changedAt: Number.POSITIVE_INFINITY }
  if (isNotModified(request.headers, validators, 0)) {
    return new Response(null, { status: 304, headers })
  }
  const found = await readContents(env.BLOBS, resource.r2Key, { offset, limit })
  if (found === undefined)
    throw absent('what the file holds was not recorded when it was published')
  const { entries: total, listed, page: entries, next = null } = found
  return json({ total, listed, truncated: listed < total, entries, next }, 200, headers)
}

function absent(detail: string): RegistryError {
  return new RegistryError({ code: 'not-found', detail })
}
