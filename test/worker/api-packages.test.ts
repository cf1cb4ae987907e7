import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { countRebuiltIndexes, expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, MAIN, publish, tokenOf } from '../support/worker/registry.ts'

// The packages of an owner over the API, by the paths and in the JSON of Forgejo's.

const API = '/api/v1/packages/acme'
const TESTING = '/api/packages/acme/alpine/edge/testing'
const STABLE = '/api/packages/acme/alpine/v3.22/main'

async function read(path: string, headers: HeadersInit = {}) {
  const answer = await answerOf(path, { headers })
  expect(`${answer.status} ${answer.text}`).toMatch(/^200 /)
  expect(answer.headers.get('content-type')).toBe('application/json')
  return { body: JSON.parse(answer.text), headers: answer.headers }
}

async function listed(query = ''): Promise<string[]> {
  const { body } = await read(`${API}${query}`)
  return body.map(({ name, version }: Record<string, string>) => `${name} ${version}`)
}

/** The targets of a Link header by their relation, as path and query. */
function linksOf(headers: Headers): Record<string, string> {
  const links = headers.get('link')?.split(', ') ?? []
  return Object.fromEntries(
    links.map((link) => {
      const [, target = '', relation = ''] = /^<([^>]+)>; rel="(\w+)"$/.exec(link) ?? []
      const { pathname, search } = new URL(target)
      return [relation, pathname + search]
    }),
  )
}

const remove = (path: string, headers: HeadersInit = ADMIN) =>
  answerOf(`${API}/${path}`, { method: 'DELETE', headers })

beforeEach(() => createOwner())

describe('the list of packages', () => {
  beforeEach(async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '2-r0' })
    await publish({ name: 'world', version: '1-r0' }, TESTING)
  })

  it('is one of versions, newest first, as Forgejo writes them', async () => {
    const { body, headers } = await read(API)
    expect(headers.get('x-total-count')).toBe('3')
    expect(headers.get('link')).toBeNull()
    expect(await listed()).toEqual(['world 1-r0', 'hello 2-r0', 'hello 1-r0'])
    expect(body[1]).toEqual({
      id: expect.any(Number),
      owner: {
        id: expect.any(Number),
        login: 'acme',
        username: 'acme',
        full_name: '',
        html_url: 'https://registry.test/acme',
        visibility: 'public',
      },
      repository: null,
      creator: null,
      type: 'alpine',
      name: 'hello',
      version: '2-r0',
      html_url: 'https://registry.test/acme/-/packages/alpine/hello/2-r0',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      architectures: ['x86_64'],
      repositories: ['edge/main'],
    })
    expect(Number.isSafeInteger(body[1].owner.id)).toBe(true)
  })

  it.each([
    ['?q=HELL', ['hello 2-r0', 'hello 1-r0']],
    ['?q=%20world%20', ['world 1-r0']],
    ['?q=', ['world 1-r0', 'hello 2-r0', 'hello 1-r0']],
    ['?q=none', []],
    ['?type=alpine&q=wor', ['world 1-r0']],
    ['?type=all&q=wor', ['world 1-r0']],
    ['?type=&q=wor', ['world 1-r0']],
    ['?type=debian', []],
    ['?repository=edge/testing', ['world 1-r0']],
  ])('%s is narrowed', async (query, names) => {
    expect(await listed(query)).toEqual(names)
  })

  it('has pages that link to each other', async () => {
    const query = '?q=o&limit=1'
    const seen: string[] = []
    let last: Record<string, string> = {}
    for (let next: string | undefined = `${API}${query}`; next !== undefined; next = last.next) {
      const { body, headers } = await read(next)
      expect(headers.get('x-total-count')).toBe('3')
      seen.push(...body.map(({ name, version }: Record<string, string>) => `${name} ${version}`))
      last = linksOf(headers)
    }
    expect(seen).toEqual(['world 1-r0', 'hello 2-r0', 'hello 1-r0'])
    expect(last).toEqual({ first: `${API}${query}&page=1`, prev: `${API}${query}&page=2` })
    const { headers } = await read(`${API}${query}`)
    expect(linksOf(headers)).toEqual({
      next: `${API}${query}&page=2`,
      last: `${API}${query}&page=3`,
    })
    const beyond = await read(`${API}?page=9`)
    expect(beyond.body).toEqual([])
    expect(linksOf(beyond.headers)).toEqual({ first: `${API}?page=1`, prev: `${API}?page=1` })
  })

  it.each(['page=0', 'page=x', 'limit=0', 'limit=101', `q=${'a'.repeat(201)}`])(
    'refuses %s',
    async (query) => {
      const { status, text } = await answerOf(`${API}?${query}`)
      expect(status).toBe(400)
      expect(JSON.parse(text)).toMatchObject({ code: 'invalid-request', status: 400 })
    },
  )

  it('of owners too has links', async () => {
    await createOwner('other')
    const { headers } = await read('/api/v1/owners?limit=1', ADMIN)
    expect(linksOf(headers)).toEqual({
      next: '/api/v1/owners?limit=1&page=2',
      last: '/api/v1/owners?limit=1&page=2',
    })
  })

  it('is three statements, of whichever size', async () => {
    let statements = 0
    const counting = new Proxy(env.DB, {
      get: (db, name) => {
        if (name === 'withSession') return () => counting
        const value: unknown = Reflect.get(db, name)
        if (typeof value !== 'function') return value
        if (name === 'prepare') statements++
        return value.bind(db)
      },
    })
    await answerOf('/api/healthz')
    override({ DB: counting })
    for (const path of [API, `${API}/alpine/hello`, `${API}/alpine/hello/1-r0/files`]) {
      statements = 0
      await read(path)
      expect([path, statements]).toEqual([path, 3])
    }
  })
})

