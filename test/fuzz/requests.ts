// Requests at random: paths that nearly are endpoints, hostile headers and query strings, packages,
// and JSON that nearly is what the API takes.
import fc from 'fast-check'
import { packageBytes } from './packages.ts'
import { number, text } from './texts.ts'

export interface FuzzedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | undefined
}

const raw = fc.constantFrom(
  ...[
    '%00',
    '%zz',
    '%',
    '%2f',
    '%2e%2e',
    '%252e%252e',
    '%ff',
    '%ed%a0%80',
    '%0a',
    '%1b',
    '..',
    '.',
  ],
  ...['', '//', '\\', ';', '*', 'x'.repeat(2048), '%e2%80%ae', '~', '+', ' '],
)
const encoded = text.map((value) => encodeURIComponent(value.toWellFormed()).slice(0, 3000))
const odd = fc.oneof(raw, encoded)
const mostly = (...usual: readonly string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: odd })

const owner = mostly('acme', 'ACME', 'other', 'api')
const repository = fc.tuple(mostly('edge', 'v3.22'), mostly('main', 'community')).map(slashed)
const file = fc.tuple(
  mostly('x86_64', 'noarch', 'aarch64'),
  mostly('APKINDEX.tar.gz', 'hello-1.0-r0.apk', '.apk', 'x.apk'),
)

const path = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(owner, repository)
      .map(([name, where]) => `/api/packages/${name}/alpine/${where}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(owner, repository, file.map(slashed))
      .map(([name, where, what]) => `/api/packages/${name}/alpine/${where}/${what}`),
  },
  fc
    .tuple(owner, mostly('key', 'acme.rsa.pub'))
    .map(([name, key]) => `/api/packages/${name}/alpine/${key}`),
  owner.map((name) => `/api/v1/owners/${name}`),
  owner.map((name) => `/api/v1/owners/${name}/tokens`),
  fc.tuple(owner, odd).map(([name, id]) => `/api/v1/owners/${name}/tokens/${id}`),
  { weight: 2, arbitrary: fc.constant('/api/v1/owners') },
  fc.constantFrom('/api/healthz', '/'),
  fc.array(odd, { maxLength: 8 }).map((parts) => `/${slashed(parts)}`),
)

const query = fc.oneof(
  fc.constant(''),
  fc
    .array(
      fc.tuple(
        mostly('page', 'limit', 'if-exists'),
        fc.oneof(
          encoded,
          number.map((each) => encodeURIComponent(each.toWellFormed())),
          raw,
        ),
      ),
      { maxLength: 3 },
    )
    .map((pairs) => `?${pairs.map((pair) => pair.join('=')).join('&')}`),
)

const authorization = fc.oneof(
  { weight: 6, arbitrary: fc.constant('Bearer admin-token-of-the-tests') },
  fc.constantFrom(
    '',
    'Bearer',
    'Basic',
    'Basic =',
    'Basic Og==',
    'token x',
    'Bearer a b',
    'Digest x',
  ),
  text.map((value) => `Bearer ${value}`),
  text.map((value) => `Basic ${btoa(encodeURIComponent(value.toWellFormed()))}`),
)
const headers = fc.record(
  {
    authorization,
    accept: fc.constantFrom('application/json', 'application/problem+json', '*/*', ','),
    range: fc.oneof(
      fc.constantFrom('bytes=0-', 'bytes=-1', 'bytes=5-2', 'bytes=0-0,1-1'),
      number.map((value) => `bytes=${value}-`),
    ),
    'if-none-match': fc.oneof(fc.constantFrom('*', '"x"', 'W/"x", "y"'), text),
    'if-modified-since': fc.oneof(
      fc.constantFrom('Thu, 01 Jan 1970 00:00:00 GMT', '0', 'now'),
      text,
    ),
    'if-range': text,
    'content-type': fc.constantFrom('application/json', 'text/html', 'multipart/form-data'),
    'content-encoding': fc.constantFrom('gzip', 'br', 'identity'),
    'x-forwarded-for': text,
    'cf-ray': text,
  },
  { requiredKeys: ['authorization'] },
)

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.constantFrom(
    null,
    [],
    {},
    ['write'],
    ['read', 'read'],
    '2030-01-01',
    'public',
    'private',
    -0,
    1e308,
  ),
)
const jsonBody = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom(
        ...[
          'visibility',
          'signing_key',
          'name',
          'scopes',
          'repositories',
          'packages',
          'expires_at',
          '__proto__',
          'x',
        ],
      ),
      value,
    )
    .map((object) => JSON.stringify({ visibility: 'public', ...object })),
  fc
    .record(
      { name: text, scopes: value, repositories: value, packages: value, expires_at: value },
      { requiredKeys: ['name'] },
    )
    .map((object) => JSON.stringify({ scopes: ['read'], ...object })),
  value.map((any) => JSON.stringify(any) ?? ''),
  fc.constantFrom(
    '',
    '{',
    'null',
    '[[',
    '{"a":1}{',
    '\ufeff{}',
    '['.repeat(60_000),
    '{"visibility":"\\ud800"}',
  ),
  text,
)

export const request: fc.Arbitrary<FuzzedRequest> = fc
  .record({
    method: fc.constantFrom(
      'GET',
      'GET',
      'PUT',
      'PUT',
      'POST',
      'DELETE',
      'HEAD',
      'PATCH',
      'OPTIONS',
    ),
    path,
    query,
    headers,
    body: fc.oneof(packageBytes, jsonBody),
  })
  .map(({ query: search, method, body, path: where, headers: all }) => ({
    method,
    path: where + search,
    headers: Object.fromEntries(Object.entries(all).map(([name, each]) => [name, printable(each)])),
    body: method === 'GET' || method === 'HEAD' ? undefined : body,
  }))

/** A package, sent to a repository that has hardly any: in a known one the name would be taken. */
export const publishRequest: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(packageBytes, fc.nat())
  .map(([body, number]) => ({
    method: 'PUT',
    path: `/api/packages/acme/alpine/edge/r${number}`,
    headers: { authorization: 'Bearer admin-token-of-the-tests' },
    body,
  }))

function slashed(parts: readonly string[]): string {
  return parts.join('/')
}

/** What a header can carry at all. */
function printable(header: string): string {
  return header.replace(/[^\x20-\x7e]/gu, '?').trim()
}
