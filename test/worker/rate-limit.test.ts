import { beforeEach, expect, it } from 'vitest'
import { override } from '../support/worker/bindings.ts'
import { answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { MAIN } from '../types/alpine/repository.ts'

const INDEX = `${MAIN}/x86_64/APKINDEX.tar.gz`

/** The simulator counts by the minute of the clock; a test must not see two of them. */
async function wholeMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 15_000) await new Promise((resolve) => setTimeout(resolve, left + 100))
}

beforeEach(async () => {
  await wholeMinute()
  await createOwner('acme', 'private')
}, 30_000)

const ask = (authorization: string | undefined, address: string) =>
  answerOf(INDEX, {
    headers: {
      'cf-connecting-ip': address,
      ...(authorization === undefined ? {} : { authorization }),
    },
  })

it('who keeps guessing is told to wait, and nobody else at that address', async () => {
  const { headers } = await tokenOf('acme', { scopes: ['read'] })
  const statuses = new Set<number>()
  for (let guess = 0; guess < 40; guess++)
    statuses.add((await ask(`Bearer guess${guess}`, '192.0.2.1')).status)
  expect([...statuses]).toEqual([401, 429])
  const limited = await ask('Bearer another', '192.0.2.1')
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60'])
  expect(limited.text).toBe('too many wrong credentials: try again in 60 s with good ones')
  expect((await ask(headers.authorization, '192.0.2.1')).status).toBe(404)
  expect((await ask(undefined, '192.0.2.1')).status).toBe(401)
  expect((await ask('Bearer another', '192.0.2.2')).status).toBe(401)
})

it('one token tried from everywhere is limited too', async () => {
  const statuses = new Set<number>()
  for (let host = 0; host < 40; host++)
    statuses.add((await ask('Bearer same', `198.51.100.${host}`)).status)
  expect([...statuses]).toEqual([401, 429])
})

it('requests without credentials never count: every apk begins with one', async () => {
  for (let count = 0; count < 50; count++)
    expect((await ask(undefined, '203.0.113.1')).status).toBe(401)
  expect((await ask('Bearer wrong', '203.0.113.1')).status).toBe(401)
})

it('an outage of the limiter refuses as ever, and fails nothing', async () => {
  const broken = { limit: () => Promise.reject(new Error('outage')) }
  override({ WRONG_CREDENTIALS: broken })
  expect((await ask('Bearer wrong', '203.0.113.9')).status).toBe(401)
})
