import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const put = (name: string, body: unknown, headers: HeadersInit = ADMIN) =>
  answerOf(`/api/v1/owners/${name}`, {
    method: 'PUT',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const remove = (name: string) =>
  answerOf(`/api/v1/owners/${name}`, { method: 'DELETE', headers: ADMIN })

const get = async (headers: HeadersInit = {}) =>
  JSON.parse((await answerOf('/api/v1/owners/acme', { headers })).text)

describe('what an owner has and may have', () => {
  beforeEach(() => createOwner())

  it('is shown to its admins and to nobody else', async () => {
    await createOwner('other')
    await publish({ name: 'a', version: '1-r0' })
    const { headers } = await tokenOf('acme', { scopes: ['admin'] })
    const { quota, limits } = await get(headers)
    expect(quota).toMatchObject({
      files: { used: 1, limit: 100_000 },
      metadata_bytes: { limit: 256_000_000 },
      file_bytes: { limit: 100_000_000_000 },
      repositories: { used: 1, limit: 1000 },
      tokens: { used: 1, limit: 1000 },
    })
    expect(limits).toBeNull()
    expect((await get(ADMIN)).quota).toEqual(quota)
    const others = [
      {},
      (await tokenOf('acme', { scopes: ['write'] })).headers,
      (await tokenOf('other', { scopes: ['admin'] })).headers,
      { authorization: 'Bearer wrong' },
    ]
    for (const each of others) {
      expect(Object.keys(await get(each))).not.toContain('quota')
      expect(Object.keys(await get(each))).not.toContain('limits')
    }
    const [first] = JSON.parse((await answerOf('/api/v1/owners', { headers: ADMIN })).text)
    expect(first).toMatchObject({ name: 'acme', quota: { files: quota.files }, limits: null })
  })

  it('is limited by the deployment admin, for this owner', async () => {
    const visibility = 'public'
    const { text } = await put('acme', { visibility, limits: { files: 1, tokens: null } })
    expect(JSON.parse(text)).toMatchObject({
      limits: { files: 1 },
      quota: { files: { used: 0, limit: 1 }, tokens: { limit: 1000 } },
    })
    await publish({ name: 'a', version: '1-r0' })
    await expect(publish({ name: 'b', version: '1-r0' })).rejects.toThrow(/may have 1/)
    // What is left out stays.
    expect(JSON.parse((await put('acme', { visibility })).text).limits).toEqual({ files: 1 })
    await put('acme', { visibility, limits: { tokens: 5 } })
    expect((await get(ADMIN)).limits).toEqual({ tokens: 5 })
    await publish({ name: 'b', version: '1-r0' })
    expect(JSON.parse((await put('acme', { visibility, limits: null })).text).limits).toBeNull()
    const { headers } = await tokenOf('acme', { scopes: ['admin'] })
    expect((await put('acme', { visibility, limits: { files: 9 } }, headers)).status).toBe(403)
  })

  it('may be given from the first on', async () => {
    await put('new', { visibility: 'public', limits: { files: 0 } })
    const row = await env.DB.prepare("SELECT limits FROM owner WHERE name = 'new'").first('limits')
    expect(row).toBe('{"files":0}')
  })

  it.each([
    [[], /limits must be an object of whole numbers/],
    ['many', /limits must be an object/],
    [{ files: -1 }, /limits must be an object/],
    [{ files: 1.5 }, /limits must be an object/],
    [{ files: '5' }, /limits must be an object/],
    [{ packages: 5 }, /limits has no "packages": use files, metadata_bytes, /],
  ])('is not limited by %j', async (limits, text) => {
    const answer = await put('acme', { visibility: 'public', limits })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text).detail).toMatch(text)
    expect((await get(ADMIN)).limits).toBeNull()
  })
})

