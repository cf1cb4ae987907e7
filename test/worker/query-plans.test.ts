import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { setMarks } from '../../src/core/packages/marks.ts'
import { moveTag, removeTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { post, signIn } from '../support/worker/browser.ts'
import { ADMIN, answerOf, createOwner, put, tokenOf } from '../support/worker/registry.ts'
import { BASE, documentAt, pointTag } from '../support/worker/stand-ins/document-client.ts'
import { seedFiles } from '../support/worker/stand-ins/seed-documents.ts'
import { wrap } from '../support/worker/stand-ins/wrapped.ts'
import { WRAPPED } from '../support/worker/stand-ins/wrapped-sample.ts'
import { recordStatements } from '../support/worker/statements.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

// No statement of a request reads rows in proportion to what there is: asked of SQLite's own plans.

beforeEach(() => createOwner())

/**
 * Steps of a plan that read all rows of a table, or all of an owner or a repository. `latest`, `described` and
 * `page` are subqueries with a limit, `types` are those of an owner, `gone` is one row of sums, `drawn` one of a random id; `package_collection` has one row of a type. Of `any_file` the first row is asked for, by EXISTS.
 */
const GROWING = [
  /^SCAN (?!CONSTANT ROW|json_each|j |\(subquery|expectation|latest|page$|described$|types$|gone$|drawn$)/,
  /^(?!SEARCH package_collection ).*\(owner_id=\? AND type=\?\)/,
  /^\S+ (?!any_file ).*package_file_listing \(repository_id=\?/,
]

async function growingSteps(sql: string): Promise<string[]> {
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...parametersOf(sql))
    .all<{ detail: string }>()
  return results
    .map((row) => row.detail)
    .filter((detail) => GROWING.some((pattern) => pattern.test(detail)))
}

/** As many parameters as the statement names. */
function parametersOf(sql: string): string[] {
  const numbers = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number))
  const anonymous = sql.match(/\?(?!\d)/g)?.length ?? 0
  return Array.from({ length: Math.max(anonymous, ...numbers, 0) }, () => '[]')
}

