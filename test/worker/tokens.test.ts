import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  createOwner,
  listKeys,
  send,
  tokenOf,
} from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const TOKENS = '/api/v1/owners/acme/tokens'
const create = (body: unknown, headers: HeadersInit = ADMIN) =>
  answerOf(TOKENS, { method: 'POST', headers, body: JSON.stringify(body) })

beforeEach(() => createOwner())
afterEach(() => vi.restoreAllMocks())

describe('a new token', () => {
  it('is shown once and stored as its hash', async () => {
    const { status, text } = await create({ name: 'ci', scopes: ['write'] })
    const { token, ...shown } = JSON.parse(text)
    expect(status).toBe(201)
    expect(token).toMatch(/^cairn_[0-9A-Za-z]{47}$/)
    expect(shown).toMatchObject({
      name: 'ci',
      scopes: ['write'],
      repositories: null,
      packages: null,
      expires_at: null,
      last_used_at: null,
    })
    const list = await answerOf(TOKENS, { headers: ADMIN })
    expect(JSON.parse(list.text)).toEqual([shown])
    const dump = JSON.stringify(await env.DB.prepare('SELECT * FROM access_token').all())
    expect(dump).not.toContain(token)
  })

  it.each([
    ['no name', { scopes: ['read'] }, /name is required/],
    ['a name with a control character', { name: 'a\u0007', scopes: ['read'] }, /name is required/],
    ['no scopes', { name: 'a' }, /scopes is required/],
    ['empty scopes', { name: 'a', scopes: [] }, /scopes is required/],
    ['an unknown scope', { name: 'a', scopes: ['read', 'root'] }, /scopes is required/],
    ['a scope twice', { name: 'a', scopes: ['read', 'read'] }, /scopes is required/],
    [
      'a bad repository',
      { name: 'a', scopes: ['write'], repositories: ['main'] },
      /^repositories: "main" cannot be: .*not of the form branch\/repository/,
    ],
    [
      'no repository at all',
      { name: 'a', scopes: ['write'], repositories: [] },
      /repositories must be/,
    ],
    [
      'a bad pattern',
      { name: 'a', scopes: ['write'], packages: ['a/b'] },
      /^packages: "a\/b" must be .*begin with its type and ":", of alpine, (?:\w+, )*generic/,
    ],
    [
      'a pattern of a type that is not registered',
      { name: 'a', scopes: ['write'], packages: ['alpine:a', 'org.acme:*'] },
      /^packages: "org.acme:\*" names no type before its first ":": use one of alpine, (?:\w+, )*generic/,
    ],
    [
      'a repository of a type without repositories',
      { name: 'a', scopes: ['write'], repositories: ['generic:edge/main'] },
      /^repositories: "generic:edge\/main" names generic, a type without repositories/,
    ],
    [
      'a past expiry',
      { name: 'a', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' },
      /in the future/,
    ],
    [
      'a mistyped field',
      { name: 'a', scopes: ['write'], package: ['x'] },
      /field "package" is not known/,
    ],
  ])('is refused with %s', async (_, body, text) => {
    const answer = await create(body)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text).detail).toMatch(text)
    expect(await env.DB.prepare('SELECT count(*) AS n FROM access_token').first('n')).toBe(0)
  })
})

