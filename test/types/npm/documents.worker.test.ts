// Documents, tags and deprecations over HTTP: each spelling of a scope, conditions, and what changes what.
import { beforeEach, describe, expect, it } from 'vitest'
import { override } from '../../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../../support/worker/registry.ts'
import { type BodySpec, buildBody, buildPublish, buildTarball, integrityOf } from './builder.ts'
import { NPM } from './sample.ts'

const SHORT = 'application/vnd.npm.install-v1+json'

beforeEach(() => createOwner())

async function publish(
  spec: BodySpec,
  path = `${NPM}/${(spec.name ?? 'hello-world').replace('/', '%2f')}`,
) {
  return answerOf(path, { method: 'PUT', headers: ADMIN, body: buildPublish(spec) })
}

async function mustPublish(...specs: readonly BodySpec[]): Promise<void> {
  for (const spec of specs) expect(await publish(spec)).toMatchObject({ status: 201 })
}

async function read(path: string, headers: HeadersInit = {}) {
  const response = await send(path, { headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
}

const change = (method: string, path: string, body?: unknown) =>
  answerOf(`${NPM}/${path}`, {
    ...{ method, headers: ADMIN },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

describe('a scoped package', () => {
  const SPELLINGS = ['@s/p', '@s%2fp', '@s%2Fp', '%40s/p', '%40s%2fp']

  it.each(SPELLINGS)('is published, read and changed under %s', async (spelling) => {
    const path = `${NPM}/${spelling}`
    expect((await publish({ name: '@s/p' }, path)).headers.get('location')).toBe(
      `${NPM}/@s/p/-/p-1.0.0.tgz`,
    )
    for (const other of SPELLINGS) {
      expect((await read(`${NPM}/${other}`)).json().versions['1.0.0']._id).toBe('@s/p@1.0.0')
      expect((await read(`${NPM}/${other}/1.0.0`)).json()).toMatchObject({ name: '@s/p' })
      expect((await read(`${NPM}/${other}/latest`)).json()).toMatchObject({ version: '1.0.0' })
      expect((await read(`${NPM}/-/package/${other}/dist-tags`)).json()).toEqual({
        latest: '1.0.0',
      })
      for (const file of ['p-1.0.0.tgz', '1.0.0/p-1.0.0.tgz']) {
        expect((await read(`${NPM}/${other}/-/${file}`)).status).toBe(200)
      }
    }
    expect(await change('PUT', `-/package/${spelling}/dist-tags/next`, '1.0.0')).toMatchObject({
      status: 200,
    })
    expect(await change('DELETE', `-/package/${spelling}/dist-tags/next`)).toMatchObject({
      status: 200,
    })
    expect(await change('PUT', `${spelling}/-rev/r`, {})).toMatchObject({ status: 200 })
    expect(await change('DELETE', `${spelling}/-/p-1.0.0.tgz/-rev/r`)).toMatchObject({
      status: 200,
    })
    expect((await read(path)).status).toBe(404)
  })

  it('is removed as a whole, and asked for by npm in a path that has the registry twice', async () => {
    await mustPublish({ name: '@s/p' }, { name: '@s/p', version: '1.0.1' })
    const doubled = 'api/packages/acme/npm/@s/p/-/p-1.0.0.tgz/-rev/r'
    expect(await change('DELETE', doubled.replace('acme', 'other'))).toMatchObject({ status: 404 })
    expect(await change('DELETE', doubled)).toMatchObject({ status: 200 })
    expect(await change('DELETE', '@s%2fp/-rev/r')).toMatchObject({ status: 200 })
    expect((await read(`${NPM}/@s/p`)).status).toBe(404)
  })
})

describe('paths that name nothing', () => {
  it.each([
    ...[
      'absent',
      '@s/absent',
      'hello-world/2.0.0',
      'hello-world/next',
      'hello-world/%5E1.0.0',
      'Hello-World',
    ],
    ...[
      'hello-world/-/hello-world-2.0.0.tgz',
      'hello-world/-/other-1.0.0.tgz',
      'hello-world/-/1.0.1/hello-world-1.0.0.tgz',
    ],
    ...[
      'hello-world/-/hello-world-1.0.0.tgz.bak',
      '-/package/absent/dist-tags',
      '..%2fhello-world',
      '__proto__',
    ],
    ...[
      'hello-world/-/..%2f..%2fx',
      '@/hello-world',
      '%00',
      'hello-world%00',
      '-/nothing',
      'constructor',
    ],
  ])('%s is a 404 that says so', async (path) => {
    await mustPublish({})
    const { status, headers, json } = await read(`${NPM}/${path}`)
    expect([path, status, headers.get('content-type')]).toEqual([path, 404, 'application/json'])
    expect(json()).toMatchObject({ error: expect.any(String), code: 'not-found' })
  })
})

describe('a document', () => {
  it('has an ETag for each form and origin, by which it is not sent again', async () => {
    await mustPublish({})
    const full = await read(`${NPM}/hello-world`)
    const short = await read(`${NPM}/hello-world`, {
      accept: `${SHORT}; q=1.0, application/json; q=0.8, */*`,
    })
    expect(full.headers.get('content-type')).toBe('application/json')
    expect(short.headers.get('content-type')).toBe(SHORT)
    expect([full, short].map(({ headers }) => headers.get('vary'))).toEqual(['accept', 'accept'])
    const tags = [full, short].map(({ headers }) => headers.get('etag') ?? '')
    const elsewhere = await send(`https://other.test${NPM}/hello-world`)
    expect(await elsewhere.text()).toContain(
      'https://other.test/api/packages/acme/npm/hello-world/-/',
    )
    expect(new Set([...tags, elsewhere.headers.get('etag')]).size).toBe(3)
    for (const [at, accept] of ['*/*', SHORT].entries()) {
      const again = await read(`${NPM}/hello-world`, { accept, 'if-none-match': tags[at] ?? '' })
      expect([again.status, again.text]).toEqual([304, ''])
    }
    const head = await send(`${NPM}/hello-world`, { method: 'HEAD' })
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, tags[0], ''])
    for (const path of ['hello-world/1.0.0', '-/package/hello-world/dist-tags']) {
      const { headers } = await read(`${NPM}/${path}`)
      const etag = headers.get('etag') ?? ''
      expect((await read(`${NPM}/${path}`, { 'if-none-match': etag })).status).toBe(304)
    }
    await mustPublish({ version: '1.0.1' })
    expect((await read(`${NPM}/hello-world`, { 'if-none-match': tags[0] ?? '' })).status).toBe(200)
  })

  it('has tags as a publish names them, and latest from the first version on', async () => {
    await mustPublish({ version: '2.0.0-rc.1', tags: { next: '2.0.0-rc.1' } })
    const tags = async () => (await read(`${NPM}/-/package/hello-world/dist-tags`)).json()
    expect(await tags()).toEqual({ latest: '2.0.0-rc.1', next: '2.0.0-rc.1' })
    await mustPublish(
      { version: '1.0.0' },
      { version: '1.0.1', tags: { old: '1.0.1' } },
      { version: '3.0.0', tags: null },
    )
    expect(await tags()).toEqual({ latest: '1.0.0', next: '2.0.0-rc.1', old: '1.0.1' })
    await change('DELETE', 'hello-world/-/hello-world-1.0.0.tgz/-rev/r')
    expect(await tags()).toEqual({ latest: '3.0.0', next: '2.0.0-rc.1', old: '1.0.1' })
    expect((await read(`${NPM}/hello-world`)).json()['dist-tags']).toEqual(await tags())
    // A tag that was removed stays so; a later version takes latest only where it says so.
    await mustPublish({ version: '4.0.0', tags: { next: '4.0.0' } })
    expect(await tags()).toEqual({ latest: '3.0.0', next: '4.0.0', old: '1.0.1' })
  })

  it('shows a version as written, and has one of each that differ in their build', async () => {
    await mustPublish({
      version: '1.0.0+a.1',
      packageJson: '{"name":"hello-world","version":"1.0.0+a.1"}',
    })
    const document = (await read(`${NPM}/hello-world`)).json()
    expect(Object.keys(document.versions)).toEqual(['1.0.0+a.1'])
    const { pathname } = new URL(document.versions['1.0.0+a.1'].dist.tarball)
    expect((await read(pathname)).status).toBe(200)
    expect((await read(`${NPM}/hello-world/1.0.0`)).json().version).toBe('1.0.0+a.1')
    expect((await publish({ version: '1.0.0+b' })).status).toBe(409)
  })
})

describe('deprecation', () => {
  const put = (versions: Record<string, unknown>, name = 'hello-world') =>
    change('PUT', name, { name, versions })
  const texts = async () => {
    const { versions } = (await read(`${NPM}/hello-world`, { accept: SHORT })).json()
    return Object.fromEntries(
      Object.entries(versions).map(([key, value]) => [
        key,
        (value as { deprecated?: string }).deprecated,
      ]),
    )
  }

  it('comes, changes and goes, and leaves alone what is not named', async () => {
    await mustPublish({}, { version: '1.0.1' })
    const before = (await read(`${NPM}/hello-world`)).headers.get('etag')
    expect(await put({ '1.0.0': {}, '1.0.1': {} })).toMatchObject({ status: 400 })
    expect((await read(`${NPM}/hello-world`)).headers.get('etag')).toBe(before)
    await put({ '1.0.0': { deprecated: 'old' }, '1.0.1': {} })
    expect(await texts()).toEqual({ '1.0.0': 'old', '1.0.1': undefined })
    await put({ '1.0.1': { deprecated: 'odd "one"\n' } })
    expect(await texts()).toEqual({ '1.0.0': 'old', '1.0.1': 'odd "one"\n' })
    await put({ '1.0.0': { deprecated: '' }, '1.0.1': { deprecated: 'odd "one"\n' } })
    expect(await texts()).toEqual({ '1.0.0': undefined, '1.0.1': 'odd "one"\n' })
  })

  it('is refused of what is not there, or may not be written', async () => {
    expect((await put({ '1.0.0': { deprecated: 'x' } })).status).toBe(404)
    await mustPublish({})
    expect((await put({ '9.0.0': { deprecated: 'x' }, '1.0.0': { deprecated: 'x' } })).status).toBe(
      404,
    )
    expect(await texts()).toEqual({ '1.0.0': undefined })
    const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['npm:other*'] })
    const body = JSON.stringify({ name: 'hello-world', versions: { '1.0.0': { deprecated: 'x' } } })
    expect((await answerOf(`${NPM}/hello-world`, { method: 'PUT', headers, body })).status).toBe(
      403,
    )
    for (const path of ['hello-world/-rev/r', '-/package/hello-world/dist-tags/next']) {
      const sent = { method: 'PUT', headers, body: '"1.0.0"' }
      expect((await answerOf(`${NPM}/${path}`, sent)).status).toBe(403)
    }
    expect(await texts()).toEqual({ '1.0.0': undefined })
  })
})

