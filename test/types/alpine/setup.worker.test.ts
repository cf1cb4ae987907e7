import { beforeEach, describe, expect, it } from 'vitest'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../../support/worker/registry.ts'
import { MAIN, publish } from './repository.ts'

const SETUP = `${MAIN}/setup.sh`

beforeEach(async () => {
  await createOwner()
  await publish({ name: 'hello', version: '1-r0' })
})

describe('setup.sh', () => {
  it('is a script about this repository, with the keys in it', async () => {
    const response = await send(SETUP)
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).toMatch(/^#!\/bin\/sh\n/)
    expect(text).toContain(`\nURL=https://registry.test${MAIN}\n`)
    expect(text).toContain('\nPRIVATE=no\n')
    const key = await answerOf('/api/packages/acme/alpine/key')
    expect(text).toContain(key.text)
    const [, name = ''] = /filename="(.*)"/.exec(key.headers.get('content-disposition') ?? '') ?? []
    expect(text).toContain(`"$1"/${name} << 'PEM'`)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(new TextEncoder().encode(text).byteLength),
      'cache-control': 'public, no-cache, no-transform',
      'x-content-type-options': 'nosniff',
    })
  })

  it('answers HEAD with the same headers and no body', async () => {
    const get = await send(SETUP)
    await get.arrayBuffer()
    const head = await send(SETUP, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect([...head.headers]).toEqual([...get.headers])
  })

  it('is written in the name that the owner has, however it is spelt', async () => {
    const { text } = await answerOf(SETUP.replace('acme', 'ACME'))
    expect(text).toContain(`\nURL=https://registry.test${MAIN}\n`)
  })

  it.each(['edge/other', 'edge/ma%20in', 'edge/$(id)', 'other/main'])(
    'of %s, which is not there, is 404',
    async (repository) => {
      const { status, text } = await answerOf(`/api/packages/acme/alpine/${repository}/setup.sh`)
      expect(`${status} ${text}`).toMatch(
        /^404 nothing was set up: no such repository: ".*" of acme$/,
      )
    },
  )

  it('is 404 like the index while nothing was ever published', async () => {
    const immutable = { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' }
    const path = '/api/v1/owners/acme/repositories/alpine/edge/declared'
    expect((await answerOf(path, immutable)).status).toBe(200)
    for (const file of ['setup.sh', 'x86_64/APKINDEX.tar.gz'])
      expect((await answerOf(`/api/packages/acme/alpine/edge/declared/${file}`)).status).toBe(404)
  })

  it('is there for a repository that was emptied', async () => {
    const file = `${MAIN}/x86_64/hello-1-r0.apk`
    expect((await answerOf(file, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
    expect((await answerOf(SETUP)).status).toBe(200)
  })

  it('is no name that a publish cannot have', async () => {
    const { status, text } = await answerOf(SETUP, {
      method: 'PUT',
      headers: ADMIN,
      body: 'no package',
    })
    expect(status).toBe(400)
    expect(text).not.toContain('setup.sh')
  })
})

describe('setup.sh of a private owner', () => {
  const secret = SETUP.replace('acme', 'secret')
  beforeEach(async () => {
    await createOwner('secret', 'private')
    await publish({ name: 'hello', version: '1-r0' }, MAIN.replace('acme', 'secret'))
  })

  it('is for a token of the owner, and kept by nobody in between', async () => {
    const { headers, token } = await tokenOf('secret', { scopes: ['read'] })
    const answer = await answerOf(secret, { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    expect(answer.text).toContain('\nPRIVATE=yes\n')
    expect(answer.text).not.toContain(token)
  })

  it('is 401 without one, as for an owner that is not there, and 404 with a foreign one', async () => {
    const anonymous = await answerOf(secret)
    const unknown = await answerOf(SETUP.replace('acme', 'nobody'))
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers.get('www-authenticate')).toMatch(/^Basic /)
    expect([unknown.status, unknown.text]).toEqual([anonymous.status, anonymous.text])
    const { headers } = await tokenOf('acme', { scopes: ['read'] })
    expect((await answerOf(secret, { headers })).status).toBe(404)
  })
})
