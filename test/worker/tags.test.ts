import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { moveTag, removeTag, type TagPlace } from '../../src/core/packages/tags.ts'
import { wrapEnv, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'

const GENERIC = '/api/packages/acme/generic/p'
let place: TagPlace

const db = () => wrapEnv(env, { queries: 0 }).DB
const by = (createdBy = 'admin') => ({ changeId: crypto.randomUUID(), createdBy })
const move = (version: string, change = by(), on = db()) =>
  moveTag(on, place, 'latest', version, change)
const put = (path: string) =>
  answerOf(`${GENERIC}/${path}`, { method: 'PUT', headers: ADMIN, body: path })

async function tags(): Promise<Record<string, string>> {
  const { results } = await env.DB.prepare(
    'SELECT t.name, v.version FROM package_tag t JOIN package_version v ON v.id = t.version_id',
  ).all<{ name: string; version: string }>()
  return Object.fromEntries(results.map(({ name, version }) => [name, version]))
}

const log = async () =>
  (await env.DB.prepare('SELECT version FROM package_tag_change ORDER BY id').all()).results.map(
    (row) => row.version,
  )

const states = async () =>
  JSON.stringify(
    (
      await env.DB.prepare(
        'SELECT state FROM package UNION ALL SELECT state FROM package_collection',
      ).all()
    ).results,
  )

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await createOwner()
  for (const version of ['1', '2', '3']) await put(`${version}/x`)
  const ownerId = await env.DB.prepare('SELECT id FROM owner').first<string>('id')
  place = { ownerId: String(ownerId), type: 'generic', packageName: 'p' }
})

it('a tag moves, with a new state for package and collection, and stays where it is', async () => {
  const before = await states()
  expect(await move('1')).toBe('moved')
  expect(await move('2')).toBe('moved')
  const after = await states()
  expect(after).not.toBe(before)
  expect(await move('2')).toBe('unchanged')
  expect(await states()).toBe(after)
  expect([await tags(), await log()]).toEqual([{ latest: '2' }, ['1', '2']])
  expect(await removeTag(db(), place, 'latest', by())).toBe('moved')
  expect([await tags(), await log()]).toEqual([{}, ['1', '2', null]])
  expect(await removeTag(db(), place, 'latest', by())).toBe('tag-absent')
  await expectConsistent()
})

it('what is not there, and whose token has ended, is refused and changes nothing', async () => {
  const before = await states()
  expect(await move('9')).toBe('version-absent')
  expect(await moveTag(db(), { ...place, packageName: 'q' }, 'a', '1', by())).toBe('package-absent')
  const { id } = await tokenOf('acme', { scopes: ['write'] })
  expect(await moveTag(db(), place, 'a', '1', by(id))).toBe('moved')
  const moved = await states()
  await answerOf(`/api/v1/owners/acme/tokens/${id}`, { method: 'DELETE', headers: ADMIN })
  expect(await move('1', by(id))).toBe('token-ended')
  expect([moved === before, (await states()) === moved, await tags()]).toEqual([
    false,
    true,
    { a: '1' },
  ])
})

it('goes with its version, and does not come back with it', async () => {
  await move('2')
  await move('3')
  await answerOf(`${GENERIC}/3`, { method: 'DELETE', headers: ADMIN })
  expect(await tags()).toEqual({})
  expect(await move('3')).toBe('version-absent')
  await put('3/x')
  expect(await tags()).toEqual({})
  await expectConsistent()
})

it('of many moves at once all are in one order, whose last is what the tag says', async () => {
  await move('3')
  const wanted = Array.from({ length: 20 }, (_, at) => String((at % 3) + 1))
  const outcomes = await Promise.all(wanted.map((version) => move(version)))
  const history = await log()
  const moved = outcomes.filter((outcome) => outcome === 'moved').length
  expect(outcomes.every((outcome) => outcome === 'moved' || outcome === 'unchanged')).toBe(true)
  expect(history).toHaveLength(moved + 1)
  for (const [at, version] of history.entries()) expect(version).not.toBe(history[at - 1])
  expect((await tags()).latest).toBe(history.at(-1))
})

/** The chosen batch fails, before or after its effect; `meanwhile` comes in between. */
function failing(moment: 'before' | 'after', meanwhile = async () => {}, times = 1): D1Database {
  let left = times
  const batch: D1Database['batch'] = async (statements) => {
    if (left-- <= 0) return env.DB.batch(statements)
    if (moment === 'after') await env.DB.batch(statements)
    await meanwhile()
    throw new Error('no answer')
  }
  return wrapMethod(env.DB, 'batch', batch)
}

describe('a batch without an answer', () => {
  it.each(['before', 'after'] as const)('%s its effect is moved once', async (moment) => {
    expect(await move('1', by(), failing(moment))).toBe('moved')
    expect([await tags(), await log()]).toEqual([{ latest: '1' }, ['1']])
  })

  it('undoes no later move, and none that is sent again does', async () => {
    const change = by()
    const later = async () => expect(await move('2')).toBe('moved')
    expect(await move('1', change, failing('after', later))).toBe('moved')
    expect(await tags()).toEqual({ latest: '2' })
    expect(await move('1', change)).toBe('moved')
    expect([await tags(), await log()]).toEqual([{ latest: '2' }, ['1', '2']])
  })

  it('is unknown when none comes at all, and when what it needs goes meanwhile', async () => {
    expect(
      await move(
        '1',
        by(),
        failing('before', async () => {}, 9),
      ),
    ).toBe('unknown')
    const gone = async () => {
      await answerOf(`${GENERIC}/1`, { method: 'DELETE', headers: ADMIN })
    }
    expect(await move('1', by(), failing('before', gone))).toBe('unknown')
    expect([await tags(), await log()]).toEqual([{}, []])
  })
})
