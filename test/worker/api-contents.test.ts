// What a file holds, over the API.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  ADMIN,
  answerOf,
  createOwner,
  forgetContents,
  tokenOf,
} from '../support/worker/registry.ts'
import { publish } from '../types/alpine/repository.ts'

const VERSION = '/api/v1/packages/acme/alpine/hello/1-r0'
const files = Array.from({ length: 5 }, (_, at) => ({ path: `f${at}`, content: 'x'.repeat(at) }))
const hello = { name: 'hello', version: '1-r0', files }

const digest = async () =>
  (await env.DB.prepare('SELECT sha256 FROM package_blob').first<string>('sha256')) ?? ''
const contentsPath = async (query = '') => `${VERSION}/files/${await digest()}/contents${query}`
const read = async (query = '', headers: HeadersInit = {}) =>
  answerOf(await contentsPath(query), { headers })

describe('of a public package', () => {
  beforeEach(async () => {
    await createOwner()
    await publish(hello)
  })

  it('is a list of paths with what is known of each', async () => {
    const { status, text, headers } = await read()
    expect(status).toBe(200)
    const body = JSON.parse(text)
    expect(body).toMatchObject({ total: 5, listed: 5, truncated: false, next: null })
    expect(body.entries.map(({ path, size }: Record<string, unknown>) => [path, size])).toEqual(
      files.map(({ path, content }) => [path, content.length]),
    )
    expect(body.entries[0]).toEqual({
      path: 'f0',
      type: 'file',
      mode: '0755',
      size: 0,
      sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    })
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('public, no-cache')
  })

  it('comes in pages', async () => {
    const paths: string[] = []
    let pages = 0
    for (let next: number | null = 0; next !== null; pages++) {
      const body = JSON.parse((await read(`?limit=2&offset=${next}`)).text)
      expect(body.total).toBe(5)
      paths.push(...body.entries.map(({ path }: { path: string }) => path))
      next = body.next
    }
    expect([pages, paths]).toEqual([3, files.map(({ path }) => path)])
    expect(JSON.parse((await read('?offset=99')).text)).toMatchObject({ entries: [], next: null })
  })

  it.each(['limit=0', 'limit=1001', 'limit=x', 'offset=-1', 'offset=1.5', 'offset=1000001'])(
    'refuses %s',
    async (query) => {
      const { status, text } = await read(`?${query}`)
      const [name] = query.split('=')
      expect([status, JSON.parse(text).code]).toEqual([400, 'invalid-request'])
      expect(JSON.parse(text).detail).toMatch(new RegExp(`^${name} must be a number from [01] to`))
    },
  )

  it('is not sent again to who has it', async () => {
    const etag = (await read()).headers.get('etag') ?? ''
    expect(etag).toContain(await digest())
    const again = await read('', { 'if-none-match': etag })
    expect([again.status, again.text]).toEqual([304, ''])
    expect((await read('', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  it('says that it was not recorded', async () => {
    await forgetContents()
    const { status, text } = await read()
    expect([status, JSON.parse(text).detail]).toEqual([
      404,
      'what the file holds was not recorded when it was published',
    ])
  })

  it('is that of a version which has the file, and of no other', async () => {
    const sha256 = await digest()
    await publish({ name: 'other', version: '1-r0' })
    await createOwner('rival')
    const nowhere = [
      `${VERSION}/files/${'0'.repeat(64)}/contents`,
      `${VERSION}/files/x/contents`,
      `${VERSION}/files/${sha256.toUpperCase()}/contents`,
      `/api/v1/packages/acme/alpine/other/1-r0/files/${sha256}/contents`,
      `/api/v1/packages/acme/alpine/hello/2-r0/files/${sha256}/contents`,
      `/api/v1/packages/acme/nothing/hello/1-r0/files/${sha256}/contents`,
      `/api/v1/packages/rival/alpine/hello/1-r0/files/${sha256}/contents`,
    ]
    for (const path of nowhere) expect([path, (await answerOf(path)).status]).toEqual([path, 404])
    expect((await answerOf(`${VERSION}/files/${sha256}/contents`)).status).toBe(200)
  })
})

it('of a private package is for who may read it, and kept by nobody', async () => {
  await createOwner('acme', 'private')
  await publish(hello)
  expect((await read()).status).toBe(401)
  const { headers } = await tokenOf('acme', { scopes: ['read'] })
  for (const known of [headers, ADMIN]) {
    const answer = await read('', known)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
  }
  await createOwner('rival', 'private')
  const rival = await tokenOf('rival', { scopes: ['admin'] })
  expect((await read('', rival.headers)).status).toBe(404)
})
