// The bindings of all worker tests have the platform's documented limits: each is seen here.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import { override, wrapEnv, wrapMethod } from '../support/worker/bindings.ts'
import { takeExceeded } from '../support/worker/limits/exceeded.ts'
import { createOwner } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { put } from '../types/alpine/repository.ts'

const MB = 1_000_000

/** What was exceeded, by a call that failed for it. */
async function exceededBy(call: () => unknown): Promise<string[]> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    )
  const limits = takeExceeded()
  if (limits.length > 0) expect(error).toBe(`Error: limit of the platform: ${limits[0]}`)
  else expect(error).toBeUndefined()
  return limits
}

// A test that forgot to expect something must not hide behind the hook of all tests.
afterEach(() => expect(takeExceeded()).toEqual([]))

describe('D1', () => {
  const bindings = () => wrapEnv(env, { queries: 0 })
  const select = (sql: string, ...values: unknown[]) =>
    bindings()
      .DB.prepare(sql)
      .bind(...values)
      .all()

  it('a statement has 100,000 bytes', async () => {
    const sql = (bytes: number) => `SELECT 1 /*${'x'.repeat(bytes - 13)}*/`
    expect(await exceededBy(() => select(sql(100_000)))).toEqual([])
    expect(await exceededBy(() => select(sql(100_001)))).toEqual(['a statement of 100001 bytes'])
    const inBatch = () => bindings().DB.batch([bindings().DB.prepare(sql(100_001))])
    expect(await exceededBy(inBatch)).toEqual(['a statement of 100001 bytes'])
  })

  it('a parameter has 2 MB, in bytes of UTF-8', async () => {
    expect(await exceededBy(() => select('SELECT length(?1)', 'ü'.repeat(MB)))).toEqual([])
    const longer = 'ü'.repeat(MB + 1)
    expect(await exceededBy(() => select('SELECT length(?1)', longer))).toEqual([
      'a parameter of 2000002 bytes',
    ])
    const { DB } = bindings()
    const inBatch = () => DB.batch([DB.prepare('SELECT length(?1)').bind(longer)])
    expect(await exceededBy(inBatch)).toEqual(['a parameter of 2000002 bytes'])
  })

  it('a row has 2 MB, whichever way it is read', async () => {
    const sql = 'SELECT hex(zeroblob(600000)) AS a, hex(zeroblob(?1)) AS b'
    expect(await exceededBy(() => select(sql, 400_000))).toEqual([])
    const { DB } = bindings()
    const statement = DB.prepare(sql).bind(400_001)
    const reads = [
      () => statement.all(),
      () => statement.run(),
      () => statement.raw(),
      () => statement.first(),
    ]
    for (const read of reads) expect(await exceededBy(read)).toEqual(['a row of 2000002 bytes'])
    expect(await exceededBy(() => DB.batch([statement]))).toEqual(['a row of 2000002 bytes'])
  })

  it('a result has 50 MB', async () => {
    const sql = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
      SELECT hex(zeroblob(500000)) FROM n`
    expect(await exceededBy(() => select(sql, 50))).toEqual([])
    expect(await exceededBy(() => select(sql, 51))).toEqual(['a result of 51000000 bytes'])
  })

  it('a statement has 100 parameters', async () => {
    const sql = (count: number) => `SELECT ${Array.from({ length: count }, () => '?').join(', ')}`
    const values = (count: number) => Array.from({ length: count }, () => 1)
    expect(await exceededBy(() => select(sql(100), ...values(100)))).toEqual([])
    expect(await exceededBy(() => select(sql(101), ...values(101)))).toEqual([
      '101 parameters of a statement',
    ])
  })

  it('an invocation has 1,000 queries, of which those of a batch and of a session are some', async () => {
    const { DB } = bindings()
    const statements = Array.from({ length: 998 }, () => DB.prepare('SELECT 1'))
    expect(await exceededBy(() => DB.batch(statements))).toEqual([])
    expect(await exceededBy(() => DB.prepare('SELECT 1').first())).toEqual([])
    const session = DB.withSession('first-primary')
    expect(await exceededBy(() => session.prepare('SELECT 1').all())).toEqual([])
    expect(await exceededBy(() => session.prepare('SELECT 1').all())).toEqual([
      '1001 queries in one invocation',
    ])
    expect(await exceededBy(() => bindings().DB.prepare('SELECT 1').first())).toEqual([])
  })

  it('what a test puts around the database has them too, in Worker and Durable Object', async () => {
    await createOwner()
    const prepareLarge = (wanted: string) => (sql: string) => {
      const last = Math.max(...[...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number)))
      const large = `SELECT hex(zeroblob(1000001)), ?${last}`
      return env.DB.prepare(sql.includes(wanted) ? large : sql)
    }
    // What asks for the access of a request, and what an object begins its commit with.
    for (const wanted of [
      'LEFT JOIN owner o',
      'SELECT id, head, revision, recent FROM repository',
    ]) {
      override({ DB: wrapMethod(env.DB, 'prepare', prepareLarge(wanted)) })
      expect((await put(buildApk())).status).toBe(503)
      expect(takeExceeded()).toEqual([expect.stringMatching(/^a row of 20000\d\d bytes$/)])
    }
  })
})

describe('R2', () => {
  const bucket = () => wrapEnv(env, { queries: 0 }).BLOBS
  const PART = 5 * 1024 * 1024

  it('an object has 8,192 bytes of metadata', async () => {
    const store = (bytes: number) => () =>
      bucket().put(`object-${bytes}`, 'x', { customMetadata: { four: 'x'.repeat(bytes - 4) } })
    // The local bucket takes a quarter of it, and says so itself.
    expect(await exceededBy(store(2000))).toEqual([])
    expect(await exceededBy(store(8193))).toEqual(['8193 bytes of metadata of an object'])
  })

  it('a key has 1,024 bytes and is written once a second', async () => {
    expect(await exceededBy(() => bucket().put('x'.repeat(1025), ''))).toEqual([
      'a key of 1025 bytes',
    ])
    expect(await exceededBy(() => bucket().put('twice', ''))).toEqual([])
    await expect(bucket().put('twice', '')).rejects.toThrow(/Reduce your concurrent request rate/)
  })

  it('parts but the last have 5 MiB at least and are equally long', async () => {
    const upload = async (key: string, ...lengths: number[]) => {
      const begun = await bucket().createMultipartUpload(key)
      const parts: R2UploadedPart[] = []
      for (const length of lengths) {
        parts.push(await begun.uploadPart(parts.length + 1, new Uint8Array(length)))
      }
      await begun.complete(parts)
    }
    expect(await exceededBy(() => upload('good', PART, PART, 1))).toEqual([])
    expect(await exceededBy(() => upload('one', 1))).toEqual([])
    expect(await exceededBy(() => upload('short', PART - 1, 1))).toEqual([
      `a part of ${PART - 1} bytes that is not the last`,
    ])
    expect(await exceededBy(() => upload('unequal', PART, PART + 1, 1))).toEqual([
      `parts of ${PART},${PART + 1} bytes`,
    ])
    expect(await exceededBy(() => upload('long', PART, PART + 1))).toEqual([
      `a last part of ${PART + 1} bytes after those of ${PART}`,
    ])
  })

  it('a call deletes 1,000 keys and lists 1,000', async () => {
    const keys = Array.from({ length: 1001 }, (_, at) => `key-${at}`)
    expect(await exceededBy(() => bucket().delete(keys.slice(1)))).toEqual([])
    expect(await exceededBy(() => bucket().delete(keys))).toEqual(['1001 keys to delete at once'])
    expect(await exceededBy(() => bucket().list({ limit: 1000 }))).toEqual([])
    expect(await exceededBy(() => bucket().list({ limit: 1001 }))).toEqual(['a list of 1001 keys'])
  })
})

describe('a Durable Object', () => {
  const exec = (sql: string, ...values: unknown[]) =>
    exceededBy(() =>
      runInDurableObject(env.REPOSITORY.getByName('any'), (_, { storage }) => {
        storage.sql.exec(sql, ...values).toArray()
      }),
    )

  it('has statements of 100,000 bytes, 100 parameters and rows of 2 MB', async () => {
    const many = Array.from({ length: 101 }, () => 1)
    const sum = (count: number) => `SELECT ${many.slice(0, count).map(() => '?')}`
    expect(await exec(sum(100), ...many.slice(1))).toEqual([])
    expect(await exec(sum(101), ...many)).toEqual(['101 parameters in an object'])
    expect(await exec('SELECT ?, ?', 'x'.repeat(MB), new ArrayBuffer(MB))).toEqual([])
    expect(await exec('SELECT ?, ?', 'x'.repeat(MB), new ArrayBuffer(MB + 1))).toEqual([
      'a row of 2000001 bytes in an object',
    ])
    expect(await exec(`SELECT 1 /*${'x'.repeat(100_000)}*/`)).toEqual([
      'a statement of 100013 bytes in an object',
    ])
  })
})
