import { beforeEach, describe, expect, it } from 'vitest'
import { answerOf, createOwner, send, tokenOf } from '../../support/worker/registry.ts'
import { MAIN, publish } from './repository.ts'

const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`
const HOUR = 60 * 60 * 1000

/** A date as clients send it, so many milliseconds from now. */
const date = (offset: number) => new Date(Date.now() + offset).toUTCString()

let bytes: Uint8Array
beforeEach(async () => {
  await createOwner()
  bytes = await publish({ name: 'hello', version: '1-r0' })
})

describe.each([
  ['package', FILE, 'application/octet-stream'],
  ['index', INDEX, 'application/gzip'],
])('the %s', (_, path, contentType) => {
  it('has the headers of a public file', async () => {
    const response = await send(path)
    const body = await response.arrayBuffer()
    const digest = [...new Uint8Array(await crypto.subtle.digest('SHA-256', body))]
    const hex = digest.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': contentType,
      'content-length': String(body.byteLength),
      'cache-control': 'public, no-cache, no-transform',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      etag: `"${hex}"`,
    })
    const modified = Date.parse(response.headers.get('last-modified') ?? '')
    expect(Math.abs(Date.now() - modified)).toBeLessThan(10_000)
    expect(response.headers.has('content-encoding')).toBe(false)
  })

  it('answers HEAD with the same headers and no body', async () => {
    const get = await send(path)
    await get.arrayBuffer()
    const head = await send(path, { method: 'HEAD' })
    expect(await head.text()).toBe('')
    // What a request took is its own.
    const own = ([name]: [string, string]) => name !== 'server-timing'
    expect([...head.headers].filter(own)).toEqual([...get.headers].filter(own))
  })

  it('is not sent again to whoever has it', async () => {
    const etag = (await send(path, { method: 'HEAD' })).headers.get('etag') ?? ''
    for (const match of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await send(path, { headers: { 'if-none-match': match } })
      expect([match, response.status, await response.text()]).toEqual([match, 304, ''])
      expect(response.headers.get('etag')).toBe(etag)
    }
    const other = await send(path, { headers: { 'if-none-match': '"other"' } })
    expect([other.status, (await other.arrayBuffer()).byteLength > 0]).toEqual([200, true])
  })

  it.each([
    ['the present', 0],
    ['a minute ahead', 60_000],
    ['a year ahead', 365 * 24 * HOUR],
    ['a minute ago', -60_000],
  ])('is sent in full to a clock that says %s', async (_, offset) => {
    const { status } = await answerOf(path, { headers: { 'if-modified-since': date(offset) } })
    expect(status).toBe(200)
  })
})

describe('a range', () => {
  const ranged = async (range: string, more: Record<string, string> = {}) => {
    const response = await send(FILE, { headers: { range, ...more } })
    const body = new Uint8Array(await response.arrayBuffer())
    return { status: response.status, range: response.headers.get('content-range'), body }
  }

  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=5-', 5, undefined],
    ['bytes=-7', -7, undefined],
    ['bytes=3-99999999', 3, undefined],
  ])('%s is served', async (range, start, end) => {
    const answer = await ranged(range)
    expect(answer.status).toBe(206)
    expect(answer.body).toEqual(bytes.slice(start, end))
    const first = start < 0 ? bytes.length + start : start
    const last = (end ?? bytes.length) - 1
    expect(answer.range).toBe(`bytes ${first}-${last}/${bytes.length}`)
  })

  it('of a HEAD is none', async () => {
    const head = await send(FILE, { method: 'HEAD', headers: { range: 'bytes=0-1' } })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)])
  })

  it('beyond the end is refused with the size', async () => {
    const answer = await ranged(`bytes=${bytes.length}-`)
    expect([answer.status, answer.range]).toEqual([416, `bytes */${bytes.length}`])
  })

  it.each(['bytes=0-1,4-5', 'lines=1-2', 'bytes=9-3', 'bytes=-', 'nonsense'])(
    'that is not one range (%s) gets the whole file',
    async (range) => {
      const answer = await ranged(range)
      expect([answer.status, answer.body.length]).toEqual([200, bytes.length])
    },
  )

  it('holds only if If-Range does', async () => {
    const head = await send(FILE, { method: 'HEAD' })
    const etag = head.headers.get('etag') ?? ''
    const modified = head.headers.get('last-modified') ?? ''
    expect((await ranged('bytes=0-1', { 'if-range': etag })).status).toBe(206)
    expect((await ranged('bytes=0-1', { 'if-range': modified })).status).toBe(206)
    expect((await ranged('bytes=0-1', { 'if-range': '"other"' })).status).toBe(200)
    expect((await ranged('bytes=0-1', { 'if-range': date(-HOUR) })).status).toBe(200)
  })
})

describe('what is not there', () => {
  it.each([
    `${MAIN}/x86_64/absent-1-r0.apk`,
    `${MAIN}/aarch64/hello-1-r0.apk`,
    `${MAIN}/X86/hello-1-r0.apk`,
    `${MAIN}/x86_64/hello%2f1-r0.apk`,
    `${MAIN}/x86_64/${'h'.repeat(2000)}.apk`,
    '/api/packages/acme/alpine/edge/other/x86_64/APKINDEX.tar.gz',
    '/api/packages/acme/alpine/edge/ma%20in/x86_64/APKINDEX.tar.gz',
    `${MAIN}/apk-configuration`,
  ])('%s is 404 and says so', async (path) => {
    const { status, text } = await answerOf(path)
    expect(status).toBe(404)
    expect(text).toMatch(/^(no such (package|index): "|there is nothing at this path)/)
    expect(text.length).toBeLessThan(350)
  })

  it('says when it is the architecture that nobody has', async () => {
    const { status, text } = await answerOf(`${MAIN}/amd64/APKINDEX.tar.gz`)
    expect(`${status} ${text}`).toMatch(
      /^404 no such index: .*architecture "amd64".*Alpine calls it x86_64/,
    )
  })

  it('another method on a known path is 405 and says which there are', async () => {
    const { status, headers } = await answerOf(FILE, { method: 'POST' })
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, DELETE'])
  })
})

describe('a private owner', () => {
  const secret = FILE.replace('acme', 'secret')
  beforeEach(async () => {
    await createOwner('secret', 'private')
    await publish({ name: 'hello', version: '1-r0' }, MAIN.replace('acme', 'secret'))
  })

  it('is never stored by anybody in between', async () => {
    const { headers } = await tokenOf('secret', { scopes: ['read'] })
    for (const path of [secret, INDEX.replace('acme', 'secret')]) {
      const response = await send(path, { headers })
      await response.arrayBuffer()
      expect([response.status, response.headers.get('cache-control')]).toEqual([
        200,
        'private, no-store',
      ])
    }
  })
})
