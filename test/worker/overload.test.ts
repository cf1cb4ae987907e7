import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, put } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN } from '../types/alpine/repository.ts'

// A database that has too much to do is not asked again by the request; one that lost an answer is.

const FILE = '/api/packages/acme/generic/p/1/x'

beforeEach(() => createOwner())

/** Lets batches that write packages fail, and counts them. */
function failWrites(message: string, times: number) {
  const seen = { batches: 0 }
  const writing = new WeakSet<D1PreparedStatement>()
  const prepare: D1Database['prepare'] = (sql) => {
    const statement = env.DB.prepare(sql)
    if (!/^\s*(INSERT INTO expectation|DELETE FROM package_file)/.test(sql)) return statement
    return wrapMethod(statement, 'bind', (...values) => {
      const bound = statement.bind(...values)
      writing.add(bound)
      return bound
    })
  }
  const batch: D1Database['batch'] = (statements) => {
    if (!statements.some((each) => writing.has(each))) return env.DB.batch(statements)
    seen.batches++
    return seen.batches <= times ? Promise.reject(new Error(message)) : env.DB.batch(statements)
  }
  override({ DB: wrapMethod(wrapMethod(env.DB, 'prepare', prepare), 'batch', batch) })
  return seen
}

const OVERLOADED = 'D1_ERROR: D1 DB is overloaded. Too many requests queued.'

it.each([
  ['a publish', { method: 'PUT', body: 'x' }, 201],
  ['a removal', { method: 'DELETE' }, 204],
] as const)('%s', async (what, init, done) => {
  const send = () => answerOf(FILE, { ...init, headers: ADMIN })
  const prepare = async () => {
    if (what !== 'a removal') return
    await answerOf(`${FILE}?if-exists=same`, { method: 'PUT', body: 'x', headers: ADMIN })
  }
  await prepare()
  const overloaded = failWrites(OVERLOADED, 10)
  expect((await send()).status).toBe(503)
  expect(overloaded.batches).toBe(1)
  const lost = failWrites('D1_ERROR: Network connection lost.', 2)
  expect((await send()).status).toBe(done)
  expect(lost.batches).toBe(3)
  await expectConsistent()
})

it('a commit of a repository', async () => {
  const overloaded = failWrites(OVERLOADED, 10)
  const { status } = await put(buildApk({ name: 'a', version: '1-r0' }), MAIN)
  expect(status).toBe(503)
  expect(overloaded.batches).toBe(1)
  override({ DB: env.DB })
  expect((await answerOf(`${MAIN}/x86_64/a-1-r0.apk`)).status).toBe(404)
})
