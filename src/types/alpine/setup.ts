// setup.sh: what `wget -qO- …/setup.sh | sh` runs on an Alpine. Only for repositories that apk can
// read, so that the script never adds a line that fails.

import { RegistryError } from '../../core/errors.ts'
import { quote } from '../../formats/format-error.ts'
import type { Dialect } from '../../http/dialect.ts'
import { type Endpoint, type OwnedCall, ownedEndpoint } from '../../http/endpoint.ts'
import { TEXT } from '../../http/operation.ts'
import { keysOf } from '../../http/owner-keys.ts'
import { keyFileName } from './keys.ts'
import { findRepository, parseRepositoryName, REPOSITORY_PARAMETERS } from './names.ts'
import { parsePlace } from './usage/place.ts'
import { formatSetupScript } from './usage/setup-script.ts'

/**
 * What is piped into `sh` has said nothing when it could not be fetched, and `sh` ends with 0. busybox's wget shows the
 * reason phrase of a refusal, and nothing else of it.
 */
const setupDialect: Dialect = {
  contentType: 'text/plain; charset=utf-8',
  fault: (_, { text }) => {
    const said = `nothing was set up: ${text}`
    return { body: `${said}\n`, statusText: said }
  },
}

export const setupEndpoint: Endpoint = ownedEndpoint<object>({
  method: 'GET',
  dialect: setupDialect,
  path: '/api/packages/:owner/alpine/:branch/:repository/setup.sh',
  access: 'read',
  summary: 'A script for Alpine that trusts the keys and adds the repository, or removes both',
  operation: {
    id: 'getAlpineSetup',
    tag: 'alpine',
    description: 'For `sh`, with the public keys in it. `--help` says what else it does.',
    path: REPOSITORY_PARAMETERS,
    answers: {
      200: {
        description: 'The script',
        content: { contentType: 'text/plain', schema: TEXT },
      },
    },
    faults: ['not-found', 'invalid-request'],
  },
  resource: findRepository,
  handler: async (call) => {
    if (call.resource !== undefined) return scriptResponse(call)
    const { branch = '', repository = '' } = call.params
    const detail = `no such repository: ${quote(`${branch}/${repository}`)} of ${call.owner.name}`
    throw new RegistryError({ code: 'not-found', detail })
  },
})

function scriptResponse({ env, owner, params, request, url }: OwnedCall): Response {
  const { keys } = keysOf(env, owner)
  const repository = parseRepositoryName(params)
  const { name, visibility } = owner
  const named = keys.map((key) => ({ ...key, fileName: keyFileName(key) }))
  const keyFiles = named.map(({ fileName }) => fileName)
  const place = { origin: url.origin, owner: name, visibility, repository, keyFiles }
  const script = new TextEncoder().encode(formatSetupScript(parsePlace(place), named))
  return new Response(request.method === 'HEAD' ? null : script, {
    headers: {
      // Browsers show plain text, and who is to run something as root may want to read it.
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(script.byteLength),
      'cache-control':
        visibility === 'private' ? 'private, no-store' : 'public, no-cache, no-transform',
    },
  })
}
