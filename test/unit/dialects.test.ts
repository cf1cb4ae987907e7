import { describe, expect, it, vi } from 'vitest'
import { mintToken } from '../../src/core/access/token-text.ts'
import { type Fault, RegistryError } from '../../src/core/errors.ts'
import {
  type CredentialPlace,
  findCredentials,
  removeQuerySecrets,
} from '../../src/http/credentials.ts'
import { type Dialect, findDialect } from '../../src/http/dialect.ts'
import { problemResponse } from '../../src/http/problem.ts'

const TOKEN = mintToken()
const OTHER = mintToken()
const MISTYPED = `${TOKEN.slice(0, -1)}${TOKEN.endsWith('x') ? 'y' : 'x'}`
const URL_OF = 'https://registry.test/api/packages/acme/x/file'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const HEADER = { header: 'x-nuget-apikey' } as const
const QUERY = { query: 'access_token' } as const

interface Sent {
  readonly authorization?: string
  readonly key?: string
  readonly query?: string
}

function find(places: readonly CredentialPlace[], { authorization, key, query = '' }: Sent) {
  const headers = new Headers()
  if (authorization !== undefined) headers.set('authorization', authorization)
  if (key !== undefined) headers.set('X-NuGet-ApiKey', key)
  return findCredentials({ headers, url: URL_OF + query }, places)
}

describe('the places of credentials', () => {
  it.each<[string, CredentialPlace[], Sent, string | undefined]>([
    ['a bare token', ['bare'], { authorization: TOKEN }, TOKEN],
    ['a bare token between blanks', ['bare'], { authorization: `  ${TOKEN} ` }, TOKEN],
    ['a bare token with a typo', ['bare'], { authorization: MISTYPED }, undefined],
    ['a bare word', ['bare'], { authorization: 'secret' }, undefined],
    ['two bare tokens', ['bare'], { authorization: `${TOKEN} ${OTHER}` }, undefined],
    ['a bare token where none is taken', [], { authorization: TOKEN }, undefined],
    ['a bare token where a header is', [HEADER], { authorization: TOKEN }, undefined],
    ['Bearer where bare is taken', ['bare'], { authorization: `Bearer ${OTHER}` }, OTHER],
    ['a header', [HEADER], { key: TOKEN }, TOKEN],
    ['a header of any shape', [HEADER], { key: ' az ' }, 'az'],
    ['an empty header', [HEADER], { key: '' }, undefined],
    ['a header that is not taken', ['bare', QUERY], { key: TOKEN }, undefined],
    ['the query', [QUERY], { query: `?a=1&access_token=${TOKEN}&b=2` }, TOKEN],
    ['the query, percent-encoded', [QUERY], { query: '?access_token=a%2Bb' }, 'a+b'],
    ['an empty parameter', [QUERY], { query: '?access_token=&access_token' }, undefined],
    ['the first parameter with a value', [QUERY], { query: '?access_token=&access_token=a' }, 'a'],
    ['a parameter of another case', [QUERY], { query: '?Access_Token=a' }, undefined],
    ['a query that is not taken', [HEADER], { query: '?access_token=a' }, undefined],
    ['a user without a password', ['basic-user'], { authorization: basic(`${TOKEN}:`) }, TOKEN],
    ['a user without a colon', ['basic-user'], { authorization: basic(TOKEN) }, TOKEN],
    ['a user of another shape', ['basic-user'], { authorization: basic('ci:') }, undefined],
    ['a user with a typo', ['basic-user'], { authorization: basic(`${MISTYPED}:`) }, undefined],
    ['user and password', ['basic-user'], { authorization: basic(`${TOKEN}:p`) }, 'p'],
    ['a user where none is taken', ['bare'], { authorization: basic(`${TOKEN}:`) }, undefined],
    ['no Base64', ['basic-user'], { authorization: 'Basic !!!' }, undefined],
    ['nothing', ['bare', HEADER, QUERY, 'basic-user'], {}, undefined],
  ])('%s', (_, places, sent, secret) => {
    expect(find(places, sent)).toBe(secret)
  })

  it('that differ: Authorization wins, then the first of the list, and no other is tried', () => {
    const query = '?access_token=in-query'
    const places = ['bare', HEADER, QUERY] as const
    expect(find(places, { authorization: 'Bearer b', key: 'k', query })).toBe('b')
    expect(find(places, { authorization: basic('u:b'), key: 'k', query })).toBe('b')
    expect(find(places, { authorization: TOKEN, key: 'k', query })).toBe(TOKEN)
    expect(find(places, { key: 'k', query })).toBe('k')
    expect(find([QUERY, HEADER], { key: 'k', query })).toBe('in-query')
    // A scheme of something else on the way is no credential, so the key counts.
    expect(find(places, { authorization: 'Negotiate abc', key: 'k' })).toBe('k')
  })

  it.each([
    ['?access_token=s', true, ''],
    ['?a=1&access_token=s&b=2&access_token=t', true, '?a=1&b=2'],
    ['?access%5Ftoken=s', true, ''],
    ['?access_token', true, ''],
    ['?a=b%20c', false, '?a=b%20c'],
    ['', false, ''],
  ])('what is sent in the query %s is taken out: %s', (query, found, left) => {
    const url = new URL(URL_OF + query)
    expect([removeQuerySecrets(url, ['bare', HEADER, QUERY]), url.search]).toEqual([found, left])
  })

  it('an address stays as it is where no dialect looks into it', () => {
    const url = new URL(`${URL_OF}?access_token=s`)
    expect([removeQuerySecrets(url), removeQuerySecrets(url, ['bare', HEADER])]).toEqual([
      false,
      false,
    ])
    expect(url.search).toBe('?access_token=s')
  })
})

