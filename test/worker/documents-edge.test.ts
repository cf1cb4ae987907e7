import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { forgetKept } from '../../src/core/edge-cache.ts'
import { ADMIN, answerOf, createOwner, send, tokenOf } from '../support/worker/registry.ts'
import {
  BASE,
  beforeBatches,
  documentAt,
  get,
  PACKAGE,
  publish,
  remove,
  versionsOf,
} from '../support/worker/stand-ins/document-client.ts'
import { LIST_FORM, SHORT_FORM } from '../support/worker/stand-ins/documents.ts'
import { seedFiles } from '../support/worker/stand-ins/seed-documents.ts'
import { recordStatements } from '../support/worker/statements.ts'

// Documents from the edge's cache. Each test ends with everything kept, but for the last one: a filling that a
// reset interrupts has the cache paused.

beforeEach(() => createOwner())
afterEach(() => vi.restoreAllMocks())

/** Ends what hangs. */
const PATIENCE = { timeout: 60_000 }

/** Until the cache itself has it, whatever the isolate has. */
const warm = async (path = PACKAGE, headers: HeadersInit = {}) => {
  await vi.waitFor(async () => {
    forgetKept()
    expect((await get(path, headers)).timing).toMatch(/desc=hit/)
  }, PATIENCE)
}

it('gives the same bytes without a second statement, until the package changes', async () => {
  await publish('1', 'f', '{"a":"é"}')
  const first = await get()
  expect(first.timing).toMatch(/^db;dur=\d+, cache;desc=miss$/)
  await warm()
  const statements = recordStatements()
  const second = await get()
  expect(second.timing).toMatch(/^db;dur=\d+, cache;desc=hit$/)
  expect(statements).toHaveLength(1)
  expect([second.text, second.etag, second.date]).toEqual([first.text, first.etag, first.date])
  for (const name of ['content-length', 'content-type', 'vary', 'cache-control']) {
    expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)])
  }
  expect(first.headers.get('content-length')).toBe(String(Buffer.byteLength(first.text)))
  await publish('2')
  const third = await get()
  await warm()
  expect([third.timing, versionsOf(JSON.parse(third.text))]).toEqual([
    ...[expect.stringMatching(/miss/), ['1', '2']],
  ])
  await remove('2')
  expect(versionsOf(await documentAt())).toEqual(['1'])
  await warm()
  await remove('1')
  expect((await get()).status).toBe(404)
})

it('is not asked where a condition or HEAD needs no body', async () => {
  await publish('1')
  await warm()
  const { etag, date } = await get()
  const match = vi.spyOn(caches.default, 'match')
  const statuses = [
    (await get(PACKAGE, { 'if-none-match': etag })).status,
    (await get(PACKAGE, { 'if-modified-since': date })).status,
    (await send(PACKAGE, { method: 'HEAD' })).status,
  ]
  expect([statuses, match.mock.calls]).toEqual([[304, 304, 200], []])
  // The isolate has it.
  expect((await get()).timing).toMatch(/desc=hit/)
  expect(match).not.toHaveBeenCalled()
  forgetKept()
  await get()
  expect(match).toHaveBeenCalledTimes(1)
})

it('mixes neither forms nor origins nor scopes', async () => {
  await publish('1')
  await publish('2')
  const asked: [string, HeadersInit][] = [
    [PACKAGE, {}],
    [PACKAGE, { accept: SHORT_FORM }],
    [PACKAGE, { accept: LIST_FORM }],
    [`https://other.test${PACKAGE}`, {}],
    [`http://registry.test:8080${PACKAGE}`, {}],
    [`${BASE}/-/version/p/1`, {}],
    [`${BASE}/-/version/p/2`, {}],
  ]
  const first = []
  for (const [path, headers] of asked) first.push((await get(path, headers)).text)
  expect(new Set(first).size).toBe(asked.length)
  expect(JSON.parse(first[4] ?? '').origin).toBe('http://registry.test:8080')
  for (const [path, headers] of asked) await warm(path, headers)
  const second = []
  for (const [path, headers] of asked) second.push((await get(path, headers)).text)
  expect(second).toEqual(first)
})

