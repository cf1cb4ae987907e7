import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, expectNothing } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { samples } from '../types/samples.ts'
import type { SampleFile } from '../types/type-sample.ts'

// What a client states in headers of the bytes that it sends: what is not true stores nothing.

beforeEach(() => createOwner())

const base64 = (algorithm: string, bytes: Uint8Array) =>
  createHash(algorithm).update(bytes).digest('base64')
const hex = (algorithm: string, bytes: Uint8Array) =>
  createHash(algorithm).update(bytes).digest('hex')

/** By header: its value for these bytes. */
const OF_BODY: readonly (readonly [string, (bytes: Uint8Array) => string])[] = [
  ['Content-Digest', (bytes) => `sha-256=:${base64('sha256', bytes)}:`],
  ['Content-Digest', (bytes) => `unixsum=:MA==:, sha-512=:${base64('sha512', bytes)}:;a=1`],
  ['Repr-Digest', (bytes) => `sha-512=:${base64('sha512', bytes)}:`],
  ['Repr-Digest', (bytes) => `md5=:${base64('md5', bytes)}:, sha=:${base64('sha1', bytes)}:`],
  ['Digest', (bytes) => `SHA-256=${base64('sha256', bytes)},MD5=${base64('md5', bytes)}`],
  ['Content-MD5', (bytes) => base64('md5', bytes)],
]
const OF_FILE: typeof OF_BODY = [
  ['X-Checksum-Md5', (bytes) => hex('md5', bytes)],
  ['X-Checksum-Sha1', (bytes) => hex('sha1', bytes).toUpperCase()],
  ['X-Checksum-Sha256', (bytes) => hex('sha256', bytes)],
  ['X-Checksum-Sha512', (bytes) => hex('sha512', bytes)],
]
const OTHER = new Uint8Array([1, 2, 3])

describe.each(samples)('$type', (sample) => {
  const { first, statuses } = sample
  const publish = (headers: Record<string, string>) =>
    answerTo(sample.publish(first), { ...ADMIN, ...headers })

  it.each(OF_BODY)('takes a %s of the body, and refuses another', async (header, claimOf) => {
    const body = await sample.publish(first).bytes()
    const { status, text } = await publish({ [header]: claimOf(OTHER) })
    expect([status, text]).toEqual([400, expect.stringContaining(`${header} is `)])
    await expectNothing()
    expect((await publish({ [header]: claimOf(body) })).status).toBe(statuses.published)
    await expectConsistent()
  })

  it.each(OF_FILE)('takes a %s of the file, and refuses another', async (header, claimOf) => {
    const { status, text } = await publish({ [header]: claimOf(OTHER) })
    expect([status, text]).toEqual([400, expect.stringContaining(`${header} is `)])
    await expectNothing()
    expect((await publish({ [header]: claimOf(first.bytes) })).status).toBe(statuses.published)
    await expectConsistent()
  })

  it.each([
    ['Content-Digest', 'sha-256=abc'],
    ['Content-Digest', 'sha-256=:AAAA:'],
    ['Repr-Digest', 'nothing'],
    ['Digest', 'SHA-256=AAAA'],
    ['Content-MD5', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['X-Checksum-Sha1', 'abc'],
    ['X-Checksum-Sha256', `${'0'.repeat(64)}, ${'0'.repeat(64)}`],
  ])('says at once that a %s of %j cannot be read', async (header, value) => {
    const { status, text } = await publish({ [header]: value })
    expect([status, text]).toEqual([400, expect.stringMatching(/leave it out/)])
    await expectNothing()
  })

  it('refuses a part of a body, and a body in another encoding', async () => {
    const part = await publish({ 'content-range': 'bytes 4-9/10' })
    expect([part.status, part.text]).toEqual([400, expect.stringContaining('only a part')])
    for (const encoding of ['gzip', 'aws-chunked', 'identity, br']) {
      const { status, text } = await publish({ 'content-encoding': encoding })
      expect([status, text]).toEqual([415, expect.stringContaining('Content-Encoding')])
    }
    await expectNothing()
    expect((await publish({ 'content-encoding': 'identity' })).status).toBe(statuses.published)
  })
})

describe('a form', () => {
  const FORM = '/api/packages/acme/generic/tool/1/f'
  const file = new TextEncoder().encode('the file')
  const body = new TextEncoder().encode(
    '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nthe file\r\n--b--\r\n',
  )
  const headers = { ...ADMIN, 'content-type': 'multipart/form-data; boundary=b' }
  const send = (more: Record<string, string>) =>
    answerOf(FORM, { method: 'PUT', headers: { ...headers, ...more }, body })

  it.each(OF_BODY)('has the %s of all that is sent', async (header, claimOf) => {
    expect((await send({ [header]: claimOf(file) })).status).toBe(400)
    await expectNothing()
    expect((await send({ [header]: claimOf(body) })).status).toBe(201)
  })

  it.each(OF_FILE)('has the %s of its file', async (header, claimOf) => {
    expect((await send({ [header]: claimOf(body) })).status).toBe(400)
    await expectNothing()
    expect((await send({ [header]: claimOf(file) })).status).toBe(201)
  })
})

it('npm deprecate: texts of another digest than the body says change nothing', async () => {
  const npm = samples.find(({ type }) => type === 'npm')
  if (npm === undefined) throw new Error('no sample of npm')
  const named: SampleFile = npm.named('tool')
  await answerTo(npm.publish(named))
  const path = '/api/packages/acme/npm/tool'
  const found = JSON.parse((await answerOf(path, { headers: ADMIN })).text)
  for (const version of Object.values<Record<string, unknown>>(found.versions))
    version.deprecated = 'use another'
  const body = JSON.stringify(found)
  const put = (header: string) =>
    answerOf(path, { method: 'PUT', headers: { ...ADMIN, 'content-digest': header }, body })
  const refused = await put(`sha-256=:${base64('sha256', OTHER)}:`)
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('Content-Digest')])
  expect((await answerOf(path)).text).not.toContain('use another')
  const sent = new TextEncoder().encode(body)
  expect((await put(`sha-256=:${base64('sha256', sent)}:`)).status).toBeLessThan(300)
  expect((await answerOf(path)).text).toContain('use another')
})

