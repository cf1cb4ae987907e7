import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { csrfOf, post, type SignedIn, signIn } from '../support/worker/browser.ts'
import { answerOf, countRows, createOwner, tokenOf } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const ADMIN_TOKEN = 'admin-token-of-the-tests'

interface Browser {
  readonly session: SignedIn
  get(path: string): ReturnType<typeof answerOf>
  send(path: string, fields?: Record<string, string>): ReturnType<typeof answerOf>
}

async function browserOf(token: string): Promise<Browser> {
  const session = await signIn(token)
  const csrf = await csrfOf(session)
  const headers = { ...session.headers, accept: 'text/html' }
  return {
    session,
    get: (path) => answerOf(path, { headers, redirect: 'manual' }),
    send: (path, fields = {}) => post(path, { csrf, ...fields }, session.headers),
  }
}

const browserWith = async (grant: Record<string, unknown>) =>
  browserOf((await tokenOf('acme', grant)).token)

beforeEach(() => createOwner())

describe('removing in the browser', () => {
  const REMOVE = '/acme/-/remove/alpine/hello/1-r0'

  beforeEach(async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '1-r0', arch: 'aarch64' })
  })

  it('says what goes, and then removes it', async () => {
    const browser = await browserWith({ scopes: ['write'] })
    const page = await browser.get(REMOVE)
    expect(page.status).toBe(200)
    expect(page.text).toContain('Remove hello 1-r0?')
    expect(page.text).toMatch(/2 files go, for everybody and at once. The version goes with them/)
    expect(await countRows()).toMatchObject({ package_file: 2 })
    const { status, headers } = await browser.send(REMOVE)
    expect([status, headers.get('location')]).toEqual([303, '/acme?notice=removed'])
    expect(await countRows()).toMatchObject({ package_file: 0, package_version: 0 })
    expect((await browser.get('/acme?notice=removed')).text).toContain('Removed.')
  })

  it('says for how long places may remember what goes, and what becomes private', async () => {
    override({ REMEMBER_SECONDS: 10 })
    const browser = await browserWith({ scopes: ['write'] })
    expect((await browser.get(REMOVE)).text).toMatch(
      /2 files go, here at once, everywhere within 15 seconds\. The version goes with them/,
    )
    const admin = await browserOf(ADMIN_TOKEN)
    const hint = /places that were asked for its files may answer them for 15 more\s+seconds/
    expect((await admin.get('/acme/-/manage')).text).toMatch(hint)
    await env.DB.prepare("UPDATE owner SET visibility = 'private'").run()
    expect((await browser.get(REMOVE)).text).toMatch(/2 files go, for everybody and at once\. /)
    expect((await admin.get('/acme/-/manage')).text).not.toMatch(hint)
  })

  it('removes one file alone', async () => {
    const id = await env.DB.prepare(
      "SELECT id FROM package_file WHERE architecture = 'aarch64'",
    ).first<string>('id')
    const browser = await browserWith({ scopes: ['write'] })
    const page = await browser.get(`${REMOVE}?file=${id}`)
    expect(page.text).toContain('Remove a file of hello 1-r0?')
    expect((await browser.send(`${REMOVE}?file=${id}`)).status).toBe(303)
    const { results } = await env.DB.prepare('SELECT architecture FROM package_file').all()
    expect(results).toEqual([{ architecture: 'x86_64' }])
    expect((await browser.send(`${REMOVE}?file=${id}`)).status).toBe(404)
  })

  it('is refused without the form token, to who may not, and for what is not there', async () => {
    const writer = await browserWith({ scopes: ['write'] })
    const reader = await browserWith({ scopes: ['read'] })
    const other = await browserWith({ scopes: ['write'], packages: ['other'] })
    const generic = await browserWith({ scopes: ['write'], packages: ['generic:hello'] })
    expect((await writer.send(REMOVE, { csrf: '' })).status).toBe(403)
    expect((await writer.send(REMOVE, { csrf: await csrfOf(reader.session) })).status).toBe(403)
    for (const browser of [reader, other, generic]) {
      expect((await browser.get(REMOVE)).status).toBe(403)
      expect((await browser.send(REMOVE)).status).toBe(403)
    }
    for (const path of [`${REMOVE}1`, `${REMOVE}?file=x`, '/acme/-/remove/x/hello/1-r0']) {
      expect([path, (await writer.get(path)).status]).toEqual([path, 404])
    }
    expect(await countRows()).toMatchObject({ package_file: 2 })
  })

  it('is offered to who may', async () => {
    const link = `href="${REMOVE}`
    const page = '/acme/-/packages/alpine/hello/1-r0'
    expect((await (await browserWith({ scopes: ['write'] })).get(page)).text).toContain(link)
    expect((await (await browserWith({ scopes: ['read'] })).get(page)).text).not.toContain(link)
  })
})