describe('a token', () => {
  it('is dead as soon as it is deleted', async () => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    const path = `${TOKENS}/${id}`
    expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
    const { status, text } = await put(buildApk(), MAIN, headers)
    expect(`${status} ${text}`).toMatch(/^401 the access token is not known here: it was revoked/)
    expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(404)
  })

  it('is not repeated when its text is taken for its id', async () => {
    const { token } = await tokenOf('acme', { scopes: ['read'] })
    const answer = await answerOf(`${TOKENS}/${token}`, { method: 'DELETE', headers: ADMIN })
    expect([answer.status, answer.text.includes(token)]).toEqual([404, false])
  })

  it('is not deleted through another owner', async () => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    await createOwner('other')
    const path = `/api/v1/owners/other/tokens/${id}`
    expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(404)
    expect((await put(buildApk(), MAIN, headers)).status).toBe(201)
  })

  it('is named by the log of what it removed from types without repositories, for 90 days', async () => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    const base = '/api/packages/acme/generic/tool'
    for (const path of ['1/a', '1/b', '2/u%20c', '3/d'])
      expect(
        (await answerOf(`${base}/${path}`, { method: 'PUT', headers, body: path })).status,
      ).toBe(201)
    const remove = (path: string, by: HeadersInit) =>
      answerOf(`${base}${path}`, { method: 'DELETE', headers: by })
    expect((await remove('/1/a', headers)).status).toBe(204)
    expect((await remove('/1/a', headers)).status).toBe(404)
    expect((await remove('/3', ADMIN)).status).toBe(204)
    expect((await remove('', headers)).status).toBe(204)
    const logged = () =>
      env.DB.prepare(
        'SELECT version, file_name AS name, removed_by AS who FROM removed_file ORDER BY id',
      ).all()
    const all = [
      { version: '1', name: 'a', who: id },
      { version: '3', name: 'd', who: 'admin' },
      { version: '1', name: 'b', who: id },
      { version: '2', name: 'u c', who: id },
    ]
    const { results } = await logged()
    expect(results.slice(0, 2)).toEqual(all.slice(0, 2))
    expect(results).toEqual(expect.arrayContaining(all))
    expect(results).toHaveLength(all.length)
    await expectConsistent()
    const day = 24 * 60 * 60 * 1000
    await sweep(env.DB, env.BLOBS, Date.now() + 89 * day)
    expect((await logged()).results).toHaveLength(all.length)
    await sweep(env.DB, env.BLOBS, Date.now() + 91 * day)
    expect((await logged()).results).toEqual([])
    await expectConsistent()
  })

  it('is named by the log of what it published and removed', async () => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    await put(buildApk({ name: 'hello', version: '1-r0' }), MAIN, headers)
    await answerOf(`${MAIN}/x86_64/hello-1-r0.apk`, { method: 'DELETE', headers })
    await publish({ name: 'other', version: '1-r0' })
    const { results } = await env.DB.prepare(
      'SELECT op, file_name AS name, created_by AS who FROM repository_change ORDER BY revision',
    ).all()
    expect(results).toEqual([
      { op: 'publish', name: 'hello-1-r0.apk', who: id },
      { op: 'remove', name: 'hello-1-r0.apk', who: id },
      { op: 'publish', name: 'other-1-r0.apk', who: 'admin' },
    ])
  })

  it('works as Basic, Bearer and token, under any user name', async () => {
    const { token } = await tokenOf('acme', { scopes: ['write'] })
    const spellings = [
      `Basic ${btoa(`anyone:${token}`)}`,
      `basic ${btoa(`:${token}`)}`,
      `Bearer ${token}`,
      `token ${token}`,
    ]
    for (const [at, authorization] of spellings.entries()) {
      const { status } = await put(buildApk({ version: `${at}-r0` }), MAIN, { authorization })
      expect([authorization.split(' ')[0], status]).toEqual([authorization.split(' ')[0], 201])
    }
  })

  it('stops at its expiry', async () => {
    const { headers } = await tokenOf('acme', {
      scopes: ['write'],
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    })
    expect((await put(buildApk({ version: '1-r0' }), MAIN, headers)).status).toBe(201)
    const later = Date.now() + 60_000
    vi.spyOn(Date, 'now').mockImplementation(() => later)
    const { status, text } = await put(buildApk({ version: '2-r0' }), MAIN, headers)
    expect(`${status} ${text}`).toMatch(/^401 the access token has expired/)
  })

  it('has its last use noted, at most hourly', async () => {
    const { headers } = await tokenOf('acme', { scopes: ['read'] })
    const lastUse = () =>
      env.DB.prepare('SELECT last_used_at AS at FROM access_token').first<number>('at')
    const use = async () => {
      await answerOf('/api/v1/owners/acme', { headers })
      await new Promise((resolve) => setTimeout(resolve, 50))
      return lastUse()
    }
    const first = await use()
    expect(Date.now() - Number(first)).toBeLessThan(10_000)
    expect(await use()).toBe(first)
    await env.DB.prepare('UPDATE access_token SET last_used_at = last_used_at - 3600001').run()
    expect(Number(await use())).toBeGreaterThanOrEqual(Number(first))
  })
})

