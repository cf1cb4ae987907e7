// Files whose metadata is as long as a publish takes it: the copy of the index is made and brought up a few
// megabytes at a time, however many files there are and however many of them change at once.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { createOwner, send } from '../support/worker/registry.ts'
import { readIndex } from '../types/alpine/index-reader.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'
import { seedRepository } from '../types/alpine/seed.ts'

const MB = 1_000_000
/** Characters of each, and of all together some 12 MB. */
const LENGTH = 30_000
const COUNT = 400

beforeEach(async () => {
  await createOwner()
  await seedRepository(COUNT, 'x86_64', LENGTH)
})

/** Bytes of the largest result that D1 gave since. */
function watchResults(): () => number {
  let largest = 0
  const measure = (results: unknown) => {
    largest = Math.max(largest, JSON.stringify(results).length)
  }
  const watch = (statement: D1PreparedStatement): D1PreparedStatement => {
    const all = (async () => {
      const result = await statement.all()
      measure(result.results)
      return result
    }) as D1PreparedStatement['all']
    const bind: D1PreparedStatement['bind'] = (...values) => watch(statement.bind(...values))
    return wrapMethod(wrapMethod(statement, 'all', all), 'bind', bind)
  }
  const prepare: D1Database['prepare'] = (sql) =>
    /metadata/.test(sql) ? watch(env.DB.prepare(sql)) : env.DB.prepare(sql)
  override({ DB: wrapMethod(env.DB, 'prepare', prepare) })
  return () => largest
}

async function addressOf() {
  const ownerId = await env.DB.prepare('SELECT id FROM owner').first<string>('id')
  return { ownerId: ownerId ?? '', ownerName: 'acme', type: 'alpine', name: 'edge/main' }
}

const objectNamed = async (name?: string) =>
  env.REPOSITORY.getByName(name ?? `${(await addressOf()).ownerId}/alpine/edge/main`)

/** Has an object remove every second seeded file, all at once. */
async function removeHalf(name?: string): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT id AS fileId, name AS fileName FROM package_file WHERE name LIKE 'seed-%' ORDER BY id",
  ).all<{ fileId: string; fileName: string }>()
  const address = await addressOf()
  const outcomes = await runInDurableObject(await objectNamed(name), (repository) =>
    Promise.all(
      results
        .filter((_, at) => at % 2 === 0)
        .map((file) => {
          const changeId = crypto.randomUUID()
          return repository.commit(address, { op: 'remove', createdBy: 'admin', changeId, ...file })
        }),
    ),
  )
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['committed']))
}

const indexBytes = async () =>
  new Uint8Array(await (await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).arrayBuffer())

/** The index is what an object without a copy makes of the rows. */
async function expectRebuiltAlike(): Promise<void> {
  const incremental = await indexBytes()
  const change = { op: 'reindex', changeId: crypto.randomUUID(), keySet: '' } as const
  const fresh = await objectNamed(crypto.randomUUID())
  expect((await fresh.commit(await addressOf(), change)).outcome).toBe('committed')
  expect(Buffer.compare(await indexBytes(), incremental)).toBe(0)
}

/** A commit that publishes all files that there are, as the log and the copy are about to see it. */
async function logAgain(): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("UPDATE repository SET head = 'logged again', revision = revision + 1"),
    env.DB.prepare(
      `INSERT INTO repository_change (repository_id, revision, change_id, commit_id, op, file_id,
         architecture, part, file_name, created_at)
       SELECT r.id, r.revision, 'again ' || f.id, r.head, 'publish', f.id, f.architecture, f.part, f.name, 0
       FROM repository r JOIN package_file f ON f.repository_id = r.id`,
    ),
  ])
}

const revisionOf = () => env.DB.prepare('SELECT revision FROM repository').first<number>('revision')

it('a copy that is made anew reads half a megabyte at a time', async () => {
  const largest = watchResults()
  await publish({ name: 'new', version: '1-r0' })
  expect(readIndex(await indexBytes()).entries).toHaveLength(COUNT + 1)
  expect(largest()).toBeGreaterThan(MB / 4)
  expect(largest()).toBeLessThan(0.6 * MB)
})

it('many removals at once become commits that have a few segments each', async () => {
  await publish({ name: 'new', version: '1-r0' })
  const before = (await revisionOf()) ?? 0
  await removeHalf()
  // The first goes alone, and the others would be one commit if they were short.
  expect(((await revisionOf()) ?? 0) - before).toBeGreaterThan(2)
  expect(readIndex(await indexBytes()).entries).toHaveLength(COUNT / 2 + 1)
  await expectRebuiltAlike()
})

it('a copy is brought up by a long log in parts', async () => {
  await publish({ name: 'new', version: '1-r0' })
  await removeHalf('another instance')
  await logAgain()
  const largest = watchResults()
  await publish({ name: 'newer', version: '1-r0' })
  expect(largest()).toBeGreaterThan(MB / 4)
  expect(largest()).toBeLessThan(1.2 * MB)
  expect(readIndex(await indexBytes()).entries).toHaveLength(COUNT / 2 + 2)
  await expectRebuiltAlike()
})

it('a check reads half a megabyte of rows at a time', async () => {
  await publish({ name: 'new', version: '1-r0' })
  const largest = watchResults()
  const indexes = (await checkRepository()).slice(0, 2)
  expect(indexes.flatMap(({ problems }) => problems)).toEqual([])
  expect(largest()).toBeGreaterThan(MB / 4)
  expect(largest()).toBeLessThan(0.6 * MB)
})
