import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { differences, type Row, type Rows } from '../../scripts/backup/rows.ts'
import { readSnapshot } from '../../scripts/backup/snapshot.ts'
import type { AskOptions } from '../../scripts/registry.ts'
import { MARKER_KEY } from '../../src/core/blobs/keys.ts'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { moveTag } from '../../src/core/packages/tags.ts'
import { loadKeySet } from '../../src/core/signing-keys.ts'
import { limitsOf } from '../../src/env.ts'
import { changeFirstPackage, loseRows } from '../support/worker/backed-up.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, listKeys, send } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { readIndex } from '../types/alpine/index-reader.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'
import { seedRepository } from '../types/alpine/seed.ts'
import { samples } from '../types/samples.ts'

// Rows out and in again by the endpoints that the scripts use. test/clients/backup.test.ts has the scripts.

const RESTORE = '/api/v1/deployment/restore'
const backup = 'backup-of-the-test'

async function ask<T>(path: string, { method = 'GET', body }: AskOptions = {}): Promise<T> {
  const given = body === undefined ? {} : { body: JSON.stringify(body) }
  const { status, text } = await answerOf(path, { method, headers: ADMIN, ...given })
  if (status >= 300) throw new Error(`${status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** @param between called after each request for a page, as others go on meanwhile */
function snapshot(between: (path: string) => Promise<void> = async () => {}): Promise<Rows> {
  const registry = {
    async ask<T>(path: string, options: AskOptions): Promise<T> {
      const answer = await ask<T>(path, options)
      await between(path)
      return answer
    },
  }
  const keepIndexes = async () => true
  return readSnapshot({ registry, progress: { add: () => {} }, keepIndexes })
}

const begin = (adopt = true) => ask(RESTORE, { method: 'POST', body: { backup, adopt } })
const complete = () => ask(`${RESTORE}/complete`, { method: 'POST', body: { backup } })

async function restoreRows(rows: Rows, page = 100): Promise<void> {
  for (const [table, list] of Object.entries(rows)) {
    for (let at = 0; at < list.length; at += page) {
      const body = { backup, table, rows: list.slice(at, at + page) }
      await ask(`${RESTORE}/rows`, { method: 'POST', body })
    }
  }
}

/** Of packages and collections. */
async function readStates(): Promise<string[]> {
  const sql = 'SELECT state FROM package UNION ALL SELECT state FROM package_collection'
  return (await env.DB.prepare(sql).all<{ state: string }>()).results.map(({ state }) => state)
}

/** Everything that D1 is given is within its documented limits. */
function watchLimits() {
  const seen = { statement: 0, parameters: 0, value: 0 }
  const prepare: D1Database['prepare'] = (sql) => {
    seen.statement = Math.max(seen.statement, sql.length)
    const statement = env.DB.prepare(sql)
    const bind = (...values: unknown[]) => {
      seen.parameters = Math.max(seen.parameters, values.length)
      for (const value of values) {
        const bytes = new TextEncoder().encode(String(value)).length
        seen.value = Math.max(seen.value, bytes)
      }
      return statement.bind(...values)
    }
    return wrapMethod(statement, 'bind', bind)
  }
  const batch: D1Database['batch'] = (statements) => env.DB.batch(statements)
  override({ DB: wrapMethod(wrapMethod(env.DB, 'prepare', prepare), 'batch', batch) })
  return seen
}

beforeEach(() => createOwner())

describe('a snapshot', () => {
  it('of every type comes back row by row, and what was removed stays removed', async () => {
    for (const sample of samples) {
      for (const file of [sample.first, sample.second]) {
        expect((await answerTo(sample.publish(file))).status).toBe(sample.statuses.published)
      }
      expect((await answerTo(sample.remove(sample.second))).status).toBe(sample.statuses.removed)
    }
    await changeFirstPackage()
    const rows = await snapshot()
    for (const table of [
      ...(['package_readme', 'package_tag', 'package_mark', 'retired_version'] as const),
      ...(['removed_file'] as const),
    ]) {
      expect(rows[table].length, table).toBeGreaterThan(0)
    }
    expect(rows.package_version.some((row) => row.order_key !== '')).toBe(true)
    expect(rows.package_file.length).toBe(samples.length)
    expect(rows.package_file.some((row) => JSON.stringify(row.properties) !== '[]')).toBe(true)
    const states = await readStates()
    expect(states.length).toBeGreaterThan(2)
    const heads = rows.repository.map((row) => row.head)
    // Contents that were removed are in no backup, so that nobody is charged for them any more; the log of it is.
    const usage = async () =>
      env.DB.prepare(
        `SELECT *, metadata_bytes - (SELECT coalesce(sum(bytes), 0) FROM owner_removal) AS metadata_bytes
         FROM owner_usage`,
      ).all()
    const counted = (await usage()).results
    const readHistory = async () =>
      (await env.DB.prepare('SELECT * FROM owner_change ORDER BY created_at, id').all()).results
    const history = await readHistory()
    expect(history.length).toBeGreaterThan(samples.length)
    expect(counted).toHaveLength(1)
    await loseRows()
    await begin()
    await restoreRows(rows)
    // As a page whose answer was lost is sent again.
    await restoreRows(rows)
    expect([...differences(rows, await snapshot())]).toEqual([])
    await complete()
    expect((await usage()).results).toEqual(counted)
    expect(await readHistory()).toEqual(history)
    // What is worked out from the marks is in no backup.
    const found = env.DB.prepare('SELECT count(*) AS n FROM package_version WHERE withdrawn')
    expect(await found.first('n')).toBe(1)
    for (const { first, second } of samples) {
      expect((await send(first.path)).status).toBe(200)
      expect((await send(second.path)).status).toBe(404)
    }
    // What caches and the copies of Durable Objects are keyed by is another one.
    const now = (await snapshot()).repository.map((row) => row.head)
    expect(heads.length).toBeGreaterThan(0)
    for (const head of now) expect(heads).not.toContain(head)
    const drawn = await readStates()
    expect(drawn).toHaveLength(states.length)
    for (const state of drawn) expect(states).not.toContain(state)
    await publish({ name: 'next', version: '1-r0' })
    await expectConsistent()
  })

  it('is of one instant for each repository, whatever is published and removed meanwhile', async () => {
    for (let at = 0; at < 6; at++) await publish({ name: `p${at}`, version: '1-r0' })
    let round = 0
    const rows = await snapshot(async (path) => {
      if (!/\/(files|tables\/(repository_change|retired_file))(\?|$)/.test(path) || round === 4)
        return
      if (round < 3) {
        // One that was read already goes, one that was not comes, and one comes and goes.
        await answerOf(`${MAIN}/x86_64/p${round}-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
        await publish({ name: `new${round}`, version: '1-r0' })
        await publish({ name: `gone${round}`, version: '1-r0' })
        await answerOf(`${MAIN}/x86_64/gone${round}-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
      }
      await putGeneric(`file${round}`)
      if (round > 0) await removeGeneric(`file${round - 1}`)
      round++
    })
    expect(round).toBe(4)
    const names = rows.package_file.map((row) => String(row.name)).sort()
    expect(names).toEqual([
      ...['file3', 'new0-1-r0.apk', 'new1-1-r0.apk', 'new2-1-r0.apk'],
      ...['p3-1-r0.apk', 'p4-1-r0.apk', 'p5-1-r0.apk'],
    ])
    expect([...differences(rows, await snapshot())]).toEqual([])
  })

  it('from before there were order keys gets them from the types', async () => {
    for (const { publish: of, first } of samples) await answerTo(of(first))
    const rows = await snapshot()
    await loseRows()
    await begin()
    const bare = rows.package_version.map(({ order_key: _, prerelease: __, ...row }) => row)
    await restoreRows({ ...rows, package_version: bare })
    await complete()
    const restored = (await snapshot()).package_version
    expect(restored).toEqual(rows.package_version)
    expect(restored.some((row) => row.order_key !== '')).toBe(true)
    expect(restored.some((row) => row.order_key === '')).toBe(true)
    await expectConsistent()
  })

  it('from before there were parts has each file in that of its architecture', async () => {
    for (const { publish: of, first } of samples) await answerTo(of(first))
    await env.DB.exec('UPDATE repository SET immutable = 1')
    await publish({ name: 'gone', version: '1-r0' })
    await answerOf(`${MAIN}/x86_64/gone-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
    const rows = await snapshot()
    await loseRows()
    await begin()
    const without = ({ part: _, ...row }: Row): Row => row
    const old = {
      ...rows,
      package_file: rows.package_file.map(without),
      repository_change: rows.repository_change.map(without),
      retired_file: rows.retired_file.map(({ part: architecture, ...row }) => ({
        ...row,
        architecture,
      })),
    }
    expect(old.retired_file).toEqual([expect.objectContaining({ architecture: 'x86_64' })])
    await restoreRows(old)
    const restored = await snapshot()
    expect([...differences(old, restored)]).toEqual([])
    await complete()
    expect(restored.package_file.map(({ part }) => part)).toContain('x86_64')
    expect(restored.package_file.map(({ part }) => part)).toContain('')
    for (const table of ['package_file', 'repository_change', 'retired_file'] as const) {
      const partsIn = (all: readonly Row[]) => all.map(({ part }) => part).sort()
      expect(partsIn(restored[table])).toEqual(partsIn(rows[table]))
    }
    await publish({ name: 'next', version: '1-r0' })
    await expectConsistent()
  })

  it('has a tag wherever it is moved meanwhile', async () => {
    await putGeneric('x')
    const move = (version: string) =>
      moveTag(
        env.DB,
        subject,
        'latest',
        version,
        { changeId: crypto.randomUUID(), createdBy: 'admin' },
        limitsOf(env),
      )
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    const subject = { ownerId, type: 'generic', packageName: 'p' }
    await move('1')
    let reads = 0
    const rows = await snapshot(async (path) => {
      // A version comes after the tag was read, which then points at it.
      if (!/\/tables\/package_tag\?/.test(path) || reads++ > 0) return
      await answerOf(generic.replace(/1$/, '2/x'), { method: 'PUT', headers: ADMIN, body: '2' })
      await move('2')
    })
    expect(reads).toBe(2)
    expect(rows.package_tag).toEqual([
      { ...owned(rows), version: '2', name: 'latest', falls_back: 0 },
    ])
    // The version goes between its tag and the ids of the files: the tag goes with it.
    let gone = false
    const later = await snapshot(async (path) => {
      if (gone || !/\/tables\/package_tag\?/.test(path)) return
      gone = true
      await answerOf(generic.replace(/1$/, '2'), { method: 'DELETE', headers: ADMIN })
      await move('1')
    })
    expect(later.package_tag).toEqual([
      { ...owned(later), version: '1', name: 'latest', falls_back: 0 },
    ])
  })

  it('ends although files of no repository come and go all the time, each once', async () => {
    await putGeneric('stays')
    await putGeneric('again')
    let round = 0
    const rows = await snapshot(async (path) => {
      // Of pages that never end nobody would see the end.
      if (!/\/(files|file-ids)(\?|$)/.test(path) || round === 40) return
      await removeGeneric('again')
      await putGeneric('again')
      await putGeneric(`file${round++}`)
    })
    expect(round).toBeGreaterThan(2)
    expect(round).toBeLessThan(20)
    const names = rows.package_file.map((row) => String(row.name))
    expect(names).toEqual(expect.arrayContaining(['stays', 'again', 'file0']))
    expect(new Set(names).size).toBe(names.length)
    await loseRows()
    await begin()
    await restoreRows(rows)
    expect([...differences(rows, await snapshot())]).toEqual([])
    await complete()
    await expectConsistent()
  })

  it('has a tag also where every listing is followed by a version to which it moves', async () => {
    await putGeneric('x')
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    const subject = { ownerId, type: 'generic', packageName: 'p' }
    const move = (version: string) => {
      const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
      return moveTag(env.DB, subject, 'latest', version, change, limitsOf(env))
    }
    await move('1')
    let version = 1
    const rows = await snapshot(async (path) => {
      if (!/\/(file-ids|files)(\?|$)/.test(path) || version === 40) return
      version++
      await answerOf(generic.replace(/1$/, `${version}/x`), {
        ...{ method: 'PUT', headers: ADMIN, body: String(version) },
      })
      expect(await move(String(version))).toBe('moved')
    })
    expect(version).toBeLessThan(40)
    expect(rows.package_tag).toHaveLength(1)
    expect(rows.package_version.map((row) => row.version)).toContain(rows.package_tag[0]?.version)
    await loseRows()
    await begin()
    await restoreRows(rows)
    await complete()
    await expectConsistent()
  })

  it('ends although every page is followed by a publish', async () => {
    await publish({ name: 'stays', version: '1-r0' })
    let round = 0
    const rows = await snapshot(async () => {
      if (round < 20) await publish({ name: `new${round++}`, version: '1-r0' })
    })
    expect(round).toBeLessThan(20)
    expect(rows.package_file.length).toBeGreaterThan(1)
    expect([...differences(rows, await snapshot())]).not.toEqual([])
    const [repository] = rows.repository
    const revisions = rows.repository_change.map((row) => Number(row.revision))
    expect(Math.max(...revisions)).toBe(repository?.revision)
    expect(rows.package_file).toHaveLength(Number(repository?.revision))
  })

  it('of long metadata keeps to the limits of D1, on the way out and in', async () => {
    await publish({ name: 'long', version: '1-r0' }, MAIN.replace('edge', 'v3.22'))
    // Quotes double in JSON, and in the JSON within that again; the length is nearly all that D1 takes.
    const metadata = (length: number) => JSON.stringify({ description: '"é'.repeat(length) })
    await env.DB.prepare('UPDATE package_file SET metadata = ?1').bind(metadata(480_000)).run()
    await seedRepository(20, 'aarch64')
    await env.DB.prepare("UPDATE package_file SET metadata = ?1 WHERE created_by = 'seed'")
      .bind(metadata(30_000))
      .run()
    const seen = watchLimits()
    const sizes: number[] = []
    const registry = {
      async ask<T>(path: string, options: AskOptions): Promise<T> {
        const answer = await ask<T>(path, options)
        sizes.push(JSON.stringify(answer).length)
        return answer
      },
    }
    const keepIndexes = async () => true
    const rows = await readSnapshot({ registry, progress: { add: () => {} }, keepIndexes })
    expect(rows.package_file).toHaveLength(21)
    expect(Math.max(...sizes)).toBeLessThan(8_000_000)
    await loseRows()
    await begin()
    await restoreRows(rows, 20)
    expect(seen.statement).toBeLessThan(100_000)
    expect(seen.parameters).toBeLessThanOrEqual(100)
    expect(seen.value).toBeGreaterThan(1_000_000)
    expect(seen.value).toBeLessThan(2_000_000)
    expect([...differences(rows, await snapshot())]).toEqual([])
  })
})