describe('what a client read before others changed it', () => {
  it('is not put back, and nothing is removed by it', async () => {
    await mustPublish({})
    const { _rev } = (await read(`${NPM}/hello-world`)).json()
    await mustPublish({ version: '1.0.1' })
    const versions = { '1.0.0': { deprecated: 'x' } }
    const stale = await change('PUT', 'hello-world', { name: 'hello-world', _rev, versions })
    expect(`${stale.status} ${stale.text}`).toMatch(
      /^400 .*hello-world changed since it was read: do it again/,
    )
    expect(await change('DELETE', `hello-world/-rev/${_rev}`)).toMatchObject({ status: 400 })
    const fresh = (await read(`${NPM}/hello-world`)).json()._rev
    const sent = { name: 'hello-world', _rev: fresh, versions }
    expect(await change('PUT', 'hello-world', sent)).toMatchObject({ status: 200 })
    const last = (await read(`${NPM}/hello-world`)).json()._rev
    expect(await change('DELETE', `hello-world/-rev/${last}`)).toMatchObject({ status: 200 })
  })

  it('may have a warning of its own, which others take away', async () => {
    await mustPublish({ members: { deprecated: 'from the beginning' } })
    const warning = async () => (await read(`${NPM}/hello-world/1.0.0`)).json().deprecated
    expect(await warning()).toBe('from the beginning')
    await change('PUT', 'hello-world', {
      name: 'hello-world',
      versions: { '1.0.0': { deprecated: '' } },
    })
    expect(await warning()).toBe(undefined)
  })
})

