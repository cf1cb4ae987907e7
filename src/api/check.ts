// …/repositories/{type}/{repository}/check: verifies one repository, page by page, and writes its index
// files anew.
import type { OwnerRow } from '../core/access/decide.ts'
import { findIfNamed, type ResourceQuery } from '../core/access/resource-query.ts'
import { refuseRestricted } from '../core/access/restricted.ts'
import { addressOf } from '../core/commit/change.ts'
import { commitChange } from '../core/commit/client.ts'
import { query } from '../core/database.ts'
import { RegistryError } from '../core/errors.ts'
import { timeOrderedId } from '../core/ids.ts'
import { logBytesOf } from '../core/quota/weights.ts'
import { objectsOf } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint, type Params } from '../http/endpoint.ts'
import { COUNT, jsonContent, listSchema, nullable, objectSchema, TEXT } from '../http/operation.ts'
import { keysOf } from '../http/owner-keys.ts'
import { refuseFull } from '../http/quota.ts'
import { type CheckedRepository, checkPage } from '../repository/check.ts'
import { packageTypes } from '../types/registration.ts'
import type { PackageType, RepositoryIndexing, RepositoryNaming } from '../types/type.ts'
import { json } from './json.ts'
import { OWNER } from './owners.ts'
import { operationId } from './repositories.ts'

interface RepositoryRow {
  readonly id: string
  readonly head: string
  readonly revision: number
}

const CHECK_SCHEMA = objectSchema('RepositoryCheck', {
  revision: COUNT,
  changed_meanwhile: {
    type: 'boolean',
    description: 'A commit during the check can look like a problem: ask again.',
  },
  indexes_checked: COUNT,
  files_checked: COUNT,
  problems: listSchema(objectSchema('RepositoryProblem', { subject: TEXT, problem: TEXT })),
  next: { ...nullable(TEXT), description: 'Where to go on; null at the end.' },
})

const REPAIR_SCHEMA = objectSchema('RepairedRepository', { revision: COUNT })

export const checkEndpoints: readonly Endpoint[] = packageTypes.flatMap(
  (packageType: PackageType) => {
    const { type, indexing: index, repositories } = packageType
    return index === undefined || repositories === undefined
      ? []
      : [checkEndpoint(type, index, repositories), repairEndpoint(type, repositories)]
  },
)

function checkEndpoint(
  type: string,
  indexing: RepositoryIndexing,
  naming: RepositoryNaming,
): Endpoint {
  return ownedEndpoint<RepositoryRow>({
    method: 'GET',
    path: `${OWNER}/repositories/${type}/${naming.path}/check`,
    access: 'owner-admin',
    summary:
      'Verify index files, rows and objects; page by page: `after` is the `next` of the one before',
    operation: {
      id: operationId('check', type, 'Repository'),
      tag: 'repositories',
      path: naming.parameters,
      query: { after: { description: 'The `next` of the page before.', schema: TEXT } },
      answers: { 200: { description: 'What was found', content: jsonContent(CHECK_SCHEMA) } },
    },
    resource: (params) => findRepository(type, naming, params),
    handler: (call) => check(call, naming, indexing),
  })
}

function repairEndpoint(type: string, naming: RepositoryNaming): Endpoint {
  return ownedEndpoint<RepositoryRow>({
    method: 'POST',
    path: `${OWNER}/repositories/${type}/${naming.path}/check`,
    access: 'owner-admin',
    summary: 'Write the index files of a repository anew, from the rows of its files',
    operation: {
      id: operationId('repair', type, 'Repository'),
      tag: 'repositories',
      path: naming.parameters,
      answers: { 200: { description: 'Written', content: jsonContent(REPAIR_SCHEMA) } },
      faults: ['outcome-unknown', 'quota-exceeded'],
    },
    resource: (params) => findRepository(type, naming, params),
    handler: async (call) => {
      const { env, owner, params, principal, resource } = call
      refuseRestricted(principal)
      if (resource === undefined) throw absent(owner, naming, params)
      // A repair is an entry in the log. The deployment admin's passes, as signing anew does.
      const added = { metadata_bytes: logBytesOf('', '') }
      if (principal.kind !== 'admin') await refuseFull(call, added)
      const change = { op: 'reindex', changeId: timeOrderedId(Date.now()), keySet: '' } as const
      const settled = await commitChange({
        objects: objectsOf(env),
        address: addressOf(owner, type, naming.parseName(params)),
        change: { ...change, fromRows: true },
      })
      return json({ revision: 'revision' in settled ? settled.revision : resource.revision })
    },
  })
}

function absent(owner: OwnerRow, naming: RepositoryNaming, params: Params): RegistryError {
  const name = Object.keys(naming.parameters).map((parameter) => params[parameter])
  const detail = `no such repository: ${quote([owner.name, ...name].join('/'))}`
  return new RegistryError({ code: 'not-found', detail })
}

function findRepository(type: string, naming: RepositoryNaming, params: Params): ResourceQuery {
  return findIfNamed(() => ({
    sql: `SELECT json_object('id', r.id, 'head', r.head, 'revision', r.revision)
          FROM repository r WHERE r.owner_id = o.id AND r.type = ?3 AND r.name = ?4`,
    parameters: [type, naming.parseName(params)],
  }))
}

async function check(
  call: OwnedCall<RepositoryRow>,
  naming: RepositoryNaming,
  indexing: RepositoryIndexing,
) {
  const { env, owner, params, resource, url } = call
  if (resource === undefined) throw absent(owner, naming, params)
  const repository: CheckedRepository = {
    db: env.DB,
    bucket: env.BLOBS,
    indexing,
    keys: keysOf(env, owner),
    repositoryId: resource.id,
  }
  const page = await checkPage(repository, url.searchParams.get('after') ?? '')
  const head = await query(() =>
    env.DB.prepare('SELECT head FROM repository WHERE id = ?1').bind(resource.id).first('head'),
  )
  return json({
    revision: resource.revision,
    // A commit during the check can look like a problem: whoever asks has to ask again.
    changed_meanwhile: head !== resource.head,
    indexes_checked: page.indexes,
    files_checked: page.files,
    problems: page.problems,
    next: page.next,
  })
}
