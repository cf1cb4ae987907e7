import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner, send } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { readIndex } from '../types/alpine/index-reader.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { seedRepository } from '../types/alpine/seed.ts'

beforeEach(() => createOwner())
afterEach(() => vi.restoreAllMocks())

async function addressOf() {
  const owner = await env.DB.prepare("SELECT id FROM owner WHERE name = 'acme'").first<string>('id')
  const ownerId = owner ?? ''
  return { ownerId, ownerName: 'acme', type: 'alpine', name: 'edge/main' }
}

const objectOf = async () =>
  env.REPOSITORY.getByName(`${(await addressOf()).ownerId}/alpine/edge/main`)

async function bytesOf(architecture = 'x86_64'): Promise<Uint8Array> {
  const response = await send(`${MAIN}/${architecture}/APKINDEX.tar.gz`)
  expect(response.status).toBe(200)
  return new Uint8Array(await response.arrayBuffer())
}

const namesOf = async (architecture?: string) =>
  readIndex(await bytesOf(architecture)).entries.map((entry) => entry.P)

/** Has an object write all index files anew: this one, or another one that has no copy yet. */
async function reindexBy(name: string): Promise<void> {
  const change = { op: 'reindex', changeId: crypto.randomUUID(), keySet: '' } as const
  const result = await env.REPOSITORY.getByName(name).commit(await addressOf(), change)
  expect(result.outcome).toBe('committed')
}

/** Sees to it that the last commit is in the copy, too. */
const workOf = async () =>
  runInDurableObject(await objectOf(), (instance) => ({ ...instance.work }))

/** The revision that the copy is at. */
const headOfCopy = async () =>
  runInDurableObject(
    await objectOf(),
    (_, state) => state.storage.sql.exec('SELECT revision FROM copy').one().revision,
  )

const entriesInCopy = async () =>
  runInDurableObject(await objectOf(), (_, state) => {
    const rows = state.storage.sql.exec<{ entries: string }>('SELECT entries FROM segment_entries')
    return rows.toArray().flatMap(({ entries }): unknown => JSON.parse(entries)).length
  })

