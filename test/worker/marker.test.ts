import { applyD1Migrations, createScheduledController, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetHealth } from '../../src/api/health.ts'
import { hourOf, MARKER_KEY } from '../../src/core/blobs/keys.ts'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { forgetDeployment, readDeployment } from '../../src/core/deployment/marker.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import worker from '../support/worker/entry.ts'
import { forgetWrites } from '../support/worker/limits/bucket.ts'
import { ADMIN, answerOf, createOwner, listKeys } from '../support/worker/registry.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const HOUR = 60 * 60 * 1000
const hello = { name: 'hello', version: '1-r0' }

/** Objects that a sweep takes for abandoned where no row names them. */
async function stageOld(): Promise<string[]> {
  const hour = hourOf(new Date(Date.now() - 5 * HOUR))
  const keys = ['blobs', 'contents', 'indexes'].map(
    (part) => `${part}/${hour}/${crypto.randomUUID()}`,
  )
  for (const key of keys) await env.BLOBS.put(key, 'of the lost database')
  return keys
}

/** What a database is after it was made anew and migrated. */
async function loseDatabase(): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_cf_%' AND name <> 'd1_migrations'",
  ).all<{ name: string }>()
  await env.DB.batch([
    env.DB.prepare('PRAGMA defer_foreign_keys = on'),
    ...results.map(({ name }) => env.DB.prepare(`DELETE FROM ${name}`)),
  ])
  forgetDeployment()
}

async function runCron(): Promise<{ info: string; error: string }> {
  const info = vi.spyOn(console, 'info').mockImplementation(() => {})
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  await worker.scheduled(createScheduledController(), env)
  const said = { info: info.mock.calls.flat().join(), error: error.mock.calls.flat().join() }
  info.mockRestore()
  error.mockRestore()
  return said
}

const health = async () => {
  forgetHealth()
  const { status, text } = await answerOf('/api/healthz')
  return `${status} ${JSON.parse(text).checks.bucket_marker}`
}

const adopt = (body: object) =>
  answerOf('/api/v1/deployment/bucket', {
    method: 'PUT',
    headers: ADMIN,
    body: JSON.stringify(body),
  })

const stateOf = async () =>
  JSON.parse((await answerOf('/api/v1/deployment/bucket', { headers: ADMIN })).text)

/** That nothing is swept or stored, and that log and health say why. */
async function expectHeldOff(cause: RegExp): Promise<void> {
  const before = await listKeys()
  const { info, error } = await runCron()
  expect(info).toBe('')
  expect(error).toMatch(/^sweep: nothing was deleted: database and bucket do not belong together/)
  expect(error).toMatch(cause)
  expect(await health()).toMatch(cause)
  expect(await stateOf()).toEqual({
    state: 'mismatched',
    marker: null,
    cause: expect.stringMatching(cause),
  })
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { status, text } = await put(buildApk({ name: 'refused', version: '1-r0' }))
  expect(`${status} ${text}`).toMatch(
    /^503 database and bucket do not belong together: .* npm run adopt$/,
  )
  expect(text).toMatch(cause)
  expect(log.mock.calls.flat().join()).toMatch(cause)
  log.mockRestore()
  expect(await listKeys()).toEqual(before)
}

