import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import type { ChangedPackage } from '../../src/core/packages/package-change.ts'
import { MAX_TAGS, moveTag, removeTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { wrapEnv } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'

// package-change.test.ts has what holds for tags as for every change of a package.

const GENERIC = '/api/packages/acme/generic/p'
let subject: ChangedPackage

const db = () => wrapEnv(env, { queries: 0 }).DB
const by = () => ({ changeId: crypto.randomUUID(), createdBy: 'admin' })
const move = (version: string, tag = 'latest') =>
  moveTag(db(), subject, tag, version, by(), limitsOf(env))
const put = (path: string) =>
  answerOf(`${GENERIC}/${path}`, { method: 'PUT', headers: ADMIN, body: path })

async function tags(): Promise<Record<string, string>> {
  const { results } = await env.DB.prepare(
    'SELECT t.name, v.version FROM package_tag t JOIN package_version v ON v.id = t.version_id',
  ).all<{ name: string; version: string }>()
  return Object.fromEntries(results.map(({ name, version }) => [name, version]))
}

const state = () => env.DB.prepare('SELECT state FROM package').first<string>('state')

beforeEach(async () => {
  await createOwner()
  for (const version of ['1', '2', '3']) await put(`${version}/x`)
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  subject = { ownerId, type: 'generic', packageName: 'p' }
})

it('a tag moves, stays, and goes, apart from the other tags', async () => {
  expect(await move('1')).toBe('moved')
  expect(await move('1', 'next')).toBe('moved')
  expect(await move('2')).toBe('moved')
  expect(await tags()).toEqual({ latest: '2', next: '1' })
  expect(await removeTag(db(), subject, 'latest', by())).toBe('moved')
  expect(await tags()).toEqual({ next: '1' })
  const before = await state()
  expect(await removeTag(db(), subject, 'latest', by())).toBe('tag-absent')
  expect(await state()).toBe(before)
  await expectConsistent()
})

it('may have any name, which is taken as it is', async () => {
  for (const tag of ['', '"', "'", '[0]', '$', 'ä', 'Latest']) {
    expect(await move('1', tag)).toBe('moved')
    expect(await move('1', tag)).toBe('unchanged')
  }
  expect(await tags()).toEqual({
    '': '1',
    '"': '1',
    "'": '1',
    '[0]': '1',
    $: '1',
    ä: '1',
    Latest: '1',
  })
})

it('are a thousand of a package at most, of which each can be moved still', async () => {
  await env.DB.prepare(
    `INSERT INTO package_tag (package_id, name, version_id)
     SELECT v.package_id, 't' || j.value, v.id FROM package_version v, json_each(?1) j
     WHERE v.version = '1'`,
  )
    .bind(JSON.stringify(Array.from({ length: MAX_TAGS - 1 }, (_, at) => at)))
    .run()
  expect(await move('1')).toBe('moved')
  expect(await move('1', 'more')).toBe('too-many-tags')
  expect(await move('2')).toBe('moved')
  expect(await move('9', 'more')).toBe('version-absent')
  expect(await removeTag(db(), subject, 't7', by())).toBe('moved')
  expect(await move('1', 'more')).toBe('moved')
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