describe('a small body', () => {
  const bytes = (body: string) => new TextEncoder().encode(body)
  const OWNER = '{"visibility":"public"}'
  const TOKEN = '{"name":"ci","scopes":["read"]}'
  const count = async (table: string) =>
    (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>('n')) ?? -1

  it.each([...OF_BODY, ...OF_FILE])(
    'has the %s that is stated, or changes nothing',
    async (header, claimOf) => {
      for (const [method, path, body, table] of [
        ['PUT', '/api/v1/owners/further', OWNER, 'owner'],
        ['POST', '/api/v1/owners/acme/tokens', TOKEN, 'access_token'],
      ] as const) {
        const before = await count(table)
        const send = (of: Uint8Array) =>
          answerOf(path, { method, body, headers: { ...ADMIN, [header]: claimOf(of) } })
        const { status, text } = await send(OTHER)
        expect([path, status, text]).toEqual([path, 400, expect.stringContaining(`${header} is `)])
        expect(await count(table)).toBe(before)
        expect((await send(bytes(body))).status).toBe(201)
        expect(await count(table)).toBe(before + 1)
      }
    },
  )

  it('of a tag of npm, and of a form of the pages, is held against it, too', async () => {
    const npm = samples.find(({ type }) => type === 'npm')
    if (npm === undefined) throw new Error('no sample of npm')
    await answerTo(npm.publish(npm.named('tool')))
    const path = '/api/packages/acme/npm/-/package/tool/dist-tags'
    const tags = () => answerOf(path)
    const body = JSON.stringify(JSON.parse((await tags()).text).latest)
    const put = (of: string) =>
      answerOf(`${path}/next`, {
        ...{ method: 'PUT', body },
        headers: { ...ADMIN, 'content-md5': base64('md5', bytes(of)) },
      })
    expect((await put('else')).text).toContain('Content-MD5 is ')
    expect((await tags()).text).not.toContain('next')
    expect((await put(body)).status).toBeLessThan(300)
    expect((await tags()).text).toContain('next')
    const signIn = await answerOf('/-/sign-in', {
      ...{ method: 'POST', body: 'token=x' },
      headers: {
        ...{ 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        'content-md5': base64('md5', OTHER),
      },
    })
    expect([signIn.status, signIn.text]).toEqual([400, expect.stringContaining('Content-MD5 is ')])
  })
})
