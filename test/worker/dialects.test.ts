import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mintToken } from '../../src/core/access/token-text.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { signIn } from '../support/worker/browser.ts'
import { ADMIN, countRows, createOwner, ORIGIN, send, tokenOf } from '../support/worker/registry.ts'
import { silence } from '../support/worker/requests.ts'
import { JSON_TYPE, TEXT_TYPE } from '../support/worker/stand-ins/dialects.ts'

// Two stand-ins of package types through HTTP, each answered in its clients' own form.

const JSON_BASE = `/api/packages/acme/${JSON_TYPE}`
const TEXT_BASE = `/api/packages/acme/${TEXT_TYPE}`
const LOOK = `${JSON_BASE}/packages/hello`
const BASIC = 'Basic realm="cairn", charset="UTF-8"'
const CARGO = `Cargo login_url="${ORIGIN}/-/sign-in"`

const basic = (text: string) => `Basic ${btoa(text)}`

/** A request that carries the secret in each of the places of the dialect. */
const PLACES: Readonly<Record<string, (secret: string) => [query: string, HeadersInit]>> = {
  bare: (secret) => ['', { authorization: secret }],
  header: (secret) => ['', { 'x-api-key': secret }],
  query: (secret) => [`?access_token=${secret}`, {}],
  'basic user': (secret) => ['', { authorization: basic(`${secret}:`) }],
  'basic password': (secret) => ['', { authorization: basic(`any:${secret}`) }],
  bearer: (secret) => ['', { authorization: `Bearer ${secret}` }],
}

const ask = (place: string, secret: string, path = LOOK, init: RequestInit = {}) => {
  const [query, headers] = PLACES[place]?.(secret) ?? ['', {}]
  return send(`${path}${query}`, { ...init, headers: { ...headers, ...init.headers } })
}

let logged: () => string

beforeEach(() => {
  const calls = (['error', 'info', 'log', 'warn', 'debug'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => {}),
  )
  logged = () => calls.flatMap(({ mock }) => mock.calls.flat()).join('\n')
})
afterEach(() => vi.restoreAllMocks())

describe.each(Object.keys(PLACES))('a token sent as %s', (place) => {
  it('reads and writes a private owner', async () => {
    await createOwner('acme', 'private')
    const reading = await tokenOf('acme', { scopes: ['read'] })
    const writing = await tokenOf('acme', { scopes: ['write'] })
    const read = await ask(place, reading.token)
    expect(await read.text()).toBe(`token GET ${ORIGIN}${LOOK} ${ORIGIN}${LOOK}`)
    expect((await ask(place, reading.token, LOOK, { method: 'PATCH' })).status).toBe(403)
    const changed = await ask(place, writing.token, LOOK, { method: 'PATCH', body: 'x' })
    expect(await changed.text()).toMatch(/^token PATCH /)
    const published = await ask(place, writing.token, LOOK, { method: 'PUT', body: 'file' })
    expect([published.status, published.headers.get('location')]).toEqual([201, LOOK])
    expect(await countRows()).toMatchObject({ package_file: 1 })
    expect(logged()).toBe('')
  })

  it('is refused in the dialect where it is unknown, expired or of another owner', async () => {
    await createOwner('acme', 'private')
    await createOwner('other')
    const expired = await tokenOf('acme', { scopes: ['read'] })
    await env.DB.prepare('UPDATE access_token SET expires_at = 1 WHERE id = ?')
      .bind(expired.id)
      .run()
    const other = await tokenOf('other', { scopes: ['admin'] })
    const unknown = mintToken()
    const cases = [
      [unknown, 401, 'invalid-credentials', /^the access token is not known here/],
      [expired.token, 401, 'invalid-credentials', /^the access token has expired/],
      [other.token, 404, 'not-found', /^no owner acme$/],
    ] as const
    for (const [secret, status, code, detail] of cases) {
      const answer = await ask(place, secret)
      const text = await answer.text()
      expect([answer.status, JSON.parse(text)]).toMatchObject([
        status,
        { ok: false, errors: [{ detail: expect.stringMatching(detail) }], code, status },
      ])
      expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? CARGO : null)
      expect(text + JSON.stringify([...answer.headers])).not.toContain(secret)
    }
    expect(logged()).toBe('')
  })
})

