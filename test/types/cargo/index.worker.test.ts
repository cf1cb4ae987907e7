import { beforeEach, describe, expect, it } from 'vitest'
import { ADMIN, createOwner, ORIGIN, send, tokenOf } from '../../support/worker/registry.ts'
import { ask, CRATES, mustPublish, publish } from './client.ts'
import { CARGO, indexPath, readIndex } from './index-reader.ts'

describe('the index of a public owner', () => {
  beforeEach(() => createOwner())

  it('says where crates and the API are, without a token', async () => {
    const config = await ask('GET', `${CARGO}/config.json`, { headers: {} })
    expect(JSON.parse(config.text)).toEqual({
      ...{ dl: `${ORIGIN}${CRATES}`, api: `${ORIGIN}${CARGO}`, 'auth-required': false },
    })
    expect(config.headers.get('cache-control')).toBe('public, no-cache, no-transform')
  })

  it('has a crate by its name in lower case, in the directories of its length, and nowhere else', async () => {
    for (const name of ['a', 'Ab', 'aBc', 'Hello_World']) {
      await mustPublish({ name })
      expect((await readIndex(name)).map((line) => line.name)).toEqual([name])
    }
    const wrong = [
      ...[
        '1/ab',
        '2/a',
        '3/x/abc',
        '3/abc',
        'zz/zz/hello_world',
        'he/lo/hello_world',
        '1/hello_world',
      ],
      ...[
        'He/ll/Hello_World',
        'he/ll/Hello_World',
        'he/ll/hello-world',
        'he/ll/none',
        '1/A',
        '4/a',
      ],
      ...['he/ll/hello_world%2f', 'he/ll/hello%00', 'he/ll/h%C3%A9llo'],
    ]
    for (const path of wrong) {
      expect([path, (await ask('GET', `${CARGO}/${path}`)).said]).toEqual([
        path,
        expect.stringMatching(/^404 there is no crate ".*" here$/),
      ])
    }
  })

  it('answers HEAD and conditions without the text, and changes with each version', async () => {
    await mustPublish({ name: 'hello' })
    const whole = await send(indexPath('hello'))
    const text = await whole.text()
    const [etag, date] = ['etag', 'last-modified'].map((name) => whole.headers.get(name) ?? '')
    const head = await send(indexPath('hello'), { method: 'HEAD' })
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, ''])
    for (const condition of [{ 'if-none-match': etag }, { 'if-modified-since': date }]) {
      const same = await send(indexPath('hello'), { headers: condition as HeadersInit })
      expect([same.status, await same.text()]).toEqual([304, ''])
    }
    await mustPublish({ name: 'hello', version: '1.1.0' })
    const later = await send(indexPath('hello'), { headers: { 'if-none-match': etag ?? '' } })
    expect(later.status).toBe(200)
    // A line that was published never changes.
    expect(await later.text()).toContain(text)
  })

  it('has no crate any more of which the last version was removed', async () => {
    await mustPublish({ name: 'hello' }, { name: 'hello', version: '1.1.0' })
    const remove = (version: string) =>
      send(`/api/v1/packages/acme/cargo/hello/${version}`, {
        ...{ method: 'DELETE', headers: ADMIN },
      })
    expect((await remove('1.0.0')).status).toBe(204)
    expect((await readIndex('hello')).map(({ vers }) => vers)).toEqual(['1.1.0'])
    expect((await remove('1.1.0')).status).toBe(204)
    expect(await readIndex('hello')).toEqual([])
    expect((await ask('GET', `${CRATES}/hello/1.1.0/download`)).said).toBe(
      '404 there is no version "1.1.0" of a crate "hello" here',
    )
    // Lock files have its digest: the version comes back as it was, or not at all.
    const other = { name: 'hello', version: '1.1.0', files: { 'src/lib.rs': 'other' } }
    expect((await publish(other)).said).toMatch(
      /^409 hello 1\.1\.0 was removed .* names stay taken: publish the bytes/,
    )
    expect((await publish({ ...other, version: '1.1.0+b' })).status).toBe(409)
    await mustPublish({ name: 'hello', version: '1.1.0' }, { ...other, version: '1.1.1' })
    expect(await readIndex('hello')).toHaveLength(2)
  })
})