const JSON_DIALECT: Dialect = {
  contentType: 'application/json',
  fault: (fault, { status, text }) => ({
    members: { ok: false, errors: [{ detail: `${status} ${fault.code} ${text}` }] },
  }),
}

const TEXT_DIALECT: Dialect = {
  contentType: 'text/plain; charset=utf-8',
  challenge: ({ origin }) => `Bearer realm="${origin}/v2/token"`,
  fault: (_, { text, request }) => ({
    body: `${request.method} ${request.pathname}: ${text}`,
    statusText: text,
    headers: { 'x-own': 'yes', 'cache-control': 'public', 'retry-after': '0' },
  }),
}

describe('a path', () => {
  const dialects = new Map([['x', JSON_DIALECT]])
  it.each([
    ['/api/packages/acme/x', true],
    ['/api/packages/acme/x/', true],
    ['/api/packages/acme/x/a/b/c', true],
    ['/api/packages//x/a', true],
    ['/api/packages/x', false],
    ['/api/packages/acme/X/a', false],
    ['/api/packages/acme/y/x', false],
    ['/api/packages/acme/xx', false],
    ['/api/v1/acme/x', false],
    ['/x/api/packages/acme/x', false],
    ['/', false],
  ])('%s is told in the dialect of x: %s', (path, own) => {
    expect(findDialect(dialects, path)).toBe(own ? JSON_DIALECT : undefined)
  })
})

