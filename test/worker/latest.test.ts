import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { createFile } from '../../src/core/packages/create.ts'
import { latestVersionIn, latestVersionOf, shownVersionOf } from '../../src/core/packages/latest.ts'
import { setMarks } from '../../src/core/packages/marks.ts'
import { moveTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { NO_REST } from '../support/worker/near/no-rest.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'

const LIMITS = { files: 1e6, metadata_bytes: 1e9, file_bytes: 1e9, repositories: 10, tokens: 10 }
let place: { ownerId: string; type: string }
const by = () => ({ changeId: crypto.randomUUID(), createdBy: 'admin' })

/** @param order as `9` or, of a prerelease, `9-`; absent for none */
async function publish(version: string, order?: string): Promise<void> {
  const digest = (length: number) => 'f'.repeat(length)
  const file = {
    ...by(),
    ...{ packageName: 'p', version, fileName: 'x', architecture: '', compositeKey: '' },
    ...{ metadata: '{}', properties: {} },
    ...(order !== undefined && {
      order: { key: order.replace('-', ''), prerelease: order.endsWith('-') },
    }),
    blob: {
      ...{ sha256: digest(64), sha1: digest(40), sha512: digest(128), md5: digest(32) },
      ...{ r2Key: 'blobs/2026010100/none', size: 1, stagedAt: Date.now() },
    },
  }
  const rules = { creation: 'any-version' } as const
  const bounds = { limits: LIMITS, rest: NO_REST }
  const { outcome } = await createFile(env.DB, { place, rules, file, ...bounds })
  expect(outcome).toBe('created')
}

const isFew = (rows: number) => rows <= 5

const find = (select: (packageId: string) => string) =>
  env.DB.prepare(
    `SELECT v.version FROM package p JOIN package_version v ON v.id = (${select('p.id')})`,
  ).first<string>('version')
const latest = () => find(latestVersionOf)

function yank(version: string, value: string | null) {
  const marks = [{ version, name: 'yanked', value, withdraws: true }]
  return setMarks(env.DB, place, { packageName: 'p', marks }, by())
}

beforeEach(async () => {
  await createOwner()
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  place = { ownerId, type: 'generic' }
})

it('is the highest in order, whatever came last', async () => {
  for (const [version, order] of [
    ['1.10', 'b'],
    ['1.9', 'a9'],
    ['1.2', 'a2'],
  ] as const) {
    await publish(version, order)
  }
  expect(await latest()).toBe('1.10')
  // Compared byte by byte: no collation, no letters alike.
  await publish('B', 'B')
  expect(await latest()).toBe('1.10')
  await publish('z', 'bä')
  expect(await latest()).toBe('z')
})

it('is no prerelease and none that is withdrawn, as long as there is another', async () => {
  await publish('1.0', '1')
  await publish('2.0', '2')
  await publish('3.0-rc', '3-')
  expect(await latest()).toBe('2.0')
  await yank('2.0', '')
  expect(await latest()).toBe('1.0')
  await yank('1.0', '')
  expect(await latest()).toBe('3.0-rc')
  await yank('3.0-rc', '')
  expect(await latest()).toBe('3.0-rc')
  await yank('1.0', null)
  expect(await latest()).toBe('1.0')
  await answerOf('/api/packages/acme/generic/p/1.0', { method: 'DELETE', headers: ADMIN })
  expect(await latest()).toBe('3.0-rc')
})

it('without an order is the version that was published last, also of equal ones', async () => {
  for (const version of ['2', '1', '3', '0']) await publish(version)
  expect(await latest()).toBe('0')
  await yank('0', '')
  expect(await latest()).toBe('3')
  for (const version of ['b', 'a']) await publish(version, 'same')
  expect(await latest()).toBe('a')
})

it('gives way to the tag `latest` where people are shown a version', async () => {
  await publish('1', '1')
  await publish('2', '2')
  expect(await find(shownVersionOf)).toBe('2')
  expect(
    await moveTag(env.DB, { ...place, packageName: 'p' }, 'latest', '1', by(), limitsOf(env)),
  ).toBe('moved')
  expect(
    await moveTag(env.DB, { ...place, packageName: 'p' }, 'other', '2', by(), limitsOf(env)),
  ).toBe('moved')
  expect([await find(shownVersionOf), await latest()]).toEqual(['1', '2'])
  await answerOf('/api/packages/acme/generic/p/1', { method: 'DELETE', headers: ADMIN })
  expect(await find(shownVersionOf)).toBe('2')
})

it('in a repository is found by one entry, however many higher ones another has', async () => {
  await publish('0', '0')
  const repository = `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at)
    SELECT j.value, ?1, 'generic', j.value, 'h', 1, 1 FROM json_each('["edge","stable"]') j`
  await env.DB.prepare(repository).bind(place.ownerId).run()
  const many = JSON.stringify(Array.from({ length: 1000 }, (_, at) => String(1000 + at)))
  const versions = `INSERT INTO package_version (package_id, version, created_at, order_key)
    SELECT p.id, j.value, 1, j.value FROM package p, json_each(?1) j`
  const files = `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture,
      name, blob_sha256, metadata, created_by, created_at)
    SELECT v.version, v.id, iif(v.version < ?1, 'stable', 'edge'), '', '', 'n' || v.id,
      (SELECT sha256 FROM package_blob), '{}', 'admin', 1 FROM package_version v WHERE v.version > '0'`
  await env.DB.prepare(versions).bind(many).run()
  await env.DB.prepare(files).bind('1200').run()
  const read = async (repository: string) => {
    const id = await env.DB.prepare('SELECT id FROM package').first('id')
    const sql = `SELECT version FROM package_version
      WHERE id = (${latestVersionIn('?1', '?2')})`
    const { results, meta } = await env.DB.prepare(sql).bind(id, repository).all()
    return { version: results[0]?.version, rows: meta.rows_read ?? Number.NaN }
  }
  const [edge, stable] = [await read('edge'), await read('stable')]
  expect([edge.version, stable.version]).toEqual(['1999', '1199'])
  expect([edge.rows, stable.rows]).toEqual([expect.toSatisfy(isFew), expect.toSatisfy(isFew)])
})

it('is found by one entry of an index, however many are withdrawn', async () => {
  await publish('1', '1')
  await env.DB.prepare(
    `INSERT INTO package_version (package_id, version, created_at, order_key, prerelease, withdrawn)
     SELECT p.id, 'm' || j.value, 1, '2', j.value % 2, 1 FROM package p, json_each(?1) j`,
  )
    .bind(JSON.stringify(Array.from({ length: 2000 }, (_, at) => at)))
    .run()
  const id = await env.DB.prepare('SELECT id FROM package').first('id')
  const statement = env.DB.prepare(`${latestVersionOf('?1')}`).bind(id)
  const { meta } = await statement.all()
  expect(meta.rows_read).toBeLessThanOrEqual(2)
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${latestVersionOf('?1')}`)
    .bind(id)
    .all<{ detail: string }>()
  expect(results.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(
      /^SEARCH l USING (COVERING )?INDEX package_version_latest \(package_id=\?\)$/,
    ),
  ])
})
