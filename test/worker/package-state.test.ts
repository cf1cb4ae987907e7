import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { createFile } from '../../src/core/packages/create.ts'
import type { NewFile } from '../../src/core/packages/new-file.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { NO_REST } from '../support/worker/near/no-rest.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

// What documents are known by: each change of a package draws a new state for it, and for its collection.

const GENERIC = '/api/packages/acme/generic'

interface State {
  name: string
  state: string
  changed_at: number
  changes: number
}

/** Packages by name, and collections by type. */
async function readStates(): Promise<Record<string, State>> {
  const { results } = await env.DB.prepare(
    `SELECT name, state, changed_at, changes FROM package UNION ALL
     SELECT 'all of ' || type, state, changed_at, changes FROM package_collection`,
  ).all<State>()
  return Object.fromEntries(results.map((row) => [row.name, row]))
}

const put = async (path: string) =>
  (await answerOf(`${GENERIC}/${path}`, { method: 'PUT', headers: ADMIN, body: path })).status
const remove = async (path: string) =>
  (await answerOf(path, { method: 'DELETE', headers: ADMIN })).status

/** Which of them have another state than before; that is then a later one, too. */
function changedBetween(before: Record<string, State>, after: Record<string, State>): string[] {
  return Object.entries(after).flatMap(([name, now]) => {
    const then = before[name]
    if (then === undefined) return [`new ${name}`]
    if (then.state === now.state) {
      expect(now).toEqual(then)
      return []
    }
    expect(now.changed_at - then.changed_at).toBeGreaterThanOrEqual(1000)
    expect(now.changes).toBe(then.changes + 1)
    return [name]
  })
}

async function changedBy(change: () => Promise<unknown>): Promise<string[]> {
  const before = await readStates()
  await change()
  return changedBetween(before, await readStates()).sort()
}

beforeEach(() => createOwner())

it('of files without a repository is new for the package and the collection, for no other', async () => {
  expect(await changedBy(() => put('a/1/x'))).toEqual(['new a', 'new all of generic'])
  expect(await changedBy(() => put('b/1/x'))).toEqual(['all of generic', 'new b'])
  expect(await changedBy(() => put('a/1/y'))).toEqual(['a', 'all of generic'])
  expect(await changedBy(() => put('a/2/x'))).toEqual(['a', 'all of generic'])
  expect(await changedBy(() => remove(`${GENERIC}/a/1/y`))).toEqual(['a', 'all of generic'])
  expect(await changedBy(() => remove(`${GENERIC}/b/1`))).toEqual(['all of generic'])
  expect(Object.keys(await readStates()).sort()).toEqual(['a', 'all of generic'])
  await expectConsistent()
})

it('of files in a repository is new for the package; the head stands for the collection', async () => {
  const one = { name: 'one', version: '1-r0' }
  expect(await changedBy(() => publish(one))).toEqual(['new one'])
  expect(await changedBy(() => publish({ name: 'two', version: '1-r0' }))).toEqual(['new two'])
  expect(await changedBy(() => publish({ name: 'one', version: '2-r0' }))).toEqual(['one'])
  expect(await changedBy(() => remove(`${MAIN}/x86_64/one-1-r0.apk`))).toEqual(['one'])
  expect(await changedBy(() => remove(`${MAIN}/x86_64/one-2-r0.apk`))).toEqual([])
  expect(Object.keys(await readStates())).toEqual(['two'])
  await expectConsistent()
})

it('of many files in one commit is new once for each package, and a first one by display name', async () => {
  const versions = Array.from({ length: 12 }, (_, at) => ({ name: 'many', version: `${at}-r0` }))
  await publish({ name: 'many', version: '100-r0' })
  const before = await readStates()
  await Promise.all(versions.map((version) => publish(version)))
  const { many } = await readStates()
  expect(many?.changes).toBeGreaterThan(before.many?.changes ?? 0)
  expect(many?.changes).toBeLessThanOrEqual(13)
  await expectConsistent()
})

it('is the same after what is refused', async () => {
  await put('a/1/x')
  const missing = `${GENERIC}/a/1/y`
  expect(
    await changedBy(async () => {
      expect(await put('a/1/x')).toBe(409)
      expect(await remove(missing)).toBe(404)
    }),
  ).toEqual([])
})

it('never repeats when all is removed and published again, where the count does', async () => {
  const seen = new Set<string>()
  for (let round = 0; round < 4; round++) {
    await put('a/1/x')
    const { a, ...rest } = await readStates()
    expect(a?.changes).toBe(1)
    const states = [a, ...Object.values(rest)].flatMap((each) => each?.state ?? [])
    expect(states).toHaveLength(2)
    for (const state of states) {
      expect(state).toMatch(/^[0-9a-f]{32}$/)
      expect(seen).not.toContain(state)
      seen.add(state)
    }
    await remove(`${GENERIC}/a/1`)
  }
})

it('of a publish whose answer was lost is that of its one effect', async () => {
  await put('a/1/x')
  let lost = false
  const batch: D1Database['batch'] = async (statements) => {
    const results = await env.DB.batch(statements)
    if (lost || statements.length < 5) return results as never
    lost = true
    throw new Error('the answer was lost')
  }
  override({ DB: wrapMethod(env.DB, 'batch', batch) })
  expect(await changedBy(async () => expect(await put('a/2/x')).toBe(201))).toEqual([
    'a',
    'all of generic',
  ])
  expect(lost).toBe(true)
})

it('keeps growing by a second where the rows are ahead of the clock', async () => {
  const owner = await env.DB.prepare('SELECT id FROM owner').first<string>('id')
  const later = (Math.floor(Date.now() / 1000) + 3600) * 1000
  await put('a/1/x')
  await env.DB.batch([
    env.DB.prepare('UPDATE package SET changed_at = ?1').bind(later),
    env.DB.prepare('UPDATE package_collection SET changed_at = ?1').bind(later),
  ])
  await createFile(env.DB, {
    place: { ownerId: String(owner), type: 'generic' },
    rules: { creation: 'any-version' },
    ...{ file: FILE, limits: LIMITS, rest: NO_REST },
  })
  const { a, 'all of generic': all } = await readStates()
  expect([a?.changed_at, all?.changed_at]).toEqual([later + 1000, later + 1000])
})

const digest = (length: number) => 'f'.repeat(length)
const FILE: NewFile = {
  changeId: crypto.randomUUID(),
  ...{ packageName: 'a', version: '1', fileName: 'y', architecture: '', compositeKey: '' },
  ...{ metadata: '{}', properties: {}, createdBy: 'admin' },
  blob: {
    ...{ sha256: digest(64), sha1: digest(40), sha512: digest(128), md5: digest(32) },
    ...{ r2Key: 'blobs/2026010100/none', size: 1, stagedAt: Date.now() },
  },
}
const LIMITS = {
  ...{ files: 100, metadata_bytes: 1e6, file_bytes: 1e6, repositories: 10, tokens: 10 },
}