it('of publishing, reading, removing and sweeping', async () => {
  const statements = new Set<string>()
  const prepare: D1Database['prepare'] = (sql) => {
    statements.add(sql)
    return env.DB.prepare(sql)
  }
  override({ DB: wrapMethod(env.DB, 'prepare', prepare) })
  await publish({ name: 'a', version: '1-r0' })
  await publish({ name: 'b', version: '1-r0' })
  const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['alpine:c*'] })
  const claiming = buildApk({ name: 'c', info: { provides: 'cmd:c=1' } })
  expect((await put(claiming, MAIN, headers)).status).toBe(201)
  await answerOf(`${MAIN}/x86_64/APKINDEX.tar.gz`)
  await answerOf(`${MAIN}/x86_64/a-1-r0.apk`)
  await answerOf(`${MAIN}/x86_64/a-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
  await sweep(wrapMethod(env.DB, 'prepare', prepare), env.BLOBS, Date.now() + 10 * 60 * 60 * 1000)
  expect(statements.size).toBeGreaterThan(20)
  expect(await growingOf(statements)).toEqual({})
})

it('of the pages of a package and of a repository', async () => {
  await publish({ name: 'a', version: '1-r0', info: { depend: 'b', provides: 'so:a' } })
  const statements = recordStatements()
  await answerOf('/acme/-/packages/alpine/a')
  await answerOf('/acme/-/packages/alpine/a/1-r0')
  await answerOf('/acme/-/alpine/edge/main')
  expect(new Set(statements).size).toBeGreaterThanOrEqual(4)
  expect(await growingOf(statements)).toEqual({})
})

it('of the forms, whose pages take three statements at most', async () => {
  await publish({ name: 'a', version: '1-r0' })
  const { token } = await tokenOf('acme', { scopes: ['admin'] })
  const statements = recordStatements()
  const { headers } = await signIn(token)
  expect(await growingOf(statements)).toEqual({})
  for (const path of ['/acme/-/upload', '/acme/-/remove/alpine/a/1-r0', '/acme/-/manage']) {
    const from = statements.length
    expect([path, (await answerOf(path, { headers })).status]).toEqual([path, 200])
    expect([path, statements.length - from <= 3]).toEqual([path, true])
  }
  const { text } = await answerOf('/acme/-/manage', { headers })
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(text) ?? []
  expect((await post('/-/sign-out', { csrf }, headers)).status).toBe(303)
  expect(statements.filter((sql) => sql.startsWith('DELETE FROM ended_session'))).toHaveLength(1)
  expect(statements.length).toBeGreaterThan(4)
  expect(await growingOf(statements)).toEqual({})
})

async function growingOf(statements: Iterable<string>): Promise<Record<string, string[]>> {
  const growing: Record<string, string[]> = {}
  for (const sql of statements) {
    const steps = await growingSteps(sql)
    // The migrations are read once per isolate.
    if (steps.length > 0 && !sql.includes('d1_migrations')) growing[sql] = steps
  }
  return growing
}

it('of files without a repository, and of their tags and marks', async () => {
  override({ REMEMBER_SECONDS: 1 })
  const statements = recordStatements()
  const path = '/api/packages/acme/generic/p/1/x'
  for (const status of [201, 409]) {
    expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })).status).toBe(status)
  }
  expect((await answerOf(path)).status).toBe(200)
  expect(statements.filter((sql) => sql.includes('resting_name')).length).toBe(3)
  expect(statements.filter((sql) => sql.includes("'recent', recent")).length).toBe(1)
  const ownerId = await env.DB.prepare('SELECT id FROM owner').first<string>('id')
  const place = { ownerId: String(ownerId), type: 'generic', packageName: 'p' }
  const db = wrapMethod(env.DB, 'prepare', (sql) => {
    statements.push(sql)
    return env.DB.prepare(sql)
  })
  const change = () => ({ changeId: crypto.randomUUID(), createdBy: 'admin' })
  const set = (version: string, value: string | null) => {
    const marks = [{ version, name: 'note', value, withdraws: true }]
    return setMarks(db, place, { packageName: 'p', marks }, change())
  }
  expect(await set('1', 'a')).toBe('changed')
  expect(await set('1', null)).toBe('changed')
  expect(await set('2', 'a')).toBe('version-absent')
  expect(await moveTag(db, place, 'latest', '1', change(), limitsOf(env))).toBe('moved')
  expect(await removeTag(db, place, 'latest', change())).toBe('moved')
  expect(await removeTag(db, place, 'latest', change())).toBe('tag-absent')
  expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
  expect(statements.filter((sql) => sql.includes('package_tag')).length).toBeGreaterThan(6)
  expect(statements.filter((sql) => sql.includes('package_mark')).length).toBeGreaterThan(8)
  expect(await growingOf(statements)).toEqual({})
})

it('of documents, of all that they may be about, page by page', async () => {
  const files = Array.from({ length: 1100 }, (_, at) => ({
    ...{ version: at < 1050 ? '1' : String(at), fileName: `f${at}`, compositeKey: 'k/x' },
    metadata: '{}',
  }))
  await seedFiles('p', files)
  await pointTag('latest', '1')
  const statements = recordStatements()
  for (const path of ['package/p', 'version/p/1', 'key/p/1/k', 'tag/p/latest']) {
    await documentAt(`${BASE}/-/${path}`)
  }
  // Of each one the access statement, package, tags, and two pages.
  expect(new Set(statements).size).toBe(4 * 3 + 2)
  expect(await growingOf(statements)).toEqual({})
})

it('of publishing with tags, and of names that stay taken', async () => {
  const statements = recordStatements()
  const publish = (bytes: string) => {
    const tags = [{ name: 'latest' }, { name: 'first', onlyIfAbsent: true }] as const
    const head = { name: 'tool', version: '1', tags }
    return put(wrap(head, new TextEncoder().encode(bytes)), `${WRAPPED}/new`)
  }
  expect((await publish('one')).status).toBe(200)
  const path = `${WRAPPED}/tool/1`
  expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)
  expect((await publish('other')).text).toMatch(/names stay taken/)
  expect(statements.filter((sql) => sql.includes('retired_version')).length).toBeGreaterThan(3)
  expect(await growingOf(statements)).toEqual({})
})

it('is a check that can fail', async () => {
  expect(await growingSteps('SELECT * FROM package_file')).toEqual([expect.stringMatching(/^SCAN/)])
  expect(
    await growingSteps(
      'SELECT p.id FROM json_each(?1) j JOIN package p ON p.owner_id = ?2 AND p.type = ?3 AND p.name = j.value ->> 0',
    ),
  ).toHaveLength(1)
})
