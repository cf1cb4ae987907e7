import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { forgetHealth } from '../../src/api/health.ts'
import { mintToken } from '../../src/core/access/token-text.ts'
import { networkOf } from '../../src/http/limiter.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { samples } from '../types/samples.ts'

// Who has no good credentials is counted by address where people look, and nowhere where clients install.

/** The simulator counts by the minute of the clock; a test must not see two of them. */
async function wholeMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 25_000) await new Promise((resolve) => setTimeout(resolve, left + 100))
}

const LIMIT = 600
const LIST = '/api/v1/packages/acme'
/** Of each kind one. */
const COUNTED = [
  ...['/', '/acme', '/acme/-/packages/generic/tool', LIST, '/api/healthz', '/-/sign-in'],
  ...['/api/packages/acme/npm/-/v1/search?text=a', '/api/packages/acme/cargo/api/v1/crates?q=a'],
  ...['/api/v1/owners/acme/repositories', '/api/v1/owners/acme'],
]

const from = (address: string, headers: HeadersInit = {}) => ({
  headers: { ...Object.fromEntries(new Headers(headers)), 'cf-connecting-ip': address },
})

async function use(address: string, requests = LIMIT): Promise<void> {
  for (let at = 0; at < requests; at += 20) {
    await Promise.all(Array.from({ length: 20 }, () => answerOf('/api/healthz', from(address))))
  }
}

describe('an address that asks too often', () => {
  beforeEach(async () => {
    await wholeMinute()
    await createOwner()
    for (const sample of samples) await answerTo(sample.publish(sample.first))
  }, 60_000)

  it('is refused lists, pages, searches and health, before the database is asked', async () => {
    const address = '2001:db8:1:2::1'
    expect((await answerOf(LIST, from(address))).status).toBe(200)
    await use(address)
    const statements = recordStatements()
    for (const path of COUNTED) {
      const { status, headers } = await answerOf(path, from('2001:db8:1:2:ffff::9'))
      expect([path, status, headers.get('retry-after')]).toEqual([path, 429, '60'])
    }
    expect(statements).toEqual([])
    const { text } = await answerOf(COUNTED[6] ?? '', from(address))
    expect(JSON.parse(text)).toMatchObject({ code: 'too-many-requests' })
    // Credentials that are not good are none.
    const wrong = { authorization: 'Bearer wrong' }
    expect((await answerOf(LIST, from(address, wrong))).status).toBe(429)
    // Others, good credentials, and what clients install by.
    const { headers } = await tokenOf('acme', { scopes: ['read'] })
    expect((await answerOf(LIST, from('2001:db8:1:3::1'))).status).toBe(200)
    expect((await answerOf(LIST, from(address, headers))).status).toBe(200)
    expect((await answerOf(LIST, from(address, ADMIN))).status).toBe(200)
    for (const { first, type } of samples) {
      expect([type, (await answerOf(first.path, from(address))).status]).toEqual([type, 200])
    }
    for (const path of [
      '/api/packages/acme/alpine/edge/main/x86_64/APKINDEX.tar.gz',
      '/api/packages/acme/npm/hello-world',
      '/api/packages/acme/cargo/he/ll/hello',
      '/api/packages/acme/cargo/config.json',
    ]) {
      expect([path, (await answerOf(path, from(address))).status]).toEqual([path, 200])
    }
  })

  it('gets documents that the edge has, and no others', async () => {
    override({ DOCUMENT_READERS: { limit: async () => ({ success: false }) } })
    const path = '/api/packages/acme/npm/hello-world'
    const { status, text } = await answerOf(path, from('192.0.2.9'))
    expect([status, JSON.parse(text).code]).toEqual([429, 'too-many-requests'])
    expect((await answerOf(path, from('192.0.2.9', ADMIN))).status).toBe(200)
    await expect.poll(async () => (await answerOf(path, from('192.0.2.9'))).status).toBe(200)
  })

  it('is let in while the limiter does not answer', async () => {
    override({ READERS: { limit: () => Promise.reject(new Error('outage')) } })
    expect((await answerOf(LIST, from('192.0.2.10'))).status).toBe(200)
  })
})