/** The commands of a history from a seed, so that a failure can be repeated. */
function randomOf(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

describe('the incremental index', () => {
  it.each([1, 2, 3])(
    'equals a full build byte for byte after a random history (seed %i)',
    async (seed) => {
      const random = randomOf(seed)
      await seedRepository(400)
      const seeded = Array.from({ length: 400 }, (_, at) => `seed-${String(at).padStart(5, '0')}`)
      const present = new Set(seeded)
      for (let round = 0; round < 12; round++) {
        // Those that were seeded are removed everywhere, and published again at the end.
        const steps = Array.from({ length: 1 + random(9) }, () => 8 * random(60))
        const ends = await Promise.all(
          [...new Set(steps)].map(async (step) => {
            const name = seeded[step] ?? `noarch-${step}`
            const arch = step < 400 ? 'x86_64' : 'noarch'
            const path = `${MAIN}/${arch}/${name}-1.0-r0.apk`
            if (!present.delete(name)) {
              present.add(name)
              return (await put(buildApk({ name, version: '1.0-r0', arch }))).status
            }
            return (await answerOf(path, { method: 'DELETE', headers: ADMIN })).status
          }),
        )
        expect(ends.every((status) => status === 201 || status === 204)).toBe(true)
        const incremental = [await bytesOf('x86_64'), await bytesOf('noarch')]
        await reindexBy(`a fresh object ${round}`)
        expect([await bytesOf('x86_64'), await bytesOf('noarch')]).toEqual(incremental)
      }
    },
  )

  it.each([10, 300, 3000])(
    'costs the last segment for a publish, at %i packages',
    async (count) => {
      await seedRepository(count)
      await publish({ name: 'warm' })
      const before = await workOf()
      await publish({ name: 'p' })
      const after = await workOf()
      // One more if the last was full; the one before it is read as its context.
      expect(after.segmentsWritten - before.segmentsWritten).toBeLessThanOrEqual(2)
      expect(after.segmentsRead - before.segmentsRead).toBeLessThanOrEqual(2)
      // A segment has 128 entries on average and 256 at most, of some 250 characters here.
      expect(after.textCompressed - before.textCompressed).toBeLessThan(256 * 250)
      // Of every segment one small row, for this architecture and noarch.
      expect(after.summariesRead - before.summariesRead).toBeLessThan(5 + count / 96)
      expect(after.builds - before.builds).toBe(1)
    },
  )
})

describe("the object's copy", () => {
  it('is brought up by the log when another instance committed', async () => {
    await publish({ name: 'a' })
    await publish({ name: 'b' })
    const second = env.REPOSITORY.getByName('a second instance')
    const file = await env.DB.prepare(
      "SELECT id, name FROM package_file WHERE name LIKE 'a-%'",
    ).first<{ id: string; name: string }>()
    const change = {
      op: 'remove',
      changeId: 'x',
      fileId: file?.id ?? '',
      fileName: file?.name ?? '',
      createdBy: 'admin',
    } as const
    expect((await second.commit(await addressOf(), change)).outcome).toBe('committed')
    const before = await workOf()
    await publish({ name: 'c' })
    expect(await namesOf()).toEqual(['b', 'c'])
    // By the log, not by reading everything anew: the one segment was changed twice.
    expect((await workOf()).segmentsRead - before.segmentsRead).toBe(2)
    expect(await entriesInCopy()).toBe(2)
    const incremental = await bytesOf()
    await reindexBy('a fresh object')
    expect(await bytesOf()).toEqual(incremental)
  })

  it('is made anew when it is lost, or of another history', async () => {
    await publish({ name: 'a' })
    await workOf()
    const object = await objectOf()
    await runInDurableObject(object, (_, state) =>
      state.storage.sql.exec('DELETE FROM copy').toArray(),
    )
    await publish({ name: 'b' })
    expect(await namesOf()).toEqual(['a', 'b'])
    await workOf()
    await runInDurableObject(object, (_, state) =>
      state.storage.sql.exec("UPDATE copy SET head = 'of another history', revision = 7").toArray(),
    )
    await publish({ name: 'c' })
    expect(await namesOf()).toEqual(['a', 'b', 'c'])
  })

  it('is made anew when it is of an older layout', async () => {
    await publish({ name: 'a' })
    await workOf()
    await runInDurableObject(await objectOf(), (_, { storage }) => {
      storage.sql.exec('DELETE FROM layout')
      storage.sql.exec('DROP TABLE segment')
      storage.sql.exec('CREATE TABLE segment (id INTEGER PRIMARY KEY, name TEXT NOT NULL)')
    })
    await evictDurableObject(await objectOf())
    await publish({ name: 'b' })
    expect(await namesOf()).toEqual(['a', 'b'])
    await workOf()
    await evictDurableObject(await objectOf())
    await publish({ name: 'c' })
    expect((await workOf()).segmentsRead).toBe(1)
  })

  it('survives the eviction of its object', async () => {
    await publish({ name: 'a' })
    await workOf()
    await evictDurableObject(await objectOf())
    await publish({ name: 'b' })
    expect(await namesOf()).toEqual(['a', 'b'])
    expect((await workOf()).segmentsRead).toBe(1)
  })

  it('is written after the answer, or else before the next commit', async () => {
    vi.spyOn(scheduler, 'wait').mockReturnValue(new Promise(() => {}))
    for (const name of ['a', 'b', 'c']) await publish({ name })
    expect(await namesOf()).toEqual(['a', 'b', 'c'])
    expect(await headOfCopy()).toBe(2)
    await workOf()
    expect(await headOfCopy()).toBe(3)
    expect((await workOf()).segmentsRead).toBe(2)
  })

  it('is brought up by the log when its object is gone before it was written', async () => {
    const never = vi.spyOn(scheduler, 'wait').mockReturnValue(new Promise(() => {}))
    await publish({ name: 'a' })
    await workOf()
    await publish({ name: 'b' })
    expect(await headOfCopy()).toBe(1)
    await runInDurableObject(await objectOf(), (_, state) => state.abort()).catch(() => {})
    never.mockRestore()
    await publish({ name: 'c' })
    expect(await namesOf()).toEqual(['a', 'b', 'c'])
    const incremental = await bytesOf()
    await reindexBy('a fresh object')
    expect(await bytesOf()).toEqual(incremental)
  })

  it('goes on where a rebuild was cut off', async () => {
    await seedRepository(3500)
    let pages = 0
    const prepare: D1Database['prepare'] = (sql) => {
      const statement = env.DB.prepare(sql)
      if (!sql.includes('AND id > ?3 ORDER BY id LIMIT')) return statement
      return wrapMethod(statement, 'bind', (...values: unknown[]) => {
        const bound = statement.bind(...values)
        return ++pages === 3
          ? wrapMethod(bound, 'all', () => Promise.reject(new Error('outage')))
          : bound
      })
    }
    override({ DB: wrapMethod(env.DB, 'prepare', prepare) })
    expect((await put(buildApk({ name: 'new', version: '1-r0' }))).status).toBe(503)
    const stored = (await workOf()).segmentsWritten
    expect(stored).toBeGreaterThan(5)
    pages = 10
    await publish({ name: 'new', version: '1-r0' })
    const names = await namesOf()
    expect([names.length, new Set(names).size, names.at(-1)]).toEqual([3501, 3501, 'new'])
    const written = (await workOf()).segmentsWritten
    const incremental = await bytesOf()
    await reindexBy('a fresh object')
    expect(await bytesOf()).toEqual(incremental)
    // What the first try stored was not written again; the new package changed one or two.
    const total = await runInDurableObject(
      await objectOf(),
      (_, state) =>
        state.storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM segment').one().n,
    )
    expect(written).toBeLessThanOrEqual(total + 2)
  })
})

it('a failed copy costs nothing but the next commit some reading', async () => {
  await publish({ name: 'a' })
  const object = await objectOf()
  await runInDurableObject(object, (_, state) =>
    state.storage.sql.exec('ALTER TABLE segment_piece RENAME TO hidden').toArray(),
  )
  const { status } = await put(buildApk({ name: 'b', version: '1-r0' }))
  await runInDurableObject(object, (_, state) =>
    state.storage.sql.exec('ALTER TABLE hidden RENAME TO segment_piece').toArray(),
  )
  expect([201, 503, 500]).toContain(status)
  await publish({ name: 'c' })
  expect(await namesOf()).toEqual(status === 201 ? ['a', 'b', 'c'] : ['a', 'c'])
})
