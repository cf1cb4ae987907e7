import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import {
  MARK_VALUE_BYTES,
  type MarksOutcome,
  setMarks,
  type VersionMark,
} from '../../src/core/packages/marks.ts'
import { wrapEnv } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'

const GENERIC = '/api/packages/acme/generic/p'
let place: { ownerId: string; type: string }

const put = async (path: string) =>
  expect(
    (await answerOf(`${GENERIC}/${path}`, { method: 'PUT', headers: ADMIN, body: path })).status,
  ).toBe(201)
const remove = async (path: string) =>
  expect((await answerOf(`${GENERIC}/${path}`, { method: 'DELETE', headers: ADMIN })).status).toBe(
    204,
  )

const mark = (version: string, value: string | null, name = 'yanked'): VersionMark => ({
  ...{ version, name, value },
  withdraws: name === 'yanked',
})

function set(...marks: VersionMark[]): Promise<MarksOutcome> {
  const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
  const { DB } = wrapEnv(env, { queries: 0 })
  return setMarks(DB, place, { packageName: 'p', marks }, change)
}

/** `version/file name=value`, sorted. */
async function readMarks(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT v.version || '/' || f.name || ' ' || m.name || '=' || m.value AS text
     FROM package_mark m JOIN package_file f ON f.id = m.file_id
     JOIN package_version v ON v.id = f.version_id ORDER BY text`,
  ).all<{ text: string }>()
  return results.map(({ text }) => text)
}

async function withdrawn(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT version FROM package_version WHERE withdrawn ORDER BY version',
  ).all<{ version: string }>()
  return results.map(({ version }) => version)
}

const state = () => env.DB.prepare('SELECT state FROM package').first<string>('state')

beforeEach(async () => {
  await createOwner()
  for (const path of ['1/x', '1/y', '2/x', '3/x']) await put(path)
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  place = { ownerId, type: 'generic' }
})

it('are on all files of each version, and only what differs is written', async () => {
  expect(await set(mark('1', 'a', 'note'), mark('2', 'b', 'note'))).toBe('changed')
  expect(await readMarks()).toEqual(['1/x note=a', '1/y note=a', '2/x note=b'])
  // As npm's deprecate sends every version back.
  const before = await state()
  expect(await set(mark('1', 'a', 'note'), mark('2', 'b', 'note'), mark('3', null, 'note'))).toBe(
    'unchanged',
  )
  expect(await state()).toBe(before)
  const writes: number[] = []
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name !== 'batch') {
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements)
        writes.push(...results.map((result) => result.meta.changes))
        return results
      }
    },
  })
  const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
  const marks = [mark('1', null, 'note'), mark('2', 'b', 'note'), mark('3', 'c', 'note')]
  expect(await setMarks(DB, place, { packageName: 'p', marks }, change)).toBe('changed')
  expect(await readMarks()).toEqual(['2/x note=b', '3/x note=c'])
  // Expectation, id, two taken away, one set, none withdrawn, package with its list, collection, none pruned, expectation.
  expect(writes.slice(0, 9)).toEqual([1, 1, 2, 1, 0, 2, 1, 0, 1])
})

it('of one name and version are what the last of them says', async () => {
  expect(await set(mark('2', 'a'), mark('2', null), mark('3', null), mark('3', 'b'))).toBe(
    'changed',
  )
  expect(await readMarks()).toEqual(['3/x yanked=b'])
})

it('are set for all versions, or for none', async () => {
  const before = await state()
  expect(await set(mark('1', 'a'), mark('9', 'a'))).toBe('version-absent')
  expect(await set(mark('1', 'ä'.repeat(MARK_VALUE_BYTES / 2 + 1)))).toBe('too-large')
  const many = Array.from({ length: 400 }, (_, at) => mark(`v${at}`, 'x'.repeat(MARK_VALUE_BYTES)))
  expect(await set(...many)).toBe('too-large')
  expect([await readMarks(), await state()]).toEqual([[], before])
  expect(await set(mark('1', 'ä'.repeat(MARK_VALUE_BYTES / 2)))).toBe('changed')
})

it('may have any text', async () => {
  for (const value of [
    '',
    '"',
    "'; DROP TABLE package",
    '\u{1F600}',
    'null',
    '0',
    '[1]',
    'a\u0000b',
  ]) {
    expect(await set(mark('2', value, 'note'))).toBe('changed')
    expect(await env.DB.prepare('SELECT value FROM package_mark').first('value')).toBe(value)
    expect(await set(mark('2', value, 'note'))).toBe('unchanged')
  }
})

it('go with the file, and do not come back with it', async () => {
  await set(mark('1', 'a'), mark('3', 'a'))
  await remove('1/y')
  await remove('3')
  expect(await readMarks()).toEqual(['1/x yanked=a'])
  await put('3/x')
  expect(await readMarks()).toEqual(['1/x yanked=a'])
  expect(await withdrawn()).toEqual(['1'])
  await expectConsistent()
})

it('withdraw a version while all of its files have one that does', async () => {
  await set(mark('1', 'a', 'note'))
  expect(await withdrawn()).toEqual([])
  await set(mark('1', 'a'), mark('2', ''))
  expect(await withdrawn()).toEqual(['1', '2'])
  // A further file is not withdrawn, and so its version is not; when it goes, the version is again.
  await put('1/z')
  expect(await withdrawn()).toEqual(['2'])
  await expectConsistent()
  await remove('1/z')
  expect(await withdrawn()).toEqual(['1', '2'])
  await expectConsistent()
  await set(mark('1', null), mark('2', null))
  expect(await withdrawn()).toEqual([])
  // The same value, that withdraws and then does not.
  const named = (withdraws: boolean) => ({ ...mark('2', 'a', 'note'), withdraws })
  expect(await set(named(true))).toBe('changed')
  expect(await withdrawn()).toEqual(['2'])
  expect(await set(named(true))).toBe('unchanged')
  expect(await set(named(false))).toBe('changed')
  expect(await withdrawn()).toEqual([])
  await expectConsistent()
})

it('of a thousand versions are one batch of ten statements', async () => {
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO package_version (package_id, version, created_at)
       SELECT p.id, 'm' || j.value, 1 FROM package p, json_each(?1) j`,
    ).bind(JSON.stringify(Array.from({ length: 1000 }, (_, at) => at + 1))),
    env.DB.prepare(
      `INSERT INTO package_file (id, version_id, composite_key, architecture, name, blob_sha256, metadata, created_by, created_at)
       SELECT 'f' || v.id, v.id, '', '', 'x', (SELECT sha256 FROM package_blob LIMIT 1), '{}', 'admin', 1
       FROM package_version v WHERE v.version LIKE 'm%'`,
    ),
  ])
  const marks = (value: string) =>
    Array.from({ length: 1000 }, (_, at) => mark(`m${at + 1}`, value, 'note'))
  expect(await set(...marks('deprecated: use something else'))).toBe('changed')
  expect(await readMarks()).toHaveLength(1000)
  expect(await set(...marks('deprecated: use something else'))).toBe('unchanged')
})
