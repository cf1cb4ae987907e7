// …/repositories/{type}/{repository}: what is settled for a repository as a whole.
import { declareImmutable, type RepositorySettings } from '../core/repositories.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../http/endpoint.ts'
import { readJsonObject } from '../http/request-body.ts'
import { registries } from '../registries/index.ts'
import type { PackageType, RepositoryNaming } from '../registries/registry.ts'
import { invalid, json, onlyFields } from './json.ts'
import { OWNER } from './owners.ts'
import { refuseRestricted } from './restricted.ts'

export const repositoryEndpoints: readonly Endpoint[] = registries.flatMap(
  ({ type, repositories }: PackageType) =>
    repositories === undefined ? [] : [settingsEndpoint(type, repositories)],
)

function settingsEndpoint(type: string, naming: RepositoryNaming): Endpoint {
  return ownedEndpoint({
    method: 'PUT',
    path: `${OWNER}/repositories/${type}/${naming.path}`,
    access: 'owner-admin',
    summary: 'Declare a repository immutable, for good',
    handler: (call) => put(call, type, naming),
  })
}

async function put(call: OwnedCall, type: string, naming: RepositoryNaming): Promise<Response> {
  const { env, owner, params, principal, request } = call
  refuseRestricted(principal)
  const name = naming.parseName(params)
  const body = await readJsonObject(request)
  onlyFields(body, ['immutable'])
  if (body.immutable !== true) {
    throw invalid('immutable must be true: a repository that is immutable stays so')
  }
  return json(describe(await declareImmutable(env.DB, owner.id, type, name)))
}

function describe({ name, immutable, revision }: RepositorySettings) {
  return { name, immutable, revision }
}
