// /api/v1/openapi.json: the description of every endpoint under /api, itself among them.
import { version } from '../../package.json'
import { sha256 } from '../core/digests.ts'
import { isNotModified } from '../http/conditional.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { type ApiInfo, formatOpenApi } from '../http/openapi.ts'
import { jsonContent } from '../http/operation.ts'
import { DOCUMENT_PATH } from '../http/path.ts'

export const API_INFO: ApiInfo = {
  title: 'Cairn',
  version,
  description:
    'Packages, owners, tokens and repositories of a Cairn registry. The paths and the JSON of ' +
    "packages are those of Forgejo's API. Errors are `application/problem+json` with a stable `code`.",
}

/** @param others every endpoint but this one */
export function documentEndpoint(others: readonly Endpoint[]): Endpoint {
  let made: { readonly text: string; readonly etag: string } | undefined
  const endpoint: Endpoint = {
    method: 'GET',
    path: DOCUMENT_PATH,
    access: 'open',
    summary: 'The description of this API, OpenAPI 3.1',
    operation: {
      id: 'getOpenApi',
      tag: 'deployment',
      answers: {
        200: { description: 'The document', content: jsonContent({ type: 'object' }) },
        304: { description: 'The copy that was named is current' },
      },
    },
    handler: async ({ request }) => {
      made ??= makeDocument([...others, endpoint])
      const { text, etag } = made
      const headers = { etag, 'cache-control': 'public, no-cache' }
      // It changes with a deployment, and its time is not known.
      const validators = { etag, changedAt: Number.POSITIVE_INFINITY }
      if (isNotModified(request.headers, validators, 0)) {
        return new Response(null, { status: 304, headers })
      }
      return new Response(text, { headers: { 'content-type': 'application/json', ...headers } })
    },
  }
  return endpoint
}

function makeDocument(endpoints: readonly Endpoint[]) {
  const text = `${JSON.stringify(formatOpenApi(endpoints, API_INFO))}\n`
  return { text, etag: `"${sha256(text).slice(0, 32)}"` }
}