describe('credentials', () => {
  it('count in those places under the paths of the type alone', async () => {
    await createOwner('acme', 'private')
    const { token } = await tokenOf('acme', { scopes: ['write'] })
    for (const place of ['bare', 'header', 'query', 'basic user']) {
      for (const path of [`${TEXT_BASE}/packages/hello`, '/api/packages/acme/generic/a/1/f']) {
        expect([place, path, (await ask(place, token, path)).status]).toEqual([place, path, 401])
      }
      const api = await ask(place, token, '/api/v1/packages/acme')
      expect([place, api.status]).toEqual([place, 401])
    }
  })

  it('that are none, or words where only tokens count, are asked for', async () => {
    await createOwner('acme', 'private')
    for (const headers of [{}, { authorization: 'word' }, { authorization: basic('word:') }]) {
      const answer = await send(LOOK, { headers })
      expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'unauthorized' }])
      expect(answer.headers.get('www-authenticate')).toBe(CARGO)
    }
    expect((await send(LOOK, { headers: { 'x-api-key': 'word' } })).status).toBe(401)
    // The admin token has no shape of its own: it goes where a scheme or a header says what it is.
    const admin = ADMIN.authorization.replace('Bearer ', '')
    expect((await ask('bare', admin)).status).toBe(401)
    expect(await (await ask('header', admin)).text()).toMatch(/^admin /)
  })

  it('that differ are those of Authorization, good or not', async () => {
    await createOwner('acme', 'private')
    const { token, headers } = await tokenOf('acme', { scopes: ['read'] })
    const good = await send(LOOK, { headers: { ...headers, 'x-api-key': 'az' } })
    expect(good.status).toBe(200)
    const wrong = { authorization: `Bearer ${mintToken()}`, 'x-api-key': token }
    expect((await send(LOOK, { headers: wrong })).status).toBe(401)
  })

  it('win over a session', async () => {
    await createOwner('acme', 'private')
    const { token } = await tokenOf('acme', { scopes: ['read'] })
    const other = await tokenOf('acme', { scopes: ['read'] })
    const { cookie } = await signIn(token)
    expect((await send(LOOK, { headers: { cookie } })).status).toBe(200)
    const admin = await signIn(ADMIN.authorization.replace('Bearer ', ''))
    for (const place of ['header', 'query']) {
      for (const headers of [{ cookie }, { cookie: admin.cookie }]) {
        const wrong = await ask(place, mintToken(), LOOK, { headers })
        expect([wrong.status, await wrong.json()]).toMatchObject([
          401,
          { code: 'invalid-credentials' },
        ])
        const good = await ask(place, other.token, LOOK, { headers })
        expect([good.status, await good.text()]).toMatchObject([
          200,
          expect.stringMatching(/^token /),
        ])
      }
    }
  })

  it('in the query reach no handler, cache, log or answer', async () => {
    await createOwner()
    const secret = mintToken()
    const plain = await send(`${LOOK}?a=1`)
    expect(plain.headers.get('cache-control')).toMatch(/^public/)
    const answer = await send(`${LOOK}?a=1&access_token=${secret}&access_token=${secret}`)
    expect(await answer.text()).toBe(`rejected GET ${ORIGIN}${LOOK}?a=1 ${ORIGIN}${LOOK}?a=1`)
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    for (const path of ['/nothing', '/defect', '/packages/a/b/c', '/login']) {
      const failed = await send(`${JSON_BASE}${path}?access_token=${secret}`)
      expect(failed.status).toBeGreaterThanOrEqual(400)
      expect(failed.headers.get('cache-control')).toBe('no-store')
      const all = (await failed.text()) + JSON.stringify([...failed.headers])
      expect(all).not.toContain(secret)
    }
    expect(logged()).toContain('a defect for the test')
    expect(logged()).not.toContain(secret)
  })

  it('in any place are in no line of the log, whatever fails', async () => {
    await createOwner('acme', 'private')
    const { token } = await tokenOf('acme', { scopes: ['write'] })
    const broken = () => Promise.reject(new Error('put: internal error (10001)'))
    for (const place of Object.keys(PLACES)) {
      expect((await ask(place, token, `${JSON_BASE}/defect`)).status).toBe(500)
      override({ BLOBS: wrapMethod(env.BLOBS, 'put', broken) })
      const outage = await ask(place, token, LOOK, { method: 'PUT', body: 'file' })
      override({ BLOBS: env.BLOBS })
      expect([outage.status, await outage.json()]).toMatchObject([
        503,
        { code: 'storage-unavailable', ok: false },
      ])
    }
    expect(logged()).toContain('put: internal error')
    expect(logged()).not.toContain(token)
  })
})