describe('accounts', () => {
  it('log in with a token, which counts a wrong one, and say whose it is', async () => {
    const { token, headers } = await tokenOf('acme', { scopes: ['read'] })
    const login = (body: unknown) =>
      answerOf(`${NPM}/-/user/org.couchdb.user:me`, { method: 'PUT', body: JSON.stringify(body) })
    const good = await login({ name: 'me', password: token })
    expect([good.status, JSON.parse(good.text)]).toEqual([
      201,
      { ok: true, id: 'org.couchdb.user:me', token },
    ])
    const wrong = await login({ name: 'me', password: 'cairn_wrong' })
    expect(wrong.status).toBe(401)
    expect(JSON.parse(wrong.text).error).toMatch(
      /no account is made here: give any user name, and an access token/,
    )
    expect(wrong.headers.get('npm-notice')).toMatch(
      /an access token of this registry as the password/,
    )
    expect((await login({ name: 'me' })).status).toBe(400)
    const whoami = await read(`${NPM}/-/whoami`, headers)
    expect(whoami.json()).toEqual({ username: 'acme' })
    expect((await read(`${NPM}/-/whoami`)).status).toBe(401)
    const unknown = { authorization: 'Bearer wrong' }
    expect((await read(`${NPM}/-/whoami`, unknown)).status).toBe(401)
    expect((await read(`${NPM}/-/ping`)).json()).toEqual({})
  })
})