describe('PUT of an owner', () => {
  it('creates it, changes it, and names the key file', async () => {
    const created = await put('acme', { visibility: 'public' })
    expect(created.status).toBe(201)
    expect(created.headers.get('location')).toBe('/api/v1/owners/acme')
    const body = JSON.parse(created.text)
    expect(body).toMatchObject({ name: 'acme', visibility: 'public' })
    expect(body.key_file).toMatch(/^acme@[0-9a-f]{16}\.rsa\.pub$/)
    expect(body.key_files_by_type).toEqual({ alpine: [body.key_file] })
    const key = await send(`/api/packages/acme/alpine/${body.key_file}`)
    expect(await key.text()).toMatch(/^-----BEGIN PUBLIC KEY-----\n/)
    expect(await put('acme', { visibility: 'private' })).toMatchObject({ status: 200 })
    const { results } = await env.DB.prepare('SELECT name, visibility FROM owner').all()
    expect(results).toEqual([{ name: 'acme', visibility: 'private' }])
  })

  it('takes a name in any case for the same owner', async () => {
    expect((await put('Acme', { visibility: 'public' })).status).toBe(201)
    expect((await put('ACME', { visibility: 'public' })).status).toBe(200)
  })

  it("reads JSON under any Content-Type, curl's for forms included", async () => {
    const headers = { ...ADMIN, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await put('acme', { visibility: 'public' }, headers)).status).toBe(201)
  })

  it.each([
    ['no visibility', 'acme', {}, /visibility is required: "public" or "private"/],
    ['another visibility', 'acme', { visibility: 'secret' }, /visibility is required/],
    [
      'an unknown field',
      'acme',
      { visibility: 'public', visiblity: 1 },
      /field "visiblity" is not known/,
    ],
    ['no JSON', 'acme', 'visibility=public', /the body is not a JSON object/],
    ['an array', 'acme', [], /the body is not a JSON object/],
    ['a bad name', 'a b', { visibility: 'public' }, /owner "a b" is not a valid name/],
    ['a reserved name', 'api', { visibility: 'public' }, /owner "api" is not a valid name/],
    ['a long name', 'a'.repeat(41), { visibility: 'public' }, /is not a valid name/],
    [
      'a key of another kind',
      'acme',
      { visibility: 'public', signing_key: 'ADMIN_TOKEN' },
      /signing_key must be/,
    ],
  ])('refuses %s', async (_, name, body, text) => {
    const answer = await put(encodeURIComponent(name), body)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text).detail).toMatch(text)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await env.DB.prepare('SELECT count(*) AS n FROM owner').first('n')).toBe(0)
  })

  it('refuses a chunked body that is too large, and reads it to its end', async () => {
    const body = new Blob([new Uint8Array(2_000_000)]).stream()
    const path = '/api/v1/owners/acme'
    expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body })).status).toBe(413)
  })

  it('refuses a body that is too large', async () => {
    expect((await put('acme', `{"visibility":"${'p'.repeat(70_000)}"}`)).status).toBe(413)
  })
})

describe('an owner with a signing key of its own', () => {
  it('signs with it, if the deployment has it', async () => {
    const settings = { visibility: 'public', signing_key: 'SIGNING_KEY_ACME' }
    const missing = await put('acme', settings)
    expect(`${missing.status} ${missing.text}`).toMatch(
      /^400 .*the secret SIGNING_KEY_ACME is missing; store it with .*npx wrangler secret put SIGNING_KEY_ACME/,
    )
    override({ SIGNING_KEY_ACME: env.OTHER_SIGNING_KEY })
    const { text } = await put('acme', settings)
    await createOwner('other')
    const other = JSON.parse((await put('other', { visibility: 'public' })).text)
    expect(JSON.parse(text).key_file.split('@')[1]).not.toBe(other.key_file.split('@')[1])
    expect((await put('acme', { visibility: 'private' })).text).toContain(JSON.parse(text).key_file)
  })
})

describe('the list of owners', () => {
  beforeEach(async () => {
    for (const name of ['c', 'a', 'b']) await createOwner(name)
  })

  it('is sorted, paged and counted', async () => {
    const answer = await answerOf('/api/v1/owners?limit=2', { headers: ADMIN })
    expect(JSON.parse(answer.text).map((owner: { name: string }) => owner.name)).toEqual(['a', 'b'])
    expect(answer.headers.get('x-total-count')).toBe('3')
    const next = await answerOf('/api/v1/owners?limit=2&page=2', { headers: ADMIN })
    expect(JSON.parse(next.text).map((owner: { name: string }) => owner.name)).toEqual(['c'])
  })

  it.each([
    ['limit=0', 200],
    ['limit=101', 200],
    ['page=-1', 200],
    ['page=x', 400],
    ['limit=x', 400],
  ])('%s is %d', async (query, status) => {
    expect((await answerOf(`/api/v1/owners?${query}`, { headers: ADMIN })).status).toBe(status)
  })
})

describe('DELETE of an owner', () => {
  it('is refused while it has packages, and then takes tokens and repositories along', async () => {
    await createOwner()
    const { headers } = await tokenOf('acme', { scopes: ['write'] })
    await publish({ name: 'hello', version: '1-r0' })
    const refused = await remove('acme')
    expect(`${refused.status} ${refused.text}`).toMatch(
      /^409 .*still has packages: delete them first/,
    )
    await answerOf(`${MAIN}/x86_64/hello-1-r0.apk`, { method: 'DELETE', headers })
    expect((await remove('acme')).status).toBe(204)
    for (const table of [
      'owner',
      'access_token',
      'repository',
      'repository_index',
      'repository_change',
    ]) {
      expect([
        table,
        await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first('n'),
      ]).toEqual([table, 0])
    }
    // The index files that the owner's repositories had, to be swept.
    const { results } = await env.DB.prepare('SELECT r2_key FROM garbage').all()
    const keys = (await env.BLOBS.list({ prefix: 'indexes/' })).objects.map((object) => object.key)
    expect(results.map((row) => row.r2_key).sort()).toEqual(keys.sort())
    expect((await remove('acme')).status).toBe(404)
  })

  it('leaves nothing to a later owner of the same name', async () => {
    await createOwner()
    const { headers } = await tokenOf('acme', { scopes: ['admin'] })
    await remove('acme')
    await createOwner('acme', 'private')
    const answer = await answerOf('/api/v1/owners/acme', { headers })
    expect(answer.status).toBe(401)
  })
})