describe('the cron deletes nothing, and nothing is stored', () => {
  it('with an empty database beside a bucket with objects', async () => {
    await createOwner()
    await publish(hello)
    const keys = await stageOld()
    await loseDatabase()
    await createOwner()
    await expectHeldOff(
      /the bucket is marked as that of another database, and this one has no marker/,
    )
    expect(await listKeys()).toEqual(expect.arrayContaining(keys))
  })

  it('where neither has a marker, and the bucket has objects', async () => {
    await stageOld()
    await loseDatabase()
    await env.BLOBS.delete(MARKER_KEY)
    await createOwner()
    await expectHeldOff(/the bucket has objects, and neither it nor the database has a marker/)
  })

  it('where the markers differ, as in the bucket of another deployment', async () => {
    await createOwner()
    await publish(hello)
    await env.BLOBS.put(MARKER_KEY, crypto.randomUUID())
    await stageOld()
    forgetDeployment()
    await expectHeldOff(/the two markers differ/)
  })

  it('with an empty bucket beside a database that has a marker, or names objects', async () => {
    await createOwner()
    await publish(hello)
    await env.BLOBS.delete([...(await listKeys()), MARKER_KEY])
    forgetDeployment()
    await expectHeldOff(/the database has a marker, and the bucket's is missing/)
    await env.DB.prepare('DELETE FROM deployment').run()
    await expectHeldOff(/the database names objects, and neither it nor the bucket has a marker/)
  })

  it('where the marker is something else', async () => {
    await createOwner()
    for (const other of ['', 'x'.repeat(1000)]) {
      await env.BLOBS.put(MARKER_KEY, other)
      forgetDeployment()
      await expectHeldOff(/the two markers differ/)
    }
  })
})

it('a removal stores no index file either', async () => {
  await createOwner()
  await publish(hello)
  await env.BLOBS.put(MARKER_KEY, crypto.randomUUID())
  forgetDeployment()
  const keys = await listKeys()
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { status } = await answerOf(`${MAIN}/x86_64/hello-1-r0.apk`, {
    method: 'DELETE',
    headers: ADMIN,
  })
  expect([status, log.mock.calls.length > 0]).toEqual([503, true])
  log.mockRestore()
  expect(await listKeys()).toEqual(keys)
  expect((await answerOf(`${MAIN}/x86_64/hello-1-r0.apk`)).status).toBe(200)
})

it('a database that is made anew while a sweep runs loses nothing more', async () => {
  await createOwner()
  const keys = await stageOld()
  const list = (async (options: R2ListOptions) => {
    const page = await env.BLOBS.list(options)
    if (page.objects.length > 0) await loseDatabase()
    return page
  }) as R2Bucket['list']
  await sweep(env.DB, wrapMethod(env.BLOBS, 'list', list), Date.now())
  expect(await listKeys()).toEqual(keys)
})

describe('a fresh deployment', () => {
  beforeEach(async () => {
    await env.DB.prepare('DELETE FROM deployment').run()
    await env.BLOBS.delete(MARKER_KEY)
    forgetDeployment()
  })

  const markers = async () => {
    const row = await env.DB.prepare('SELECT marker, placed FROM deployment').first()
    return { row, object: await (await env.BLOBS.get(MARKER_KEY))?.text() }
  }

  it('is marked by whatever comes first: an upload, the health check, the cron', async () => {
    for (const first of ['upload', 'health', 'cron'] as const) {
      await env.DB.prepare('DELETE FROM deployment').run()
      await env.BLOBS.delete(MARKER_KEY)
      forgetWrites()
      forgetDeployment()
      if (first === 'upload') {
        await createOwner()
        await publish(hello)
      } else if (first === 'health') expect(await health()).toBe('200 pass')
      else expect((await runCron()).error).toBe('')
      const { row, object } = await markers()
      expect(row).toEqual({ marker: object, placed: 1 })
      if (first === 'upload') {
        await reset()
        await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
      }
    }
  })

  it('gets one marker from many requests at once', async () => {
    await createOwner()
    const uploads = Array.from({ length: 8 }, (_, at) =>
      put(buildApk({ name: `p${at}`, version: '1-r0' })),
    )
    const answers = await Promise.all([...uploads, answerOf('/api/healthz')])
    expect(answers.map(({ status }) => status)).toEqual([...Array(8).fill(201), 200])
    const { row, object } = await markers()
    expect(row).toEqual({ marker: object, placed: 1 })
  })

  it('that broke off between row and object goes on', async () => {
    const failing = (async (key: string, ...rest: [never]) => {
      if (key === MARKER_KEY) throw new Error('outage')
      return env.BLOBS.put(key, ...rest)
    }) as R2Bucket['put']
    await expect(readDeployment(env.DB, wrapMethod(env.BLOBS, 'put', failing))).rejects.toThrow(
      /object store does not answer/,
    )
    const { row, object } = await markers()
    expect([row?.placed, object]).toEqual([0, undefined])
    expect(await readDeployment(env.DB, env.BLOBS)).toEqual({
      state: 'matched',
      marker: row?.marker,
    })
    expect((await markers()).row).toEqual({ ...row, placed: 1 })
  })

  it('loses to another database that claims the same bucket at the same time', async () => {
    const other = crypto.randomUUID()
    const late = (async (key: string, value: string, options: R2PutOptions) => {
      await env.BLOBS.put(key, other)
      return env.BLOBS.put(key, value, options)
    }) as R2Bucket['put']
    expect(await readDeployment(env.DB, wrapMethod(env.BLOBS, 'put', late))).toMatchObject({
      state: 'mismatched',
      cause: expect.stringContaining('the two markers differ'),
    })
    expect((await markers()).object).toBe(other)
  })
})

describe('a database from before there were markers', () => {
  const latest = env.TEST_MIGRATIONS.findIndex(({ name }) => name.includes('deployment'))

  it('takes the unmarked bucket that it has for its own, once it is migrated', async () => {
    await reset()
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS.slice(0, latest))
    await env.DB.prepare(
      `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
       VALUES ('a', 'a', 'a', 'a', 'blobs/2026010100/a', 1, 1)`,
    ).run()
    await env.BLOBS.put('blobs/2026010100/a', 'x')
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
    expect(await readDeployment(env.DB, env.BLOBS)).toMatchObject({ state: 'matched' })
  })

  it('takes no bucket that is another one’s', async () => {
    await reset()
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS.slice(0, latest))
    await env.DB.prepare(
      "INSERT INTO garbage (r2_key, due_at) VALUES ('blobs/2026010100/a', 1)",
    ).run()
    await env.BLOBS.put(MARKER_KEY, crypto.randomUUID())
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
    expect(await readDeployment(env.DB, env.BLOBS)).toMatchObject({ state: 'mismatched' })
  })
})

