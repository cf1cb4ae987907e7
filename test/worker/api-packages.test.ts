import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { API, linksOf, listed, read } from '../support/worker/api.ts'
import { countRebuiltIndexes, expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

// The packages of an owner over the API, by the paths and in the JSON of Forgejo's.

const STABLE = '/api/packages/acme/alpine/v3.22/main'

const remove = (path: string, headers: HeadersInit = ADMIN) =>
  answerOf(`${API}/${path}`, { method: 'DELETE', headers })

beforeEach(() => createOwner())

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
    expect(await status(main)).toMatch(/^403 .*may not write to repository alpine:v3.22\/main/)
    const world = { scopes: ['write'], packages: ['world*'] }
    expect(await status(world)).toMatch(/^403 .*may not write package alpine:hello/)
    expect(await listed()).toEqual(['hello 2-r0', 'hello 1-r0'])
    const both = { scopes: ['write'], repositories: ['edge/main', 'v3.22/main'] }
    expect(await status({ ...both, packages: ['hell*'] })).toMatch(/^204 /)
    expect(await listed()).toEqual(['hello 2-r0'])
  })
})