describe('a secret in a body', () => {
  const login = (secret: string, headers: HeadersInit = {}, owner = 'acme') =>
    send(`/api/packages/${owner}/${JSON_TYPE}/login`, {
      ...{ method: 'POST', headers, body: JSON.stringify({ secret }) },
    })

  it.each(['public', 'private'])('is who has it, for a %s owner', async (visibility) => {
    await createOwner('acme', visibility)
    await createOwner('other')
    const { token, id } = await tokenOf('acme', { scopes: ['read'] })
    expect(await (await login(token)).text()).toBe('token')
    expect(await (await login(ADMIN.authorization.replace('Bearer ', ''))).text()).toBe('admin')
    const used = 'SELECT last_used_at AS at FROM access_token WHERE id = ?'
    await vi.waitFor(async () =>
      expect(await env.DB.prepare(used).bind(id).first('at')).toBeGreaterThan(0),
    )
    const other = await tokenOf('other', { scopes: ['admin'] })
    const refused = await login(other.token)
    expect(refused.status).toBe(visibility === 'public' ? 403 : 404)
    await env.DB.prepare('UPDATE access_token SET expires_at = 1 WHERE id = ?').bind(id).run()
    // A good header is not what was asked for.
    for (const wrong of [token, mintToken(), 'word']) {
      const answer = await login(wrong, ADMIN)
      expect([answer.status, await answer.json()]).toMatchObject([
        401,
        { code: 'invalid-credentials', errors: [{}] },
      ])
    }
    expect(await (await login('')).json()).toMatchObject({ code: 'unauthorized' })
    expect(await (await login(token, {}, 'nobody')).json()).toMatchObject({
      code: 'invalid-credentials',
    })
    expect((await login(other.token, {}, 'nobody')).status).toBe(404)
    expect(logged()).toBe('')
  })
})

