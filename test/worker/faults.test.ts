import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sweep, UNREFERENCED_MS } from '../../src/core/blobs/sweep.ts'
import { buildApk } from '../support/apk-builder.ts'
import { readIndex } from '../support/index-reader.ts'
import { clearOverrides } from '../support/worker/bindings.ts'
import { injectFault, type Moment } from '../support/worker/faults.ts'
import {
  ADMIN,
  answerOf,
  checkRepository,
  createOwner,
  listKeys,
  MAIN,
  publish,
  put,
  send,
  tokenOf,
} from '../support/worker/registry.ts'

// Every call that an operation makes to R2, D1 or the Durable Object fails once, before and after it
// took effect. The calls are counted by a run without a fault, so that a new one is tested too.

const HOUR = 60 * 60 * 1000
const FILE = `${MAIN}/x86_64/hello-1-r0.apk`
const hello = buildApk({ name: 'hello', version: '1-r0' })
const large = buildApk({
  name: 'hello',
  version: '1-r0',
  files: [{ path: 'usr/share/data', content: new Uint8Array(6 * 1024 * 1024) }],
  gzip: { level: 0 },
})

interface Operation {
  readonly prepare?: () => Promise<unknown>
  readonly run: () => Promise<{ status: number; text: string }>
  readonly success: number
  /** Whether what the operation wants is the case. */
  readonly done: () => Promise<boolean>
}

const isPublished = async () => {
  const file = await send(FILE)
  await file.arrayBuffer()
  const listed = (await names()).includes('hello')
  // One instant: never the one without the other.
  expect([file.status, listed]).toEqual(listed ? [200, true] : [404, false])
  return listed
}

const chunked = (bytes: Uint8Array) =>
  answerOf(MAIN, { method: 'PUT', headers: ADMIN, body: new Blob([bytes]).stream() })

const tokenCount = () => env.DB.prepare('SELECT count(*) AS n FROM access_token').first<number>('n')

const TOKENS = '/api/v1/owners/acme/tokens'
let tokenId = ''
let tokenHeaders: HeadersInit = {}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'a publish': { run: () => put(hello), success: 201, done: isPublished },
  'a publish with a token': {
    prepare: async () => {
      tokenHeaders = (await tokenOf('acme', { scopes: ['write'] })).headers
    },
    run: () => put(hello, MAIN, tokenHeaders),
    success: 201,
    done: isPublished,
  },
  'a chunked publish': { run: () => chunked(hello), success: 201, done: isPublished },
  'a chunked publish in parts': { run: () => chunked(large), success: 201, done: isPublished },
  'a publish of the same bytes': {
    prepare: () => publish({ name: 'hello', version: '1-r0' }),
    run: () => put(hello, `${MAIN}?if-exists=same`),
    success: 200,
    done: isPublished,
  },
  'a removal': {
    prepare: () => publish({ name: 'hello', version: '1-r0' }),
    run: () => answerOf(FILE, { method: 'DELETE', headers: ADMIN }),
    success: 204,
    done: async () => !(await isPublished()),
  },
  'a new token': {
    run: () =>
      answerOf(TOKENS, {
        method: 'POST',
        headers: ADMIN,
        body: JSON.stringify({ name: 'a', scopes: ['read'] }),
      }),
    success: 201,
    done: async () => (await tokenCount()) === 1,
  },
  'the end of a token': {
    prepare: async () => {
      tokenId = (await tokenOf('acme', { scopes: ['read'] })).id
    },
    run: () => answerOf(`${TOKENS}/${tokenId}`, { method: 'DELETE', headers: ADMIN }),
    success: 204,
    done: async () => (await tokenCount()) === 0,
  },
}

async function names(): Promise<string[]> {
  const response = await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)
  expect(response.status).toBe(200)
  return readIndex(new Uint8Array(await response.arrayBuffer())).entries.map(
    (entry) => entry.P ?? '',
  )
}

/** Rows, indexes and objects agree; after the sweep there is no object that no row names. */
async function expectSound(): Promise<void> {
  expect((await checkRepository()).flatMap((page) => page.problems)).toEqual([])
  for (const time of [5 * HOUR, UNREFERENCED_MS + 5 * HOUR]) {
    await sweep(env.DB, env.BLOBS, Date.now() + time)
  }
  const { results } = await env.DB.prepare(
    `SELECT r2_key FROM package_blob UNION ALL SELECT r2_key FROM repository_index
     UNION ALL SELECT 'contents/' || substr(r2_key, 7) FROM package_blob ORDER BY 1`,
  ).all()
  expect((await listKeys()).sort()).toEqual(results.map((row) => row.r2_key))
}

async function start({ prepare }: Operation): Promise<void> {
  await createOwner()
  await publish({ name: 'base', version: '1-r0' })
  await prepare?.()
}

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

describe.each(Object.entries(OPERATIONS))('%s', (_, operation) => {
  it('survives the failure of any one of its calls, before and after its effect', async () => {
    await start(operation)
    const counted = injectFault({})
    expect((await operation.run()).status).toBe(operation.success)
    const total = counted.length
    expect(total).toBeGreaterThan(1)
    const seen: string[] = []
    for (let call = 0; call < total; call++) {
      for (const moment of ['before', 'after'] as const)
        seen.push(await failAt(operation, call, moment))
    }
    // A fault that is never noticed tests nothing.
    expect(seen.some((line) => line.endsWith(' 503'))).toBe(true)
  }, 120_000)
})

async function failAt(operation: Operation, call: number, moment: Moment): Promise<string> {
  await freshRegistry()
  await start(operation)
  const calls = injectFault({ call, moment })
  const { status, text } = await operation.run()
  const what = `${calls[call]} failing ${moment}: ${status}`
  clearOverrides()
  const done = await operation.done()
  // A success is true; anything else is an outage that says so, and may have taken effect.
  if (status === operation.success) expect([what, done]).toEqual([what, true])
  else expect([what, status, text.length > 0]).toEqual([what, 503, true])
  if (status === 503) await expectRetryWorks(operation, done, what)
  expect([what, await operation.done()]).toEqual([what, true])
  await expectSound()
  await publish({ name: 'next', version: '1-r0' })
  expect(await names()).toContain('next')
  return what
}

/** The retry of what happened already says so, in its own way; of what did not, succeeds. */
async function expectRetryWorks(
  { run, success }: Operation,
  done: boolean,
  what: string,
): Promise<void> {
  const { status } = await run()
  const repeated = [success, 200, 404, 409]
  expect([what, done ? repeated.includes(status) : status === success]).toEqual([what, true])
}

async function freshRegistry(): Promise<void> {
  clearOverrides()
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '*_[cC][fF]_*' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%'",
  ).all<{ name: string }>()
  await env.DB.batch([
    env.DB.prepare('PRAGMA defer_foreign_keys = on'),
    ...results.map(({ name }) => env.DB.prepare(`DELETE FROM "${name}"`)),
  ])
  const keys = await listKeys()
  if (keys.length > 0) await env.BLOBS.delete(keys)
}
