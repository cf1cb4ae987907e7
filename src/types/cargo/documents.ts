// The sparse index: what a registry is, and of a crate a line for each version. Cargo asks for each crate
// with the ETag of the copy that it keeps.
import { RegistryError } from '../../core/errors.ts'
import type { PackageState } from '../../core/packages/document.ts'
import { nearDocument } from '../../core/packages/file-row.ts'
import { documentAnswers, documentResponse } from '../../http/document-response.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { cacheControl } from '../../http/file-response.ts'
import { jsonContent, objectSchema, TEXT, withExample } from '../../http/operation.ts'
import { endIndexLine } from './format/index-line.ts'
import { readStored } from './format/stored-crate.ts'
import { YANKED } from './marks.ts'
import { absent, CRATE, findIndexed, ROOT, rootOf, TYPE } from './names.ts'

const configEndpoint = ownedEndpoint({
  method: 'GET',
  path: `${ROOT}/config.json`,
  access: 'read',
  summary: 'The configuration of the registry',
  operation: {
    id: 'getCargoConfig',
    tag: TYPE,
    answers: {
      200: {
        description: 'Where crates and the API are',
        content: jsonContent(
          objectSchema('CargoConfig', {
            dl: { type: 'string', format: 'uri' },
            api: { type: 'string', format: 'uri' },
            'auth-required': { type: 'boolean' },
          }),
        ),
      },
    },
  },
  handler: async ({ url, owner }) => {
    const api = rootOf(url.origin, owner.name)
    const config = {
      dl: `${api}/api/v1/crates`,
      api,
      'auth-required': owner.visibility === 'private',
    }
    const headers = { 'cache-control': cacheControl(owner.visibility, false) }
    return Response.json(config, { headers })
  },
})

const DIRECTORY_PARAMETERS = {
  prefix: withExample(TEXT, '3'),
  first: withExample(TEXT, 'he'),
  second: withExample(TEXT, 'll'),
  crate: CRATE,
} as const

const indexEndpoint = ownedEndpoint<PackageState>({
  method: 'GET',
  // By the number of letters of its name; those of four letters and more in directories of two each.
  path: `${ROOT}/:prefix/:crate`,
  aliases: [`${ROOT}/:first/:second/:crate`],
  access: 'read',
  summary: 'The versions of a crate',
  operation: {
    id: 'getCargoIndex',
    tag: TYPE,
    description: 'A JSON a line, in any order. The name is in lower case.',
    path: DIRECTORY_PARAMETERS,
    ...documentAnswers({ contentType: 'text/plain', schema: TEXT }),
  },
  resource: findIndexed,
  near: () => nearDocument(TYPE),
  handler: answerIndex,
})

/** A spelling with `-` for `_` is another file to cargo, which looks for it to say what was meant. */
function answerIndex(call: OwnedCall<PackageState>): Promise<Response> {
  const { params, resource: found } = call
  const detail = absent(params)
  if (found !== undefined && found.displayName.toLowerCase() !== params.crate) {
    throw new RegistryError({ code: 'not-found', detail })
  }
  return documentResponse(call, found, {
    form: 'lines-1',
    contentType: 'text/plain; charset=utf-8',
    absent: detail,
    build: () => ({
      begin: '',
      add: ({ metadata, marks }) =>
        endIndexLine(readStored(metadata).line, Object.hasOwn(marks, YANKED)),
      end: () => '',
    }),
  })
}

export const documentEndpoints: readonly Endpoint[] = [configEndpoint, indexEndpoint]
