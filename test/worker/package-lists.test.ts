import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { API, linksOf, read } from '../support/worker/api.ts'
import { expectConsistent, findInconsistencies } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { seedMany } from '../support/worker/seed-many.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'
import { samples } from '../types/samples.ts'

// The lists that triggers keep: long ones page by page, and that they say what the rows say.

const MANY = 10_300

beforeEach(() => createOwner())

async function seed(many = MANY): Promise<void> {
  for (const sample of samples) await answerTo(sample.publish(sample.first))
  await seedMany(0, many)
}

describe('a list of very many', () => {
  it.each([
    ['of versions of a type', `${API}?type=npm&limit=100`, MANY + 1],
    ['of a repository', `${API}?repository=edge%2Fmain&limit=100`, MANY + 1],
    ['of the versions of a package', `${API}/generic/many-versions?limit=100`, MANY],
    ['of the files of a version', `${API}/generic/many-files/1/files?limit=100`, MANY],
  ])('%s is read to its end by its links', async (_, path, total) => {
    await seed()
    const seen = new Set<string>()
    let last: Record<string, string> = {}
    for (let next: string | undefined = path; next !== undefined; next = last.next) {
      const { body, headers } = await read(next)
      expect(headers.get('x-total-count')).toBe(String(total))
      for (const { id } of body) seen.add(String(id))
      last = linksOf(headers)
    }
    expect(seen.size).toBe(total)
    expect(last.first).toBe(`${path}&page=1`)
    const { status, text } = await answerOf(`${path}&page=103`)
    expect([status, text]).toEqual([400, expect.stringContaining('Link as next')])
    expect((await read(`${path}&page=105`)).body).toEqual([])
  })

  it('is searched up to 1,000, which is said', async () => {
    await seed(1_500)
    const { headers } = await read(`${API}?q=seed&limit=100`)
    expect([headers.get('x-total-count'), headers.get('x-total-more')]).toEqual(['1000', 'true'])
    const few = await read(`${API}?q=seed-0149&type=npm`)
    expect([few.headers.get('x-total-count'), few.headers.get('x-total-more')]).toEqual([
      '10',
      null,
    ])
    expect(few.body.map(({ name }: { name: string }) => name)).toContain('seed-01499')
    const page = await answerOf('/acme?q=seed')
    expect(page.text).toMatch(/Many names match, the first of which are looked at: 1,000 packages/)
    expect((await answerOf('/acme?q=01499')).text).toMatch(/4 packages found/)
  })

  it.each(['after=', 'after=x', `after=${'1'.repeat(1001)}`])('refuses %s', async (query) => {
    expect((await answerOf(`${API}?${query}`)).status).toBe(400)
  })
})

it('finds what is longer than what is kept of a name', async () => {
  const name = `${'abcdefghij'.repeat(6)}-end`
  const path = `/api/packages/acme/generic/${name}/1/x`
  expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })).status).toBe(201)
  const found = async (text: string) => (await read(`${API}?q=${text}`)).body.length
  expect(await found(name.toUpperCase())).toBe(1)
  expect(await found(name.slice(5))).toBe(1)
  expect(await found('end')).toBe(1)
  expect(await found(`${name.slice(0, 40)}x`)).toBe(0)
})

it('follows publishes and removals, and is empty in the end', async () => {
  await publish({ name: 'a', version: '1-r0' })
  await publish({ name: 'a', version: '1-r0', arch: 'aarch64' })
  await publish({ name: 'a', version: '1-r0' }, '/api/packages/acme/alpine/edge/testing')
  const counts = async () => {
    const { results } = await env.DB.prepare(
      'SELECT packages, versions FROM package_list ORDER BY packages, versions',
    ).all<{ packages: number; versions: number }>()
    return results.map(({ packages, versions }) => `${packages} ${versions}`)
  }
  expect(await counts()).toEqual(['1 1', '1 1', '1 1', '1 1'])
  const remove = (path: string) => answerOf(path, { method: 'DELETE', headers: ADMIN })
  await remove(`${MAIN}/x86_64/a-1-r0.apk`)
  expect(await counts()).toEqual(['1 1', '1 1', '1 1', '1 1'])
  await remove(`${MAIN}/aarch64/a-1-r0.apk`)
  expect(await counts()).toEqual(['0 0', '1 1', '1 1', '1 1'])
  await expectConsistent()
  await remove('/api/v1/packages/acme/alpine/a/1-r0')
  expect(await counts()).toEqual(['0 0', '0 0', '0 0', '0 0'])
  await expectConsistent()
})

it.each([
  'UPDATE package SET versions = versions + 1',
  'UPDATE package_version SET files = 7',
  'UPDATE package_list SET packages = 9 WHERE repository_id IS NULL',
  'UPDATE package_list SET versions = 9 WHERE repository_id IS NOT NULL',
  'DELETE FROM package_list',
  'DELETE FROM listed_version',
  'INSERT INTO listed_version (list_id, version_id, package_id, files) VALUES (1, 99, 99, 0)',
  'DELETE FROM listed_package',
  'DELETE FROM package_name_piece',
  "INSERT INTO package_name_piece (list_id, piece, package_id) VALUES (1, 'x', 1)",
])('is put right by the check after %s', async (sql) => {
  await publish({ name: 'a', version: '1-r0' })
  await publish({ name: 'b', version: '1-r0' })
  await answerOf('/api/packages/acme/generic/p/1/x', { method: 'PUT', headers: ADMIN, body: 'x' })
  await env.DB.prepare(sql).run()
  expect(await findInconsistencies()).not.toEqual([])
  const check = await answerOf('/api/v1/deployment/check', { headers: ADMIN })
  expect(check.text).toContain('list or count of packages other than the rows say')
  const repair = await answerOf('/api/v1/deployment/check', { method: 'POST', headers: ADMIN })
  expect(repair.status).toBe(200)
  await expectConsistent()
})