describe('npm run adopt', () => {
  it('makes the bucket the database’s, and all goes on', async () => {
    await createOwner()
    await publish(hello)
    await env.BLOBS.put(MARKER_KEY, crypto.randomUUID())
    forgetDeployment()
    const { status, text } = await adopt({})
    expect([status, JSON.parse(text)]).toEqual([200, { sampled: 1, missing: 0, foreign: false }])
    const marker = await env.DB.prepare('SELECT marker FROM deployment').first('marker')
    expect(await stateOf()).toEqual({ state: 'matched', marker, cause: null })
    await publish({ name: 'next', version: '1-r0' })
    expect((await runCron()).error).toBe('')
  })

  it('refuses an empty database beside objects, and a bucket that lacks contents, but by force', async () => {
    await createOwner()
    await publish(hello)
    await env.BLOBS.delete(await listKeys('blobs/'))
    const lacking = await adopt({})
    expect(`${lacking.status} ${lacking.text}`).toMatch(/^409 .*lacks 1 of the 1 contents/)
    await loseDatabase()
    const foreign = await adopt({})
    expect(`${foreign.status} ${foreign.text}`).toMatch(
      /^409 .*the sweep would delete those of the bucket/,
    )
    expect((await adopt({ force: true })).status).toBe(200)
    expect(await stateOf()).toMatchObject({ state: 'matched' })
  })

  it('refuses what it does not know', async () => {
    for (const body of [{ force: 'yes' }, { forced: true }])
      expect((await adopt(body)).status).toBe(400)
  })
})

it('asks the database nothing further for an upload, once it was told', async () => {
  await createOwner()
  await publish(hello)
  const statements = recordStatements()
  await publish({ name: 'second', version: '1-r0' })
  expect(statements.length).toBeGreaterThan(0)
  expect(statements.filter((sql) => sql.includes('deployment'))).toEqual([])
  const gets: string[] = []
  const get = ((key: string, ...rest: []) => {
    gets.push(key)
    return env.BLOBS.get(key, ...rest)
  }) as R2Bucket['get']
  override({ BLOBS: wrapMethod(env.BLOBS, 'get', get) })
  await publish({ name: 'third', version: '1-r0' })
  expect(gets).not.toContain(MARKER_KEY)
})
