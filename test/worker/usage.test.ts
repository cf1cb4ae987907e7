// What an owner has is counted in the batch of each change, and what was there before is counted by the
// migration.
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { NO_USAGE, type Usage } from '../../src/core/quota/quantities.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'

const GENERIC = '/api/packages/acme/generic/tool/1/file.bin'
const REPOSITORY = '/api/v1/owners/acme/repositories/alpine/edge/main'

const used = (owner = 'acme') =>
  env.DB.prepare(
    `SELECT files, metadata_bytes, file_bytes, repositories, tokens FROM owner_usage
     WHERE owner_id = (SELECT id FROM owner WHERE name = ?1)`,
  )
    .bind(owner)
    .first<Usage>()

const remove = async (path: string) =>
  expect((await answerOf(path, { method: 'DELETE', headers: ADMIN })).status).toBe(204)

describe('what an owner has', () => {
  beforeEach(() => createOwner())

  it('grows by a package, its repository and what it is called by, and shrinks again', async () => {
    const bytes = await publish({ name: 'a', version: '1-r0', info: { provides: 'so:one so:two' } })
    const after = await used()
    expect(after).toMatchObject({ files: 1, file_bytes: bytes.length, repositories: 1, tokens: 0 })
    const row = await env.DB.prepare(
      `SELECT length(CAST(metadata AS BLOB)) AS metadata, (SELECT count(*) FROM package_property)
       AS properties FROM package_file`,
    ).first<{ metadata: number; properties: number }>()
    const { metadata = 0, properties = 0 } = row ?? {}
    // An origin and two provided names, with 70 bytes each beside their texts.
    expect(properties).toBe(3)
    const logged = 400 + 2 * 'a-1-r0.apkx86_64'.length
    const named = 25
    expect(after?.metadata_bytes).toBeGreaterThan(logged + named + metadata + 3 * 70)
    expect(after?.metadata_bytes).toBeLessThan(logged + named + metadata + 3 * 100)
    await remove(`${MAIN}/x86_64/a-1-r0.apk`)
    // The log says that it came and went.
    expect(await used()).toEqual({ ...NO_USAGE, repositories: 1, metadata_bytes: 2 * logged })
    await expectConsistent()
    await remove(REPOSITORY)
    expect(await used()).toEqual(NO_USAGE)
    await expectConsistent()
  })

  it('counts the bytes of a file that somebody else has too', async () => {
    await createOwner('other')
    const bytes = await publish({ name: 'a', version: '1-r0' })
    await publish({ name: 'a', version: '1-r0' }, MAIN.replace('acme', 'other'))
    await publish({ name: 'a', version: '1-r0' }, MAIN.replace('main', 'community'))
    expect(await used('other')).toMatchObject({ files: 1, file_bytes: bytes.length })
    expect(await used()).toMatchObject({ files: 2, file_bytes: 2 * bytes.length, repositories: 2 })
  })

  it('is not changed by what is refused, or done again', async () => {
    const bytes = await publish({ name: 'a', version: '1-r0' })
    expect((await put(new Uint8Array(7), GENERIC)).status).toBe(201)
    const before = await used()
    expect((await put(bytes)).status).toBe(409)
    expect((await put(bytes, `${MAIN}?if-exists=same`)).status).toBe(200)
    expect((await put(new Uint8Array(8), GENERIC)).status).toBe(409)
    expect(await used()).toEqual(before)
  })

  it('counts files of types without repositories', async () => {
    expect((await put(new Uint8Array(7), GENERIC)).status).toBe(201)
    // The package's name is found from each of its four letters on.
    const bytes = 2 + 4 * (24 + 4)
    expect(await used()).toEqual({ ...NO_USAGE, files: 1, metadata_bytes: bytes, file_bytes: 7 })
    await remove(GENERIC)
    // Its content stays for a week, and a row of the log with its names for 90 days.
    expect(await used()).toEqual({ ...NO_USAGE, metadata_bytes: 600 + 613 })
  })

  it('grows by what names take in the database to be found by their parts, and shrinks again', async () => {
    expect((await put(new Uint8Array(7), GENERIC)).status).toBe(201)
    const sizeOf = async () => (await env.DB.prepare('SELECT 1').run()).meta.size_after
    const [size, before] = [await sizeOf(), await used()]
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
       INSERT INTO package (owner_id, type, name, created_at, state)
       SELECT o.id, 'generic', lower(hex(randomblob(32))), 0, hex(randomblob(16)) FROM n, owner o`,
    ).run()
    const grown = (await sizeOf()) - size
    const charged = ((await used())?.metadata_bytes ?? 0) - (before?.metadata_bytes ?? 0)
    expect(charged).toBe(2000 * 64 * (24 + 32))
    console.info(`2,000 names of 64 characters take ${grown} bytes, and ${charged} are charged`)
    // A package's own row and its entries are what a file may take beside what it is charged for.
    expect(grown).toBeLessThan(charged + 2000 * 400)
    await env.DB.prepare("DELETE FROM package WHERE name <> 'tool'").run()
    expect(await used()).toEqual(before)
  })

  it('counts a repository once, however it came about', async () => {
    const declare = () =>
      answerOf(REPOSITORY, { method: 'PUT', headers: ADMIN, body: '{"immutable":true}' })
    expect((await declare()).status).toBe(200)
    expect((await declare()).status).toBe(200)
    await publish({ name: 'a', version: '1-r0' })
    expect(await used()).toMatchObject({ repositories: 1, files: 1 })
  })

  it('counts tokens', async () => {
    const { id } = await tokenOf('acme', { scopes: ['read'] })
    await tokenOf('acme', { scopes: ['write'] })
    expect(await used()).toMatchObject({ tokens: 2 })
    await remove(`/api/v1/owners/acme/tokens/${id}`)
    await answerOf(`/api/v1/owners/acme/tokens/${id}`, { method: 'DELETE', headers: ADMIN })
    expect(await used()).toMatchObject({ tokens: 1 })
  })

  it('goes with the owner', async () => {
    await tokenOf('acme', { scopes: ['read'] })
    await remove('/api/v1/owners/acme')
    const rows = await env.DB.prepare('SELECT count(*) AS n FROM owner_usage').first('n')
    expect(rows).toBe(0)
  })
})

describe('the migration', () => {
  it('counts what was there before', async () => {
    await createOwner()
    await createOwner('empty')
    await createOwner('other')
    await publish({ name: 'a', version: '1-r0', info: { provides: 'so:one', depend: 'b c' } })
    await publish({ name: 'a', version: '2-r0' })
    await publish({ name: 'u', version: '1-r0', info: { pkgdesc: 'ä' } })
    await put(new Uint8Array(7), GENERIC)
    await put(new Uint8Array(7), GENERIC.replace('acme', 'other'))
    await tokenOf('acme', { scopes: ['read'] })
    await tokenOf('other', { scopes: ['read'] })
    const counted = await Promise.all([used(), used('other')])
    const tables = ['owner', 'access_token', 'repository', 'repository_change', 'package'].concat([
      'package_version',
      'package_blob',
      'package_file',
      'package_property',
    ])
    const kept = await env.DB.batch<Record<string, unknown>>(
      tables.map((table) => env.DB.prepare(`SELECT * FROM ${table}`)),
    )
    await reset()
    const at = env.TEST_MIGRATIONS.findIndex(({ name }) => name.endsWith('_limits.sql'))
    expect(at).toBeGreaterThan(0)
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS.slice(0, at))
    for (const [number, { results }] of kept.entries()) {
      // Later migrations brought the other columns.
      const columns = await env.DB.prepare('SELECT name FROM pragma_table_info(?1)')
        .bind(tables[number])
        .all<{ name: string }>()
      const names = columns.results.map(({ name }) => name)
      for (const row of results) {
        await env.DB.prepare(
          `INSERT INTO ${tables[number]} (${names}) VALUES (${names.map(() => '?')})`,
        )
          .bind(...names.map((name) => row[name]))
          .run()
      }
    }
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
    expect(await Promise.all([used(), used('other')])).toEqual(counted)
    expect(await used('empty')).toBeNull()
    const charged = 'SELECT id, metadata_bytes FROM package_file ORDER BY id'
    const files = kept[tables.indexOf('package_file')]?.results ?? []
    expect((await env.DB.prepare(charged).all()).results).toEqual(
      files.map(({ id, metadata_bytes }) => ({ id, metadata_bytes })),
    )
  })
})