describe('the index of a private owner', () => {
  beforeEach(() => createOwner('acme', 'private'))

  it('is for those with a token, bare as cargo sends it, or as others do', async () => {
    await mustPublish({ name: 'hello' })
    const { token } = await tokenOf('acme', { scopes: ['read'] })
    const basic = `Basic ${btoa(`me:${token}`)}`
    for (const authorization of [token, `Bearer ${token}`, `token ${token}`, basic]) {
      const headers = { authorization }
      const config = await ask('GET', `${CARGO}/config.json`, { headers })
      expect(JSON.parse(config.text)).toMatchObject({ 'auth-required': true })
      expect(config.headers.get('cache-control')).toBe('private, no-store')
      expect(await readIndex('hello', headers)).toHaveLength(1)
      expect((await ask('GET', `${CRATES}/hello/1.0.0/download`, { headers })).status).toBe(200)
      expect((await ask('GET', `${CRATES}?q=hello`, { headers })).status).toBe(200)
      expect((await ask('GET', `${CRATES}/hello/owners`, { headers })).status).toBe(200)
    }
  })

  it('is for nobody else, who is told where a token is to be had', async () => {
    await mustPublish({ name: 'hello' })
    const paths = [
      ...[`${CARGO}/config.json`, indexPath('hello'), `${CRATES}/hello/1.0.0/download`],
      ...[`${CRATES}?q=hello`, `${CRATES}/hello/owners`, `${CARGO}/he/ll/none`, `${CARGO}/nothing`],
    ]
    const bad = ['admin-token-of-the-tests', `cairn_${'a'.repeat(47)}`, 'x']
    for (const path of paths.slice(0, -1)) {
      for (const headers of [{}, ...bad.map((authorization) => ({ authorization }))]) {
        const { said, headers: answered } = await ask('GET', path, { headers })
        expect([path, said]).toEqual([
          path,
          expect.stringMatching(/^401 credentials needed: store .*; it begins with "cairn_", /),
        ])
        expect(answered.get('www-authenticate')).toBe(
          `Cargo login_url="${ORIGIN}/acme/-/manage", Basic realm="cairn", charset="UTF-8"`,
        )
      }
    }
  })
})

describe('what people and cargo ask beside', () => {
  beforeEach(() => createOwner())

  it('search finds a part of a name, by pages, with the version that is chosen', async () => {
    await mustPublish(
      ...['1.10.0', '1.9.0', '2.0.0-a'].map((version) => ({ name: 'Hello_World', version })),
      { name: 'hello', description: 'two\nlines \u001b[2J' },
      { name: 'other', description: null },
    )
    const search = async (query: string) => JSON.parse((await ask('GET', `${CRATES}${query}`)).text)
    const world = { name: 'Hello_World', max_version: '1.10.0', description: 'Greets' }
    const hello = { name: 'hello', max_version: '1.0.0', description: 'two lines [2J' }
    const other = { name: 'other', max_version: '1.0.0', description: '' }
    for (const query of [
      '?q=hello-w',
      '?q=LLO_W',
      '?q=o-world&per_page=1000',
      '?q=llo-w&per_page=10000000000',
    ]) {
      expect(await search(query)).toEqual({ crates: [world], meta: { total: 1 } })
    }
    expect(await search('')).toEqual({ crates: [hello, world, other], meta: { total: 3 } })
    expect(await search('?q=&per_page=1&page=2')).toEqual({ crates: [world], meta: { total: 3 } })
    expect(await search('?q=100%25')).toEqual({ crates: [], meta: { total: 0 } })
    for (const query of ['?per_page=0', '?per_page=-1', '?per_page=x', '?page=0', '?page=10001']) {
      expect((await ask('GET', CRATES + query)).said).toMatch(/^400 (per_page|page) is .*: use /)
    }
  })

  it('the owner of a crate is the owner', async () => {
    await mustPublish({ name: 'hello' })
    expect((await ask('GET', `${CRATES}/HELLO/owners`)).said).toBe(
      '200 {"users":[{"id":1,"login":"acme","name":null}]}',
    )
    expect((await ask('GET', `${CRATES}/none/owners`)).status).toBe(404)
    for (const method of ['PUT', 'DELETE']) {
      const body = JSON.stringify({ users: ['me'] })
      expect((await ask(method, `${CRATES}/hello/owners`, { body })).said).toMatch(/^400 .*tokens/)
    }
  })

  it('the page for a token, and paths and methods that are none, in JSON', async () => {
    expect((await ask('GET', `${CARGO}/me`)).said).toBe(
      `200 make an access token at ${ORIGIN}/acme/-/manage, and give it to cargo login`,
    )
    expect((await ask('GET', `${CARGO}/nothing`)).said).toMatch(
      /^404 there is nothing at this path/,
    )
    expect((await ask('POST', `${CRATES}/new`)).said).toBe('405 method not allowed here: use PUT')
    expect((await ask('PUT', `${CRATES}/hello/1.0.0/yank`)).status).toBe(405)
  })
})