describe('the limiter', () => {
  /** The simulator counts by the minute of the clock; a test must not see two of them. */
  beforeEach(async () => {
    const left = 60_000 - (Date.now() % 60_000)
    if (left < 20_000) await new Promise((resolve) => setTimeout(resolve, left + 100))
    await createOwner('acme', 'private')
  }, 30_000)

  const guess = (place: string, address: string) => {
    const secret = mintToken()
    const headers = { 'cf-connecting-ip': address }
    if (place !== 'body') return ask(place, secret, LOOK, { headers })
    const body = JSON.stringify({ secret })
    return send(`${JSON_BASE}/login`, { method: 'POST', headers, body })
  }

  it.each([
    ['bare', '192.0.2.11'],
    ['header', '192.0.2.12'],
    ['query', '192.0.2.13'],
    ['basic user', '192.0.2.14'],
    ['body', '192.0.2.15'],
  ])('counts wrong secrets sent as %s', async (place, address) => {
    const statuses = new Set<number>()
    for (let count = 0; count < 40; count++) statuses.add((await guess(place, address)).status)
    expect([...statuses]).toEqual([401, 429])
    const limited = await guess(place, address)
    expect(limited.headers.get('retry-after')).toBe('60')
    expect(await limited.json()).toMatchObject({
      code: 'too-many-failures',
      ok: false,
      errors: [{ detail: 'too many wrong credentials: try again in 60 s with good ones' }],
    })
    const { token } = await tokenOf('acme', { scopes: ['read'] })
    const good = await ask('header', token, LOOK, { headers: { 'cf-connecting-ip': address } })
    expect(good.status).toBe(200)
  })

  it('counts them together, wherever they are sent', async () => {
    const statuses = new Set<number>()
    const places = ['bare', 'header', 'query', 'basic user', 'body']
    for (let count = 0; count < 40; count++) {
      statuses.add((await guess(places[count % places.length] ?? '', '192.0.2.16')).status)
    }
    expect([...statuses]).toEqual([401, 429])
  })
})