it('gives what is private after the access check alone', async () => {
  await publish('1')
  await warm()
  const body = JSON.stringify({ visibility: 'private' })
  await answerOf('/api/v1/owners/acme', { method: 'PUT', headers: ADMIN, body })
  expect((await get()).status).toBe(401)
  const { id, headers } = await tokenOf('acme', { scopes: ['read'] })
  const found = await get(PACKAGE, headers)
  expect([found.status, found.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
  await warm(PACKAGE, headers)
  await answerOf(`/api/v1/owners/acme/tokens/${id}`, { method: 'DELETE', headers: ADMIN })
  expect((await get(PACKAGE, headers)).status).toBe(401)
  expect((await get(PACKAGE, { 'if-none-match': found.etag })).status).toBe(401)
  expect((await answerOf(PACKAGE, { method: 'HEAD' })).status).toBe(401)
})

/** Of a package that has just changed the cache is not asked. */
function passTime(): { mockRestore(): void } {
  return vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 5000)
}

it('is not asked for what has just changed', async () => {
  await publish('1')
  const match = vi.spyOn(caches.default, 'match')
  expect((await get()).timing).toMatch(/desc=miss/)
  expect(match.mock.calls.filter(([asked]) => asked instanceof Request)).toEqual([])
  match.mockRestore()
  await warm()
})

it('that fails is none, and an outage of the database is 503 and no empty document', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
  await publish('1')
  passTime()
  const fail = () => Promise.reject(new Error('the cache is away'))
  vi.spyOn(caches.default, 'match').mockImplementation(fail)
  vi.spyOn(caches.default, 'put').mockImplementation(fail)
  expect(versionsOf(await documentAt())).toEqual(['1'])
  expect(errors.mock.calls.flat().join()).toContain('the cache does not answer')
  const { etag } = await get()
  forgetKept()
  beforeBatches(() => Promise.reject(new Error('D1_ERROR: internal error')))
  const outage = await get()
  expect([outage.status, outage.etag, outage.text]).toEqual([
    ...[503, '', expect.stringContaining('the database does not answer')],
  ])
  expect((await get(PACKAGE, { 'if-none-match': etag })).status).toBe(304)
})

it('gives large documents too, which a second reading has filled in', async () => {
  const files = Array.from({ length: 100 }, (_, at) => ({
    version: String(at).padStart(3, '0'),
    metadata: JSON.stringify('é'.repeat(50_000)),
  }))
  await seedFiles('p', files)
  const first = await get()
  expect([first.timing, first.headers.get('content-length')]).toEqual([
    ...[expect.stringMatching(/desc=miss/), null],
  ])
  await warm()
  const statements = recordStatements()
  const second = await get()
  expect([second.text === first.text, second.etag, statements.length]).toEqual([
    true,
    first.etag,
    1,
  ])
  expect(second.headers.get('content-length')).toBe(String(Buffer.byteLength(first.text)))
})

it.each([
  ['begun', 10, 0],
  ['put', 11, 1],
])('gets no large document that changed while filling it in was %s', async (_, at, puts) => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
  const metadata = JSON.stringify('x'.repeat(1_000_000))
  const files = Array.from({ length: 12 }, (_, version) => ({ version: `1.${version}`, metadata }))
  await seedFiles('p', files)
  const put = vi.spyOn(caches.default, 'put')
  // Six pages are the client's; then, five are read before anything of them is given on.
  beforeBatches(async (batch) => {
    if (batch === at) await publish('2')
  })
  const first = await get()
  expect(versionsOf(JSON.parse(first.text))).toHaveLength(12)
  await vi.waitFor(
    () => expect(errors.mock.calls.flat().join()).toContain('was not filled'),
    PATIENCE,
  )
  expect(put).toHaveBeenCalledTimes(puts)
  for (const [key] of put.mock.calls) expect(await caches.default.match(key)).toBe(undefined)
  const second = await get()
  expect([second.timing, versionsOf(JSON.parse(second.text)).length]).toEqual([
    ...[expect.stringMatching(/desc=miss/), 13],
  ])
  await warm()
})

it('keeps nothing under a state that was found and gone before the rows were read', async () => {
  await publish('1')
  const match = caches.default.match.bind(caches.default)
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  vi.spyOn(caches.default, 'match')
    .mockImplementationOnce(async (...key) => {
      await gate
      return match(...key)
    })
    .mockImplementation(match)
  // It found the state of one version, and waits for the cache.
  const time = passTime()
  const late = get()
  await vi.waitFor(() => expect(caches.default.match).toHaveBeenCalledTimes(1), PATIENCE)
  time.mockRestore()
  beforeBatches(async (batch) => {
    if (batch === 0) await publish('2')
  })
  const early = await get()
  expect(versionsOf(JSON.parse(early.text))).toEqual(['1', '2'])
  await warm()
  open()
  expect(await late).toMatchObject({
    ...{ text: early.text, etag: early.etag, timing: expect.stringMatching(/desc=miss/) },
  })
})