describe('a package', () => {
  beforeEach(async () => {
    await publish({ name: 'hello', version: '2-r0' })
    await publish({ name: 'hello', version: '10-r0', arch: 'noarch' })
    await publish({ name: 'hello', version: '2-r0', arch: 'aarch64' }, STABLE)
  })

  it('lists its versions', async () => {
    const { body, headers } = await read(`${API}/alpine/hello?limit=1`)
    expect(body).toHaveLength(1)
    expect(body[0]).toMatchObject({ name: 'hello', version: '10-r0', architectures: ['noarch'] })
    expect(headers.get('x-total-count')).toBe('2')
    expect(linksOf(headers).next).toBe(`${API}/alpine/hello?limit=1&page=2`)
  })

  it('has a latest version, which was published last', async () => {
    const { body } = await read(`${API}/alpine/hello/-/latest`)
    expect(body).toMatchObject({ name: 'hello', version: '10-r0' })
  })

  it('has each version', async () => {
    const { body } = await read(`${API}/alpine/hello/2-r0`)
    expect(body).toMatchObject({
      version: '2-r0',
      architectures: ['aarch64', 'x86_64'],
      repositories: ['edge/main', 'v3.22/main'],
    })
  })

  it('has the files of a version, with digests and what the index shows', async () => {
    const { body, headers } = await read(`${API}/alpine/hello/2-r0/files`)
    expect(headers.get('x-total-count')).toBe('2')
    const bytes = await env.DB.prepare(
      "SELECT size, md5, sha1, sha256, sha512 FROM package_blob JOIN package_file ON blob_sha256 = sha256 WHERE architecture = 'aarch64'",
    ).first()
    expect(body[1]).toEqual({
      ...bytes,
      id: expect.any(Number),
      name: 'hello-2-r0.apk',
      architecture: 'aarch64',
      branch: 'v3.22',
      repository: 'main',
      repository_url: 'https://registry.test/api/v1/owners/acme/repositories/alpine/v3.22/main',
      metadata: expect.objectContaining({ name: 'hello', version: '2-r0', file_size: bytes?.size }),
      created_at: expect.stringMatching(/Z$/),
    })
    expect(body[0]).toMatchObject({ architecture: 'x86_64', branch: 'edge', repository: 'main' })
    const page = await read(`${API}/alpine/hello/2-r0/files?limit=1&page=2`)
    expect(page.body).toHaveLength(1)
    expect(page.body[0].branch).toBe('v3.22')
  })

  it.each([
    'alpine/none',
    'alpine/none/-/latest',
    'alpine/hello/3-r0',
    'alpine/hello/3-r0/files',
    'debian/hello',
    'debian/hello/-/latest',
    'debian/hello/2-r0/files',
    'alpine/%00',
  ])('answers 404 for %s', expectAbsent)

  it('answers 404 for a name that is longer than any', async () => {
    await expectAbsent(`alpine/${'x'.repeat(3000)}`)
  })

  async function expectAbsent(path: string): Promise<void> {
    const { status, text } = await answerOf(`${API}/${path}`)
    expect(status).toBe(404)
    expect(JSON.parse(text)).toMatchObject({ code: 'not-found', status: 404 })
  }

  it('may have slashes in its name and version', async () => {
    await env.DB.prepare("UPDATE package SET name = '@scope/hello'").run()
    await env.DB.prepare(
      "UPDATE package_version SET version = 'a/b%2F' WHERE version = '2-r0'",
    ).run()
    const { body } = await read(`${API}/alpine/%40scope%2Fhello/a%2Fb%252F`)
    expect(body).toMatchObject({
      name: '@scope/hello',
      version: 'a/b%2F',
      html_url: 'https://registry.test/acme/-/packages/alpine/@scope%2Fhello/a%2Fb%252F',
    })
    expect((await read(`${API}/alpine/@scope%2Fhello/-/latest`)).body.version).toBe('10-r0')
  })
})