describe('a fault under the paths of a type', () => {
  const browser = { accept: 'text/html,application/json;q=0.9' }

  it.each([
    ['', '/api/packages/acme'],
    ['/', '/api/packages/acme'],
    ['/nothing/at/all', '/api/packages/acme'],
    ['/packages/hello/more', '/api/packages/nobody'],
  ])('is in its dialect where there is no endpoint: %s of %s', async (rest, owner) => {
    const json = await send(`${owner}/${JSON_TYPE}${rest}`, { headers: browser })
    expect([json.status, json.headers.get('content-type')]).toEqual([404, 'application/json'])
    expect(await json.json()).toMatchObject({ ok: false, code: 'not-found', status: 404 })
    const text = await send(`${owner}/${TEXT_TYPE}${rest}`, { headers: browser })
    expect([text.status, text.statusText]).toEqual([
      404,
      'there is nothing at this path: /api/v1/docs lists the paths of the API',
    ])
    expect(await text.text()).toBe(`404 GET ${owner}/${TEXT_TYPE}${rest}: ${text.statusText}\n`)
  })

  it('is in its dialect where the path is encoded and the router takes it', async () => {
    await createOwner('acme', 'private')
    const encoded = LOOK.replace('stand', '%73tand')
    expect(await (await send(encoded)).json()).toMatchObject({ code: 'unauthorized', ok: false })
    expect(await (await send(`${encoded}/x/y`)).json()).toMatchObject({
      code: 'not-found',
      ok: false,
    })
  })

  it('is in its dialect where the path knows other methods', async () => {
    await createOwner()
    const json = await send(LOOK, { method: 'DELETE' })
    expect([json.status, json.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, PUT'])
    expect(await json.json()).toMatchObject({ code: 'method-not-allowed', ok: false })
    expect(await (await send(`${JSON_BASE}/login`)).json()).toMatchObject({ code: 'not-found' })
    // This client takes 404 to mean the same.
    const text = await send(`${TEXT_BASE}/packages/hello`, { method: 'DELETE' })
    expect([text.status, text.headers.get('x-fault')]).toEqual([404, 'method-not-allowed'])
  })

  it('is in the dialect of the endpoint, if that has one of its own', async () => {
    await createOwner()
    const put = await send('/stand-in-root/acme', { method: 'PUT', headers: browser })
    expect([put.status, put.statusText]).toMatchObject([
      401,
      expect.stringMatching(/^credentials needed/),
    ])
    expect(put.headers.get('www-authenticate')).toBe(BASIC)
    const other = await send('/stand-in-root/acme', { method: 'DELETE', headers: browser })
    expect(other.headers.get('x-fault')).toBe('method-not-allowed')
    // No path of the type, and no endpoint.
    const none = await send('/stand-in-root/acme/more', { headers: browser })
    expect(none.headers.get('content-type')).toMatch(/^text\/html/)
  })

  it('says 413 before the body is read', async () => {
    await createOwner()
    const headers = { ...ADMIN, 'content-length': '100000001' }
    const put = (path: string) =>
      send(`${path}/packages/hello`, { method: 'PUT', headers, body: silence() })
    const json = await put(JSON_BASE)
    expect([json.status, await json.json()]).toMatchObject([
      413,
      { code: 'body-too-large', limit: 100_000_000, ok: false },
    ])
    const text = await put(TEXT_BASE)
    expect([text.status, text.statusText]).toEqual([
      413,
      'the body is larger than the limit of 100000000 bytes: send less',
    ])
    expect(await countRows()).toMatchObject({ package: 0 })
  })

  it('says why a publish is refused', async () => {
    await createOwner()
    const put = (base: string, body: string) =>
      send(`${base}/packages/hello`, { method: 'PUT', headers: ADMIN, body })
    for (const base of [JSON_BASE, TEXT_BASE]) expect((await put(base, 'one')).status).toBe(201)
    expect(await (await put(JSON_BASE, 'two')).json()).toMatchObject({
      code: 'file-exists',
      errors: [{ detail: expect.stringMatching(/^the file clashes with other bytes/) }],
    })
    const text = await put(TEXT_BASE, 'two')
    expect([text.status, text.statusText]).toMatchObject([
      409,
      expect.stringMatching(/^the file clashes with other bytes/),
    ])
  })

  it('says 503 while the database is away, and 500 of a defect', async () => {
    await createOwner()
    const broken = () => {
      throw new Error('D1_ERROR: internal error')
    }
    override({ DB: wrapMethod(wrapMethod(env.DB, 'prepare', broken), 'batch', broken) })
    const json = await send(LOOK, { headers: browser })
    expect([json.status, json.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await json.json()).toMatchObject({ code: 'storage-unavailable', ok: false })
    const text = await send(`${TEXT_BASE}/packages/hello`)
    expect([text.status, text.statusText]).toEqual([503, 'the database does not answer: try again'])
    override({ DB: env.DB, ADMIN_TOKEN: undefined })
    const bare = await send(`${JSON_BASE}/nothing`)
    expect([bare.status, await bare.json()]).toMatchObject([
      503,
      { code: 'not-configured', ok: false },
    ])
    override({ ADMIN_TOKEN: env.ADMIN_TOKEN })
    const defect = await send(`${JSON_BASE}/defect`, { headers: browser })
    const problem = (await defect.json()) as Record<string, string>
    expect([defect.status, problem]).toMatchObject([500, { code: 'internal', ok: false }])
    expect(logged()).toContain(problem.request_id)
  })

  it('has no body for HEAD, and the same head', async () => {
    await createOwner('acme', 'private')
    for (const path of [
      LOOK,
      `${JSON_BASE}/nothing`,
      `${TEXT_BASE}/packages/a`,
      `${TEXT_BASE}/no`,
    ]) {
      const get = await send(path)
      const head = await send(path, { method: 'HEAD' })
      expect([head.status, head.statusText]).toEqual([get.status, get.statusText])
      expect(await head.text()).toBe('')
      for (const name of ['content-type', 'www-authenticate', 'cache-control', 'x-fault']) {
        expect([path, name, head.headers.get(name)]).toEqual([path, name, get.headers.get(name)])
      }
    }
  })

  it('is as ever under the paths of types without a dialect', async () => {
    for (const type of ['alpine', 'generic', 'unknown']) {
      const line = await send(`/api/packages/acme/${type}/a/b/c/d/e/f`, {
        headers: { accept: '*/*' },
      })
      expect(line.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(line.statusText).toBe('Not Found')
      expect(await line.text()).toMatch(/^there is nothing at this path.*\n$/)
    }
  })
})
