import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import { beforeEach, expect, it } from 'vitest'
import { endpoints } from '../../src/app.ts'
import { sha256 } from '../../src/core/digests.ts'
import { pathOf } from '../support/worker/paths.ts'
import { ADMIN, createOwner, listKeys, send, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { samples } from '../types/samples.ts'

// What SECURITY.md says of all answers and of all objects, tried on each.

const PEM_LINE = 40
let tokens: Awaited<ReturnType<typeof tokenOf>>[]

beforeEach(async () => {
  await createOwner('acme', 'private')
  for (const sample of samples) {
    const { status } = await answerTo(sample.publish(sample.first))
    expect(status).toBe(sample.statuses.published)
  }
  tokens = [
    await tokenOf('acme', { scopes: ['admin'] }),
    await tokenOf('acme', { scopes: ['read'] }),
  ]
})

const readable = endpoints.filter(({ method }) => method === 'GET')

/** Head and body, byte for byte as text. */
async function allOf(response: Response): Promise<string> {
  const body = Buffer.from(await response.arrayBuffer()).toString('latin1')
  return `${[...response.headers].join('\n')}\n${body}`
}

it('no answer has a key or a secret, whoever asks, and none but a backup the digest of a token', async () => {
  const keys = env.SIGNING_KEY.split('\n').filter(({ length }) => length > PEM_LINE)
  expect(keys.length).toBeGreaterThan(5)
  const secrets = [...keys, env.ADMIN_TOKEN, ...tokens.map(({ token }) => token)]
  const digests = tokens.map(({ token }) => sha256(token))
  let answered = 0
  for (const { path } of readable) {
    for (const headers of [ADMIN, ...tokens.map((each) => each.headers)]) {
      const response = await send(pathOf(path), { headers, redirect: 'manual' })
      if (response.status < 400) answered++
      const said = await allOf(response)
      expect([path, secrets.filter((secret) => said.includes(secret))]).toEqual([path, []])
      if (path.startsWith('/api/v1/deployment/backup/')) continue
      expect([path, digests.filter((digest) => said.includes(digest))]).toEqual([path, []])
    }
  }
  expect(answered).toBeGreaterThan(readable.length)
})

it('what a private owner has is kept by no cache, wherever it is read', async () => {
  const reading = readable.filter(({ access }) => access === 'read' || access === 'owner-admin')
  let answered = 0
  for (const { path } of reading) {
    for (const { headers } of tokens) {
      const response = await send(pathOf(path), { headers, redirect: 'manual' })
      await response.body?.cancel()
      if (response.status >= 400) continue
      answered++
      expect([path, response.headers.get('cache-control')]).toEqual([
        path,
        expect.stringMatching(/^(?:private, )?no-store$/),
      ])
    }
  }
  expect(answered).toBeGreaterThan(reading.length)
})

it('keys of objects have nothing that comes from outside', async () => {
  const key =
    /^(?:(?:blobs|contents|indexes)\/\d{4}\/?\d{2}\/?\d{2}\/?\d{2}\/[0-9a-f-]{36}|marker)$/
  const keys = await listKeys()
  expect(keys.length).toBeGreaterThan(samples.length)
  expect(keys.filter((each) => !key.test(each))).toEqual([])
})