describe('managing tokens in the browser', () => {
  const TOKENS = '/acme/-/manage/tokens'

  it('shows a new one once, which works', async () => {
    const browser = await browserWith({ scopes: ['admin'] })
    const { status, text, headers } = await browser.send(TOKENS, {
      name: 'ci <b>',
      scopes: 'write',
      repositories: 'alpine:edge/main\r\nv3.22/main',
      packages: '',
      expires_at: '2999-12-31',
    })
    expect([status, headers.get('cache-control')]).toEqual([201, 'private, no-store'])
    const [token = ''] = /cairn_[0-9A-Za-z]{47}/.exec(text) ?? []
    expect(text).toContain('ci &lt;b&gt;')
    const { results } = await env.DB.prepare(
      "SELECT scopes, repositories, packages, expires_at AS until FROM access_token WHERE name = 'ci <b>'",
    ).all()
    expect(results).toEqual([
      {
        scopes: '["write"]',
        repositories: '["alpine:edge/main","v3.22/main"]',
        packages: null,
        until: Date.parse('2999-12-31T23:59:59Z'),
      },
    ])
    const authorization = `Bearer ${token}`
    expect((await put(buildApk(), MAIN, { authorization })).status).toBe(201)
    const page = (await browser.get('/acme/-/manage')).text
    expect(page).not.toContain(token)
    expect(page).toContain('Writes only to alpine:edge/main, v3.22/main')
  })

  it.each([
    ['no name', { scopes: 'read' }, /Name is required/],
    ['no scope', { name: 'a' }, /Scopes is required/],
    [
      'a bad repository',
      { name: 'a', scopes: 'write', repositories: 'main' },
      /Repositories: .*main.* is not of the form/,
    ],
    ['a past day', { name: 'a', scopes: 'read', expires_at: '2020-01-01' }, /in the future/],
  ])('with %s says what is wrong, beside what was filled in', async (_, fields, says) => {
    const browser = await browserWith({ scopes: ['admin'] })
    const { status, text } = await browser.send(TOKENS, { packages: 'kept*', ...fields })
    expect(status).toBe(400)
    expect(text).toMatch(says)
    expect(text).toContain('>kept*</textarea>')
    expect(await env.DB.prepare('SELECT count(*) AS n FROM access_token').first('n')).toBe(1)
  })

  it('revokes one at once, also the own', async () => {
    const { id, headers } = await tokenOf('acme', { scopes: ['write'] })
    const own = await tokenOf('acme', { scopes: ['admin'] })
    const browser = await browserOf(own.token)
    const answer = await browser.send(`${TOKENS}/${id}/revoke`)
    expect(answer.headers.get('location')).toBe('/acme/-/manage?notice=revoked')
    expect((await put(buildApk(), MAIN, headers)).status).toBe(401)
    expect((await browser.send(`${TOKENS}/${id}/revoke`)).status).toBe(404)
    const last = await browser.send(`${TOKENS}/${own.id}/revoke`)
    expect(last.headers.get('location')).toBe('/?notice=revoked')
    expect((await browser.get('/acme/-/manage')).status).toBe(303)
  })

  it('is for who may manage, and not for restricted tokens', async () => {
    const { id } = await tokenOf('acme', { scopes: ['read'] })
    const fields = { name: 'a', scopes: 'admin' }
    for (const grant of [
      { scopes: ['write'] },
      { scopes: ['admin'], packages: ['hello'] },
      { scopes: ['admin'], repositories: ['edge/main'] },
    ]) {
      const browser = await browserWith(grant)
      expect((await browser.send(TOKENS, fields)).status).toBe(403)
      expect((await browser.send(`${TOKENS}/${id}/revoke`)).status).toBe(403)
      expect((await browser.get('/acme/-/manage')).text).not.toContain('Create token')
    }
    const admin = await browserWith({ scopes: ['admin'] })
    expect((await admin.send(TOKENS, { ...fields, csrf: 'wrong' })).status).toBe(403)
    expect((await admin.get('/acme/-/manage')).text).toContain('Create token')
    const names = await env.DB.prepare("SELECT count(*) AS n FROM access_token WHERE name = 'a'")
    expect(await names.first('n')).toBe(0)
  })
})