describe('credentials that are not good', () => {
  const OWNERS = ['acme', 'hidden', 'absent']
  const JUNK = [
    { authorization: 'Bearer wrong' },
    { authorization: `Basic ${btoa('me:cairn_wrong')}` },
    { cookie: 'theme=dark' },
    { cookie: '__Host-cairn_session=2.forged' },
  ]
  const full = { READERS: { limit: async () => ({ success: false }) } }

  beforeEach(async () => {
    await createOwner()
    await createOwner('hidden', 'private')
    await answerOf('/api/healthz')
  })

  it('are counted before the database is asked, where they cannot be good, whoever is asked about', async () => {
    override(full)
    const statements = recordStatements()
    for (const junk of JUNK) {
      for (const owner of OWNERS) {
        for (const path of [`/${owner}`, `/api/v1/packages/${owner}`]) {
          const { status } = await answerOf(path, from('192.0.2.20', junk))
          expect([junk, path, status]).toEqual([junk, path, 429])
        }
      }
    }
    const health = await answerOf('/api/healthz', from('192.0.2.20', ADMIN))
    expect([health.status, statements]).toEqual([429, []])
  })

  it('are counted behind it, where they might have been, the same for private and absent owners', async () => {
    const { headers } = await tokenOf('hidden', { scopes: ['read'] })
    const unknown = { authorization: `Bearer ${mintToken()}` }
    override(full)
    const of = async (owner: string) => {
      const answer = await answerOf(`/api/v1/packages/${owner}`, from('192.0.2.21', unknown))
      const text = answer.text.replace(/"request_id":"[^"]*"/, '')
      return [answer.status, text.replaceAll(owner, 'OWNER')]
    }
    const answers = await Promise.all(OWNERS.map(of))
    expect(answers.map(([status]) => status)).toEqual([429, 429, 429])
    expect(answers[1]).toEqual(answers[2])
    for (const good of [headers, ADMIN]) {
      const { status } = await answerOf('/api/v1/packages/hidden', from('192.0.2.21', good))
      expect(status).toBe(200)
    }
    // Of another owner: they are good ones, and find nothing.
    const other = await answerOf('/api/v1/packages/absent', from('192.0.2.21', headers))
    expect(other.status).toBe(404)
  })

  it('cost no statement where everybody needs some', async () => {
    const statements = recordStatements()
    for (const owner of OWNERS) {
      const path = `/api/packages/${owner}/generic/p/1/f`
      for (const headers of [{}, ...JUNK.slice(0, 2)]) {
        const answer = await answerOf(path, { method: 'PUT', headers, body: 'x' })
        expect([headers, answer.status]).toEqual([headers, 401])
      }
    }
    expect(statements).toEqual([])
    const unknown = { authorization: `Bearer ${mintToken()}` }
    const asked = await answerOf('/api/v1/owners', { headers: unknown })
    expect([asked.status, statements.length]).toEqual([401, 1])
  })
})

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['2001:0db8:0001::', '2001:db8:1:0::/64'],
  ['::1', undefined],
  ['127.0.0.1', undefined],
  [null, undefined],
])('of the address %s is counted %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

it('a secret that was counted out is refused without the database, where it was wrong', async () => {
  await createOwner('hidden', 'private')
  await createOwner()
  override({ WRONG_CREDENTIALS: { limit: async () => ({ success: false }) } })
  const wrong = from('192.0.2.77', { authorization: 'Bearer counted-out' })
  const path = '/api/v1/packages/hidden'
  expect((await answerOf(path, wrong)).status).toBe(429)
  let statements = 0
  override({
    DB: wrapMethod(env.DB, 'prepare', (sql) => {
      statements++
      return env.DB.prepare(sql)
    }),
  })
  const again = await answerOf(path, wrong)
  expect([again.status, statements]).toEqual([429, 0])
  expect(Number(again.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  // Where everybody may read, nobody was wrong.
  expect((await answerOf(LIST, wrong)).status).toBe(200)
  expect((await answerOf(path, from('192.0.2.77', ADMIN))).status).toBe(200)
})

it('the health check looks once in some seconds, however often it is asked', async () => {
  expect((await answerOf('/api/healthz')).status).toBe(200)
  const statements = recordStatements()
  override({ BLOBS: { head: () => Promise.reject(new Error('asked')) } })
  for (let times = 0; times < 5; times++) {
    expect((await answerOf('/api/healthz')).status).toBe(200)
  }
  expect(statements).toEqual([])
  forgetHealth()
  expect((await answerOf('/api/healthz')).status).toBe(503)
  expect(statements.length).toBeGreaterThan(0)
})