const owned = (rows: Rows) => ({
  ...{ owner_id: rows.owner[0]?.id, type: 'generic', package: 'p' },
})

const generic = '/api/packages/acme/generic/p/1'
const putGeneric = (name: string) =>
  answerOf(`${generic}/${name}`, { method: 'PUT', headers: ADMIN, body: name })
const removeGeneric = (name: string) =>
  answerOf(`${generic}/${name}`, { method: 'DELETE', headers: ADMIN })

describe('a restore', () => {
  it('is swept around: nothing goes while rows are missing, and all is served at its end', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const rows = await snapshot()
    await loseRows()
    await begin()
    const keys = await listKeys()
    const later = Date.now() + 6 * 60 * 60 * 1000
    const sweepLater = () => sweep(env.DB, env.BLOBS, later)
    await expect(sweepLater()).rejects.toThrow(/being restored/)
    await restoreRows({ ...rows, package_file: [], package_blob: [] })
    await expect(sweepLater()).rejects.toThrow(/being restored/)
    for (const path of [`${MAIN}/x86_64/hello-1-r0.apk`, '/acme', '/api/v1/packages/acme']) {
      const { status, text, headers } = await answerOf(path)
      expect(`${status} ${text}`).toMatch(/^503 .*a backup is being restored/s)
      expect(headers.get('retry-after')).toBe('60')
    }
    const upload = await answerOf(MAIN, { method: 'PUT', headers: ADMIN, body: 'x' })
    expect(upload.status).toBe(503)
    expect(JSON.parse((await answerOf('/api/healthz')).text).checks.bucket_marker).toMatch(
      /restored/,
    )
    await restoreRows(rows)
    await complete()
    await complete()
    await sweepLater()
    expect(await listKeys()).toEqual(keys)
    expect((await send(`${MAIN}/x86_64/hello-1-r0.apk`)).status).toBe(200)
  })

  it('begins in an empty database alone, with a bucket that is its own, or by adoption', async () => {
    await expect(begin()).rejects.toThrow(/409 .*the database is not empty/)
    await loseRows()
    await env.BLOBS.put(MARKER_KEY, 'another')
    await expect(begin(false)).rejects.toThrow(/409 .*say so with --adopt/)
    await begin()
    await begin()
    const other = { method: 'POST', body: { backup: 'other', adopt: true } }
    await expect(ask(RESTORE, other)).rejects.toThrow(/409 .*another backup, backup-of-the-test/)
    await complete()
    expect(await (await env.BLOBS.get(MARKER_KEY))?.text()).toBe(
      await env.DB.prepare('SELECT marker FROM deployment').first('marker'),
    )
  })

  it('that broke off before the bucket was marked goes on', async () => {
    await loseRows()
    await env.BLOBS.put(MARKER_KEY, 'another')
    override({
      BLOBS: wrapMethod(env.BLOBS, 'put', () => Promise.reject(new Error('outage'))),
    })
    await expect(begin()).rejects.toThrow(/503/)
    override({ BLOBS: env.BLOBS })
    await begin()
    expect(await (await env.BLOBS.get(MARKER_KEY))?.text()).toBe(
      await env.DB.prepare('SELECT marker FROM deployment').first('marker'),
    )
  })

  it('under another key serves an index that this one signed, whose check finds nothing', async () => {
    await publish({ name: 'a', version: '1-r0' })
    await publish({ name: 'b', version: '1-r0' })
    let asked = 0
    const rows = await snapshot(async () => {
      // The key changes in the middle of the backup, and the index is signed anew.
      if (asked++ !== 2) return
      override({ SIGNING_KEY: env.OTHER_SIGNING_KEY })
      expect((await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).status).toBe(200)
    })
    expect(asked).toBeGreaterThan(4)
    const [signed] = rows.repository_index
    const keysOf = (pem: string | undefined) =>
      loadKeySet((name) => (name === 'SIGNING_KEY' ? pem : undefined), null, 'acme')
    const other = keysOf(env.OTHER_SIGNING_KEY).id
    expect(signed?.key_set).toBe(other)
    // It came back with the first key: the backup has an index of a key that is not here.
    await loseRows()
    await begin()
    override({ SIGNING_KEY: env.SIGNING_KEY })
    await restoreRows(rows)
    expect([...differences(rows, await snapshot())]).toEqual([])
    await complete()
    const { id: own, keys } = keysOf(env.SIGNING_KEY)
    expect(own).not.toBe(other)
    const before = (await checkRepository()).flatMap(({ problems }) => problems)
    expect(before).toEqual([])
    const index = await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)
    expect(index.status).toBe(200)
    const { signatures, entries } = readIndex(new Uint8Array(await index.arrayBuffer()))
    expect(entries.map(({ P }) => P).sort()).toEqual(['a', 'b'])
    expect(new Set(signatures.map(({ keyName }) => keyName))).toEqual(
      new Set(keys.map(({ name }) => `${name}.rsa.pub`)),
    )
    const rowOf = env.DB.prepare('SELECT DISTINCT key_set FROM repository_index')
    expect((await rowOf.all()).results).toEqual([{ key_set: own }])
    // With the key that the row names each signature is verified.
    expect((await checkRepository()).flatMap(({ problems }) => problems)).toEqual([])
    await publish({ name: 'c', version: '1-r0' })
    await expectConsistent()
  })

  it('takes nothing when none is under way, and no rows that it does not know', async () => {
    const rows = await snapshot()
    const insert = (body: object) => ask(`${RESTORE}/rows`, { method: 'POST', body })
    await expect(insert({ backup, table: 'owner', rows: rows.owner })).rejects.toThrow(/409/)
    const key = `blobs/2026010100/${crypto.randomUUID()}`
    const object = `/api/v1/deployment/objects/${key}?backup=${backup}&sha256=${'0'.repeat(64)}`
    const stored = await answerOf(object, { method: 'PUT', headers: ADMIN, body: 'x' })
    expect(stored.status).toBe(409)
    await loseRows()
    await begin()
    await expect(insert({ backup, table: 'garbage', rows: [] })).rejects.toThrow(
      /400 .*in no backup/,
    )
    await expect(insert({ backup, table: 'owner', rows: [{ wrong: 1 }] })).rejects.toThrow(
      /400 .*no column wrong/,
    )
    const orphan = {
      id: 'x',
      owner_id: 'nobody',
      name: 'x',
      hash: 'x',
      scopes: '[]',
      created_at: 1,
    }
    await expect(insert({ backup, table: 'access_token', rows: [orphan] })).rejects.toThrow(
      /409 .*refers to one that is not there/,
    )
    const damaged = await answerOf(object, { method: 'PUT', headers: ADMIN, body: 'x' })
    expect(damaged.status).toBe(503)
    expect(await listKeys()).toEqual([])
  })

  it('stores objects by their digest, finds the missing and the wrong ones, and their lists', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const rows = await snapshot()
    const [blob] = rows.package_blob
    const key = String(blob?.r2_key)
    const path = '/api/v1/deployment/objects'
    const read = async (of: string) => {
      const response = await send(`${path}/${of}`, { headers: ADMIN })
      return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
    }
    const { bytes } = await read(key)
    const list = await read(key.replace('blobs', 'contents'))
    expect([list.status, list.bytes.length > 0]).toEqual([200, true])
    const expected = { key, sha256: blob?.sha256, size: blob?.size }
    const check = () => ask(`${path}/check`, { method: 'POST', body: { objects: [expected] } })
    expect(await check()).toEqual({ checked: 1, problems: [] })
    await env.BLOBS.put(key, 'other bytes')
    expect(await check()).toEqual({
      checked: 1,
      problems: [{ key, problem: expect.stringContaining('wrong digest') }],
    })
    await env.BLOBS.delete(key)
    expect(await check()).toEqual({
      checked: 1,
      problems: [{ key, problem: expect.stringContaining('missing object') }],
    })
    expect((await read(key)).status).toBe(404)
    await loseRows()
    await begin()
    const put = (of: string, body: Uint8Array, more = '') =>
      answerOf(`${path}/${of}?backup=${backup}${more}`, { method: 'PUT', headers: ADMIN, body })
    expect((await put(key.replace('blobs', 'contents'), list.bytes)).status).toBe(204)
    // R2 takes one write a second of a key: the scripts try again after a pause, too.
    await scheduler.wait(1100)
    expect((await put(key, bytes, `&sha256=${blob?.sha256}`)).status).toBe(204)
    expect(await check()).toEqual({ checked: 1, problems: [] })
    await restoreRows(rows)
    await complete()
    await expectConsistent()
    for (const wrong of ['marker/2026010100/x', 'blobs/2026/x', 'blobs/2026010100/nothing']) {
      expect((await put(wrong, bytes)).status).toBe(400)
    }
  })
})