describe('managing owners in the browser', () => {
  const visibilityOf = (name: string) =>
    env.DB.prepare('SELECT visibility FROM owner WHERE name = ?').bind(name).first('visibility')

  it('creates one, and changes none that is there', async () => {
    const browser = await browserOf(ADMIN_TOKEN)
    const created = await browser.send('/-/owners', { name: 'New', visibility: 'private' })
    expect(created.headers.get('location')).toBe('/new/-/manage')
    expect(await visibilityOf('new')).toBe('private')
    const again = await browser.send('/-/owners', { name: 'acme', visibility: 'private' })
    expect([again.status, await visibilityOf('acme')]).toEqual([400, 'public'])
    expect(again.text).toContain('The owner acme is there already')
    expect((await browser.send('/-/owners', { name: 'a b', visibility: 'public' })).status).toBe(
      400,
    )
    expect((await browser.send('/-/owners', { name: 'b' })).status).toBe(400)
    const list = (await browser.get('/-/owners')).text
    expect([...list.matchAll(/class="name" href="\/([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'acme',
      'new',
    ])
  })

  it('changes the visibility, keeping the key, and deletes one that is empty', async () => {
    await env.DB.prepare("UPDATE owner SET signing_key = 'SIGNING_KEY_X'").run()
    const browser = await browserOf(ADMIN_TOKEN)
    const changed = await browser.send('/acme/-/manage/visibility', { visibility: 'private' })
    expect(changed.headers.get('location')).toBe('/acme/-/manage?notice=changed')
    const row = await env.DB.prepare('SELECT visibility, signing_key AS key FROM owner').first()
    expect(row).toEqual({ visibility: 'private', key: 'SIGNING_KEY_X' })
    await env.DB.prepare('UPDATE owner SET signing_key = NULL').run()
    await publish({ name: 'hello', version: '1-r0' })
    const refused = await browser.send('/acme/-/manage/delete')
    expect([refused.status, refused.text.includes('still has packages')]).toEqual([409, true])
    await browser.send('/acme/-/remove/alpine/hello/1-r0')
    const deleted = await browser.send('/acme/-/manage/delete')
    expect(deleted.headers.get('location')).toBe('/-/owners?notice=deleted')
    expect(await visibilityOf('acme')).toBeNull()
    expect((await browser.send('/acme/-/manage/delete')).status).toBe(404)
  })

  it('shows what an owner has and may have, and limits it', async () => {
    const bytes = await publish({ name: 'hello', version: '1-r0' })
    const admin = await browserWith({ scopes: ['admin'] })
    const shown = (await admin.get('/acme/-/manage')).text.replace(/<[^>]+>/g, ' ')
    expect(shown).toMatch(/Files\s+1 of 100,000/)
    expect(shown).toMatch(/Size of all files\s+\d+ bytes of 100 GB/)
    expect(shown).toMatch(/Access tokens\s+1 of 1,000/)
    expect(shown).not.toContain('Change limits')
    const browser = await browserOf(ADMIN_TOKEN)
    const LIMITS = '/acme/-/manage/limits'
    const changed = await browser.send(LIMITS, { limit_files: '7', limit_tokens: '' })
    expect(changed.headers.get('location')).toBe('/acme/-/manage?notice=changed')
    expect(await env.DB.prepare('SELECT limits FROM owner').first('limits')).toBe('{"files":7}')
    const page = await browser.get('/acme/-/manage')
    expect(page.text.replace(/<[^>]+>/g, ' ')).toMatch(/Files\s+1 of 7/)
    expect(page.text).toMatch(/name="limit_files"[^>]* value="7"/)
    const refused = await browser.send(LIMITS, { limit_files: 'many' })
    expect([refused.status, refused.text.includes('Limits must be an object of whole')]).toEqual([
      400,
      true,
    ])
    expect(refused.text).toMatch(/name="limit_files"[^>]* value="many"/)
    await browser.send(LIMITS)
    expect(await env.DB.prepare('SELECT limits FROM owner').first('limits')).toBeNull()
    const list = (await browser.get('/-/owners')).text.replace(/<[^>]+>/g, ' ')
    expect(list).toMatch(new RegExp(`1 file,\\s+${bytes.length} bytes`))
  })

  it('is for the deployment admin alone', async () => {
    const browser = await browserWith({ scopes: ['admin'] })
    const SETTINGS = ['visibility', 'limits', 'delete'].map((name) => `/acme/-/manage/${name}`)
    for (const path of ['/-/owners', ...SETTINGS]) {
      const fields = { name: 'new', visibility: 'private' }
      expect([path, (await browser.send(path, fields)).status]).toEqual([path, 403])
    }
    expect((await browser.get('/-/owners')).status).toBe(403)
    expect((await browser.get('/acme/-/manage')).text).not.toContain('Change visibility')
    expect(await visibilityOf('acme')).toBe('public')
    const admin = await browserOf(ADMIN_TOKEN)
    expect((await admin.send('/-/owners', { csrf: 'x', name: 'new' })).status).toBe(403)
  })
})