describe('a restricted token', () => {
  it('writes only to its repositories', async () => {
    const { headers } = await tokenOf('acme', { scopes: ['write'], repositories: ['edge/main'] })
    expect((await put(buildApk(), MAIN, headers)).status).toBe(201)
    const other = await put(buildApk(), '/api/packages/acme/alpine/edge/testing', headers)
    expect(`${other.status} ${other.text}`).toBe(
      '403 the access token may not write to repository alpine:edge/testing, only to edge/main',
    )
  })

  it('writes only its packages, publishing and removing, and leaves nothing of others', async () => {
    await publish({ name: 'world', version: '1-r0' })
    const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['hello*', 'exact'] })
    for (const name of ['hello', 'hello-doc', 'exact']) {
      expect((await put(buildApk({ name, version: '1-r0' }), MAIN, headers)).status).toBe(201)
    }
    const before = await listKeys('blobs/')
    const other = await put(buildApk({ name: 'exactly', version: '1-r0' }), MAIN, headers)
    expect(`${other.status} ${other.text}`).toBe(
      '403 the access token may not write package alpine:exactly, only hello*, exact',
    )
    expect(await listKeys('blobs/')).toEqual(before)
    const remove = (file: string) =>
      answerOf(`${MAIN}/x86_64/${file}`, { method: 'DELETE', headers })
    expect((await remove('world-1-r0.apk')).status).toBe(403)
    expect((await remove('hello-doc-1-r0.apk')).status).toBe(204)
  })

  it.each<[Record<string, unknown>, readonly string[]]>([
    [{ packages: ['hello'] }, ['alpine hello', 'generic hello']],
    [{ packages: ['alpine:hello'] }, ['alpine hello']],
    [{ packages: ['generic:hello'] }, ['generic hello']],
    [{ packages: ['generic:alp*', 'alpine:hello'] }, ['alpine hello', 'generic alpine']],
    [{ repositories: ['edge/main'] }, ['alpine hello', 'alpine alpine']],
    [{ repositories: ['alpine:edge/main'] }, ['alpine hello', 'alpine alpine']],
    [{ repositories: ['alpine:edge/main'], packages: ['hello'] }, ['alpine hello']],
    [{ repositories: ['alpine:edge/main'], packages: ['generic:*'] }, []],
    [{ repositories: ['alpine:edge/other'] }, []],
  ])('of %j publishes %j', async (grant, expected) => {
    const { headers } = await tokenOf('acme', { scopes: ['write'], ...grant })
    const published: string[] = []
    for (const name of ['hello', 'alpine']) {
      const apk = await put(buildApk({ name, version: '1-r0' }), MAIN, headers)
      const file = { method: 'PUT', headers, body: 'x' }
      const generic = await answerOf(`/api/packages/acme/generic/${name}/1/f`, file)
      for (const [type, { status }] of Object.entries({ alpine: apk, generic })) {
        if (status === 201) published.push(`${type} ${name}`)
        else expect(status).toBe(403)
      }
    }
    expect(published.sort()).toEqual([...expected].sort())
  })

  it('removes packages of its type alone, also by the API', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const path = '/api/packages/acme/generic/hello/1/f'
    await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })
    const alpineOnly = await tokenOf('acme', { scopes: ['write'], packages: ['alpine:*'] })
    const genericOnly = await tokenOf('acme', { scopes: ['write'], packages: ['generic:*'] })
    const remove = async (of: string, { headers }: { readonly headers: HeadersInit }) =>
      (await answerOf(of, { method: 'DELETE', headers })).status
    const [api, file] = ['/api/v1/packages/acme', `${MAIN}/x86_64/hello-1-r0.apk`]
    expect([
      await remove(`${api}/generic/hello/1`, alpineOnly),
      await remove(path, alpineOnly),
      await remove('/api/packages/acme/generic/hello', alpineOnly),
      await remove(`${api}/alpine/hello/1-r0`, genericOnly),
      await remove(file, genericOnly),
    ]).toEqual([403, 403, 403, 403, 403])
    expect([
      await remove(`${api}/generic/hello/1`, genericOnly),
      await remove(file, alpineOnly),
    ]).toEqual([204, 204])
  })

  it('shows its entries as given', async () => {
    const given = { repositories: ['alpine:edge/main', 'v3.22/main'], packages: ['hello*'] }
    await tokenOf('acme', { scopes: ['write'], ...given })
    const { text } = await answerOf(TOKENS, { headers: ADMIN })
    expect(JSON.parse(text)).toMatchObject([given])
  })

  it('is refused before its body is read where it may write nothing of the type', async () => {
    const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['generic:*'] })
    const { status, text } = await put(new TextEncoder().encode('no apk'), MAIN, headers)
    expect(`${status} ${text}`).toBe(
      '403 the access token may not write packages of the type alpine, only generic:*',
    )
  })

  it('reads everything of its owner', async () => {
    await createOwner('secret', 'private')
    const path = MAIN.replace('acme', 'secret')
    await publish({ name: 'hello', version: '1-r0' }, path)
    const { headers } = await tokenOf('secret', {
      scopes: ['write'],
      packages: ['other'],
      repositories: ['a/b'],
    })
    const response = await send(`${path}/x86_64/hello-1-r0.apk`, { headers })
    expect([response.status, (await response.arrayBuffer()).byteLength > 0]).toEqual([200, true])
  })

  it('cannot make itself a wider one', async () => {
    for (const restriction of [{ packages: ['hello*'] }, { repositories: ['edge/main'] }]) {
      const { id, headers } = await tokenOf('acme', { scopes: ['admin'], ...restriction })
      const answer = await create({ name: 'wider', scopes: ['admin'] }, headers)
      expect(`${answer.status} ${answer.text}`).toMatch(
        /^403 .*restricted to some (packages|repositories)/,
      )
      expect((await answerOf(`${TOKENS}/${id}`, { method: 'DELETE', headers })).status).toBe(403)
    }
  })
})