describe('a package whose names match without case', () => {
  const GENERIC = '/api/packages/acme/generic'

  beforeEach(async () => {
    const path = `${GENERIC}/My.Tool/V1%2Fa/File.bin`
    const { status } = await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'bytes' })
    expect(status).toBe(201)
  })

  it('is found in any case and shown as it was written, with files that have no place', async () => {
    for (const path of ['My.Tool/V1%2Fa', 'my.tool/v1%2FA', 'MY.TOOL/-/latest']) {
      const { body } = await read(`${API}/generic/${path}`)
      expect(body).toMatchObject({ type: 'generic', name: 'My.Tool', version: 'V1/a' })
    }
    expect(await listed('?q=TOOL&type=generic')).toEqual(['My.Tool V1/a'])
    const { body } = await read(`${API}/generic/my.tool/V1%2Fa/files`)
    expect(body).toMatchObject([
      {
        ...{ name: 'File.bin', size: 5, architecture: null, branch: null },
        ...{ repository: null, repository_url: null },
      },
    ])
  })

  it('is removed in any case', async () => {
    expect((await remove('generic/MY.TOOL/V1%2FA')).status).toBe(204)
    expect(await listed()).toEqual([])
    await expectConsistent()
  })
})

describe('a private owner', () => {
  it('is for its tokens alone', async () => {
    await createOwner('secret', 'private')
    await publish({ name: 'hello', version: '1-r0' }, '/api/packages/secret/alpine/edge/main')
    const { headers } = await tokenOf('secret', { scopes: ['read'] })
    const other = await tokenOf('acme', { scopes: ['admin'] })
    for (const path of [
      '',
      '/alpine/hello',
      '/alpine/hello/-/latest',
      '/alpine/hello/1-r0/files',
    ]) {
      const url = `/api/v1/packages/secret${path}`
      expect((await answerOf(url)).status).toBe(401)
      expect((await answerOf(url, { headers: other.headers })).status).toBe(404)
      const { body } = await read(url, headers)
      expect(JSON.stringify(body)).toContain('hello')
    }
  })
})