describe('a fault', () => {
  const noPage = () => {
    throw new Error('a page was asked for')
  }
  const answer = (fault: Fault | Error, dialect: Dialect | undefined, init: RequestInit = {}) => {
    const request = new Request(`${URL_OF}?access_token=${TOKEN}`, init)
    const error = fault instanceof Error ? fault : new RegistryError(fault)
    return problemResponse({ request, error, requestId: 'the-id', dialect }, noPage)
  }
  const html = { headers: { accept: 'text/html' } }

  it('of a JSON dialect is a problem document with the members of the client', async () => {
    const fault = { code: 'invalid-package', detail: 'no', reason: 'r', field: 'f' } as const
    const response = answer(fault, JSON_DIALECT, html)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      ok: false,
      errors: [{ detail: '400 invalid-package no' }],
      type: '/api/v1/docs#invalid-package',
      title: 'The package breaks a rule of its format or of its clients',
      ...{ status: 400, detail: 'no', code: 'invalid-package', request_id: 'the-id' },
      ...{ reason: 'r', field: 'f' },
    })
  })

  it('of a JSON dialect cannot take the place of a member of the problem', async () => {
    const members = { code: 'mine', detail: 'mine', request_id: 'mine' } as unknown as object
    const dialect: Dialect = { ...JSON_DIALECT, fault: () => ({ members: { ...members } }) }
    const problem = await answer({ code: 'not-found', detail: 'gone' }, dialect).json()
    expect(problem).toMatchObject({ code: 'not-found', detail: 'gone', request_id: 'the-id' })
  })

  it('of a text dialect is its body, whatever is accepted', async () => {
    const accept = { headers: { accept: 'application/json' }, method: 'POST' }
    const response = answer({ code: 'not-found', detail: 'no such file' }, TEXT_DIALECT, accept)
    expect([response.status, response.statusText]).toEqual([404, 'no such file'])
    expect(await response.text()).toBe('POST /api/packages/acme/x/file: no such file')
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(response.headers.get('x-own')).toBe('yes')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('keeps the headers that every such fault has', () => {
    const of = (fault: Fault) => answer(fault, TEXT_DIALECT).headers
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(of({ code: 'restoring' }).get('retry-after')).toBe('60')
    expect(of({ code: 'method-not-allowed', allow: 'GET' }).get('allow')).toBe('GET')
    const challenge = 'Bearer realm="https://registry.test/v2/token"'
    expect(of({ code: 'unauthorized' }).get('www-authenticate')).toBe(challenge)
    expect(of({ code: 'not-found', detail: '' }).get('www-authenticate')).toBe(null)
    vi.restoreAllMocks()
    const standard = answer({ code: 'unauthorized' }, JSON_DIALECT, html)
    expect(standard.headers.get('www-authenticate')).toBe('Basic realm="cairn", charset="UTF-8"')
  })

  it('has a reason phrase that is a line of printable ASCII', () => {
    const detail = `ü\r\nset-cookie: a=b\u0000${'x'.repeat(400)}`
    const { statusText } = answer({ code: 'not-found', detail }, TEXT_DIALECT)
    expect(statusText).toBe(`???set-cookie: a=b?${'x'.repeat(281)}`)
    expect(statusText).toHaveLength(300)
  })

  it('may have another status, which the problem says too', async () => {
    const dialect: Dialect = {
      ...JSON_DIALECT,
      fault: () => ({ members: { error: 'e' }, status: 404 }),
    }
    const response = answer({ code: 'method-not-allowed', allow: 'GET' }, dialect)
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { status: 404, error: 'e' },
    ])
  })

  it('that is a defect or an outage goes the same way, and is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const defect = await answer(new TypeError('secret detail'), JSON_DIALECT).json()
    const detail = 'internal error: tell the operator of this registry, request the-id'
    expect(defect).toMatchObject({ code: 'internal', detail, ok: false, status: 500 })
    expect(JSON.stringify(defect)).not.toContain('secret detail')
    const outage = answer({ code: 'storage-unavailable', detail: 'no answer' }, TEXT_DIALECT)
    expect([outage.status, outage.statusText]).toEqual([503, 'no answer'])
    expect(log.mock.calls.flat().join()).toMatch(
      /request the-id: internal.*request the-id: storage/s,
    )
    expect(log.mock.calls.flat().join()).not.toContain(TOKEN)
    vi.restoreAllMocks()
  })

  it('without a dialect is what it was: a line, a problem for who asks, a page', async () => {
    const gone = { code: 'not-found', detail: 'gone' } as const
    const line = answer(gone, undefined)
    expect([line.statusText, line.headers.get('content-type')]).toEqual([
      '',
      'text/plain; charset=utf-8',
    ])
    expect(await line.text()).toBe('gone\n')
    const json = answer(gone, undefined, { headers: { accept: 'application/json' } })
    expect(json.headers.get('content-type')).toBe('application/problem+json')
    expect(answer(gone, undefined, html).headers.get('content-type')).toMatch(/^text\/plain/)
  })
})
