// Two stand-ins of package types whose clients have a dialect: one reads JSON as cargo does and sends
// tokens wherever a client may, the other shows nothing but the reason phrase, as twine does.
import { authorOf } from '../../../../src/core/access/principal.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { readToEnd } from '../../../../src/formats/bytes.ts'
import { verifySecret } from '../../../../src/http/body-secret.ts'
import type { Dialect } from '../../../../src/http/dialect.ts'
import { type Call, type Endpoint, ownedEndpoint } from '../../../../src/http/endpoint.ts'
import { publishUpload } from '../../../../src/http/publication.ts'
import { readJsonObject } from '../../../../src/http/request-body.ts'
import type { PackageType } from '../../../../src/types/type.ts'

export const JSON_TYPE = 'stand-in-json'
export const TEXT_TYPE = 'stand-in-text'

export const jsonDialect: Dialect = {
  credentials: ['bare', { header: 'x-api-key' }, { query: 'access_token' }, 'basic-user'],
  contentType: 'application/json',
  challenge: ({ origin }) => `Cargo login_url="${origin}/-/sign-in"`,
  fault: (_, { text }) => ({ members: { ok: false, errors: [{ detail: text }] } }),
}

export const textDialect: Dialect = {
  contentType: 'text/plain; charset=utf-8',
  fault: (fault, { status, text, request }) => ({
    body: `${status} ${request.method} ${request.pathname}: ${text}\n`,
    statusText: text,
    headers: { 'x-fault': fault.code, 'cache-control': 'public' },
    ...(fault.code === 'method-not-allowed' ? { status: 404 } : {}),
  }),
}

/** What the handler has of the request, so that a test sees what it could log. */
const look = async ({ request, url, principal }: Call) =>
  new Response(`${principal.kind} ${request.method} ${url.href} ${request.url}`, {
    headers: { 'cache-control': 'public, max-age=31536000, immutable' },
  })

function endpointsOf(type: string): readonly Endpoint[] {
  const base = `/api/packages/:owner/${type}`
  const path = `${base}/packages/:package`
  const read = { method: 'GET', access: 'read' } as const
  return [
    ownedEndpoint({ ...read, path, summary: 'Look', handler: look }),
    ownedEndpoint({
      ...{ method: 'PATCH', path, access: 'write', summary: 'Change', handler: look },
    }),
    ownedEndpoint({
      ...{ method: 'PUT', path, access: 'write', summary: 'Publish' },
      handler: (call) =>
        publishUpload(call, {
          ...{ type, into: { creation: 'any-version' }, inspect: readToEnd },
          packageName: call.params.package ?? '',
          describe: (_, blob) => ({
            changeId: timeOrderedId(Date.now()),
            packageName: call.params.package ?? '',
            ...{ version: '1', fileName: 'file', architecture: '', compositeKey: '' },
            ...{ metadata: '{}', properties: {}, blob, createdBy: authorOf(call.principal) },
          }),
          wording: () => ({
            ...{ what: 'the file', place: `acme/${type}`, advice: 'raise the version' },
            location: call.url.pathname,
          }),
        }),
    }),
    ownedEndpoint({
      ...{ ...read, path: `${base}/defect`, summary: 'Fail' },
      handler: () => Promise.reject(new TypeError('a defect for the test')),
    }),
    {
      ...{ method: 'POST', path: `${base}/login`, access: 'open', summary: 'Sign in' },
      async handler(call: Call) {
        const { secret } = await readJsonObject(call)
        const { kind } = await verifySecret(call, String(secret))
        return new Response(kind)
      },
    },
  ]
}

export const dialectTypes: readonly PackageType[] = [
  {
    type: JSON_TYPE,
    endpoints: [
      ...endpointsOf(JSON_TYPE),
      ownedEndpoint({
        ...{ method: 'PUT', path: '/stand-in-root/:owner', access: 'write', summary: 'Override' },
        ...{ dialect: textDialect, handler: look },
      }),
    ],
    dialect: jsonDialect,
  },
  { type: TEXT_TYPE, endpoints: endpointsOf(TEXT_TYPE), dialect: textDialect },
]