describe('DELETE of a version', () => {
  const statusOf = async (path: string) => (await answerOf(path, { method: 'HEAD' })).status

  beforeEach(async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '1-r0', arch: 'aarch64' })
    await publish({ name: 'hello', version: '1-r0' }, STABLE)
    await publish({ name: 'hello', version: '2-r0' })
  })

  it('takes its files from all repositories and their indexes', async () => {
    expect(await remove('alpine/hello/1-r0')).toMatchObject({ status: 204, text: '' })
    expect(await listed()).toEqual(['hello 2-r0'])
    for (const path of [`${MAIN}/x86_64`, `${MAIN}/aarch64`, `${STABLE}/x86_64`]) {
      expect(await statusOf(`${path}/hello-1-r0.apk`)).toBe(404)
      expect(await statusOf(`${path}/APKINDEX.tar.gz`)).toBe(200)
    }
    expect(await statusOf(`${MAIN}/x86_64/hello-2-r0.apk`)).toBe(200)
    await expectConsistent()
    expect(await countRebuiltIndexes()).toBe(0)
    expect((await remove('alpine/hello/1-r0')).status).toBe(404)
    expect((await remove('alpine/hello/2-r0')).status).toBe(204)
    expect(await listed()).toEqual([])
  })

  it('is refused to who may only read, and to who is restricted to less than all of it', async () => {
    const status = async (grant: Record<string, unknown>) => {
      const { headers } = await tokenOf('acme', grant)
      const answer = await remove('alpine/hello/1-r0', headers)
      return `${answer.status} ${answer.text}`
    }
    expect((await remove('alpine/hello/1-r0', {})).status).toBe(401)
    expect(await status({ scopes: ['read'] })).toMatch(/^403 .*lacks the scope write/)
    const main = { scopes: ['write'], repositories: ['edge/main'] }
    expect(await status(main)).toMatch(/^403 .*may not write to repository v3.22\/main/)
    const world = { scopes: ['write'], packages: ['world*'] }
    expect(await status(world)).toMatch(/^403 .*may not write package hello/)
    expect(await listed()).toEqual(['hello 2-r0', 'hello 1-r0'])
    const both = { scopes: ['write'], repositories: ['edge/main', 'v3.22/main'] }
    expect(await status({ ...both, packages: ['hell*'] })).toMatch(/^204 /)
    expect(await listed()).toEqual(['hello 2-r0'])
  })
})

describe('repositories', () => {
  const REPOSITORIES = '/api/v1/owners/acme/repositories'

  it('are listed with their revisions', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '2-r0' })
    await publish({ name: 'hello', version: '1-r0' }, STABLE)
    const { body, headers } = await read(`${REPOSITORIES}?limit=1`)
    expect(headers.get('x-total-count')).toBe('2')
    expect(linksOf(headers).next).toBe(`${REPOSITORIES}?limit=1&page=2`)
    expect(body).toEqual([
      {
        type: 'alpine',
        name: 'edge/main',
        url: `https://registry.test${REPOSITORIES}/alpine/edge/main`,
        head: expect.stringMatching(/^[0-9a-f-]{36}$/),
        revision: 2,
        immutable: false,
        created_at: expect.stringMatching(/Z$/),
        changed_at: expect.stringMatching(/Z$/),
      },
    ])
  })

  it('have index files with digests, and changes', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await remove('alpine/hello/1-r0')
    const { body } = await read(`${REPOSITORIES}/alpine/edge/main`)
    expect(body).toMatchObject({ name: 'edge/main', revision: 2 })
    const index = await answerOf(`${MAIN}/x86_64/APKINDEX.tar.gz`, { method: 'HEAD' })
    const [, x86] = body.indexes
    expect(x86).toMatchObject({ path: 'x86_64/APKINDEX.tar.gz', changed_at: expect.any(String) })
    expect(index.headers.get('etag')).toBe(`"${x86.sha256}"`)
    const file = { file_name: 'hello-1-r0.apk', architecture: 'x86_64' }
    expect(body.changes).toMatchObject([
      { revision: 2, op: 'remove', ...file },
      { revision: 1, op: 'publish', ...file },
    ])
    expect(JSON.stringify(body)).not.toContain('created_by')
  })

  it('declared immutable before their first package are there, and unknown ones are 404', async () => {
    const settings = { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' }
    await answerOf(`${REPOSITORIES}/alpine/edge/next`, settings)
    const { body } = await read(`${REPOSITORIES}/alpine/edge/next`)
    expect(body).toMatchObject({ immutable: true, changed_at: null, indexes: [], changes: [] })
    expect((await answerOf(`${REPOSITORIES}/alpine/edge/none`)).status).toBe(404)
    expect((await answerOf(`${REPOSITORIES}/debian/edge/main`)).status).toBe(404)
    expect((await answerOf(`${REPOSITORIES}/alpine/e!/main`)).status).toBe(400)
  })
})