describe('search and audits', () => {
  it('find names by a part of them, in pages', async () => {
    await mustPublish(
      { name: '@s/tool' },
      { name: 'other-tool', version: '2.0.0' },
      { name: 'nothing' },
    )
    const search = async (query: string) => (await read(`${NPM}/-/v1/search?${query}`)).json()
    const all = await search('text=tool&size=20&from=0')
    expect([all.total, all.objects.map((each: { package: object }) => each.package)]).toEqual([
      2,
      [
        expect.objectContaining({ name: '@s/tool', scope: 's', version: '1.0.0', maintainers: [] }),
        expect.objectContaining({ name: 'other-tool', scope: 'unscoped', version: '2.0.0' }),
      ],
    ])
    expect((await search('text=tool&size=1&from=1')).objects).toHaveLength(1)
    expect((await search('text=tool&size=-1&from=x')).objects).toHaveLength(2)
    expect((await search('')).total).toBe(3)
  })

  it('know of nothing, whatever is sent', async () => {
    for (const path of ['advisories/bulk', 'audits/quick', 'audits']) {
      const body = new Uint8Array(100_000).fill(0x1f)
      const sent = { method: 'POST', body, headers: { 'content-encoding': 'gzip' } }
      expect((await answerOf(`${NPM}/-/npm/v1/security/${path}`, sent)).status).toBe(200)
    }
  })

  it('are counted by address, and have bodies of a size', async () => {
    const audits = ['advisories/bulk', 'audits/quick', 'audits'].map(
      (path) => `${NPM}/-/npm/v1/security/${path}`,
    )
    for (const path of audits) {
      const body = new Uint8Array(9 * 1024 * 1024)
      expect((await answerOf(path, { method: 'POST', body })).status).toBe(413)
    }
    override({ READERS: { limit: async () => ({ success: false }) } })
    for (const path of audits) {
      const headers = { 'cf-connecting-ip': '192.0.2.30' }
      const sent = { method: 'POST', body: '{}', headers }
      expect((await answerOf(path, sent)).status).toBe(429)
      const known = { ...sent, headers: { ...headers, ...ADMIN } }
      expect((await answerOf(path, known)).status).toBe(200)
    }
  })
})

it('keeps what was published, byte for byte', async () => {
  const { versions } = buildBody({ members: { exports: { '.': './a.js' }, os: ['linux'] } })
  await mustPublish({ members: { exports: { '.': './a.js' }, os: ['linux'] } })
  const manifest = (await read(`${NPM}/hello-world/1.0.0`)).json()
  const tarball = buildTarball({ members: { exports: { '.': './a.js' }, os: ['linux'] } })
  expect(manifest).toEqual({
    ...(versions as Record<string, object>)['1.0.0'],
    dist: {
      ...{ integrity: integrityOf(tarball), shasum: expect.any(String), fileCount: 2 },
      ...{ unpackedSize: expect.any(Number) },
      tarball: `https://registry.test${NPM}/hello-world/-/hello-world-1.0.0.tgz`,
    },
  })
})
