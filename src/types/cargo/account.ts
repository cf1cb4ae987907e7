// What cargo asks about accounts: whose a crate is, which is the owner's of this registry, and where people
// get a token.
import { invalidRequest, RegistryError } from '../../core/errors.ts'
import { findOwnerName } from '../../core/names.ts'
import type { PackageState } from '../../core/packages/document.ts'
import { quote } from '../../formats/format-error.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { cacheControl } from '../../http/file-response.ts'
import { jsonContent, listSchema, nullable, objectSchema, TEXT } from '../../http/operation.ts'
import { tokensPath } from './dialect.ts'
import { absent, CRATE, CRATES, findCrate, ROOT, TYPE } from './names.ts'

const OWNERS = `${CRATES}/:crate/owners`

const USER = objectSchema('CargoUser', {
  id: { type: 'integer' },
  login: TEXT,
  name: nullable(TEXT),
})

const listEndpoint = ownedEndpoint<PackageState>({
  method: 'GET',
  path: OWNERS,
  access: 'read',
  summary: 'Whose a crate is',
  operation: {
    id: 'getCargoOwners',
    tag: TYPE,
    path: { crate: CRATE },
    answers: {
      200: {
        description: 'The owner that the registry is of',
        content: jsonContent(objectSchema('CargoOwners', { users: listSchema(USER) })),
      },
    },
  },
  resource: findCrate,
  handler: async ({ owner, params, resource }) => {
    if (resource === undefined) {
      throw new RegistryError({ code: 'not-found', detail: absent(params) })
    }
    // Cargo reads a number of 32 bits there, and shows the login alone.
    const users = [{ id: 1, login: owner.name, name: null }]
    const headers = { 'cache-control': cacheControl(owner.visibility, false) }
    return Response.json({ users }, { headers })
  },
})

function changeEndpoint(method: 'PUT' | 'DELETE', id: string, summary: string): Endpoint {
  return ownedEndpoint({
    ...{ method, path: OWNERS, access: 'write', summary },
    operation: {
      ...{ id, tag: TYPE, path: { crate: CRATE }, answers: {}, faults: ['invalid-request'] },
      description: 'Always refused: access tokens decide who may publish a crate.',
    },
    handler: refuseOwners,
  })
}

async function refuseOwners({ owner, params }: OwnedCall): Promise<Response> {
  const { crate = '' } = params
  throw invalidRequest(
    `the crate ${quote(crate)} is ${owner.name}'s, and a crate has no owners of its own: who may ` +
      `publish it is said by access tokens, such as one for the packages "${TYPE}:NAME"`,
  )
}

/** `cargo login` shows this address, for people to open. */
const loginEndpoint: Endpoint = {
  method: 'GET',
  path: `${ROOT}/me`,
  access: 'open',
  summary: 'Where people make access tokens',
  operation: {
    id: 'getCargoLogin',
    tag: TYPE,
    answers: {
      200: { description: 'A line', content: { contentType: 'text/plain', schema: TEXT } },
    },
  },
  handler: async ({ params, url }) => {
    const owner = findOwnerName(params.owner ?? '')
    if (owner === undefined) {
      const detail = `no owner can be called ${quote(params.owner ?? '')}`
      throw new RegistryError({ code: 'not-found', detail })
    }
    const page = `${url.origin}${tokensPath(owner)}`
    const text = `make an access token at ${page}, and give it to cargo login\n`
    const plain = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
    return new Response(text, { headers: plain })
  },
}

export const accountEndpoints: readonly Endpoint[] = [
  listEndpoint,
  changeEndpoint('PUT', 'addCargoOwners', 'Add owners of a crate'),
  changeEndpoint('DELETE', 'removeCargoOwners', 'Remove owners of a crate'),
  loginEndpoint,
]
