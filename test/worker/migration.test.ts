import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { latestVersionOf } from '../../src/core/packages/latest.ts'
import { WRONG_LISTS } from '../../src/core/packages/list-check.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'

const PACKAGES = 20_000
const VERSIONS = 5
const FILES = PACKAGES * VERSIONS

/** What triggers keep since is as if they had been there from the beginning. */
async function expectLists(): Promise<void> {
  expect(await count('listed_version')).toBeGreaterThan(0)
  expect(await count('package_name_piece')).toBeGreaterThan(0)
  for (const wrong of WRONG_LISTS) expect(await count(`(${wrong})`)).toBe(0)
}

/** A database as it was before the migration whose name ends so. */
async function migrateUpTo(suffix: string): Promise<void> {
  await reset()
  const at = env.TEST_MIGRATIONS.findIndex(({ name }) => name.endsWith(suffix))
  expect(at).toBeGreaterThan(0)
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS.slice(0, at))
}

/** The table `n` of the numbers from 1 to the last, as `i`. */
const numbers = (last: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`

const count = (sql: string) => env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`).first<number>('n')

it('of 100,000 files of a repository to parts keeps them, each in the list of its architecture', async () => {
  await migrateUpTo('_parts.sql')
  await env.DB.batch(
    [
      "INSERT INTO owner (id, name, visibility, created_at) VALUES ('o', 'old', 'public', 1)",
      `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at)
       VALUES ('r', 'o', 'alpine', 'edge/main', 'h', 1, 1)`,
      `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
       VALUES ('s', '', '', '', 'k', 1, 1)`,
      `INSERT INTO package (id, owner_id, type, name, created_at)
       VALUES (1, 'o', 'alpine', 'p', 1), (2, 'o', 'generic', 'g', 1)`,
      `${numbers(FILES)} INSERT INTO package_version (id, package_id, version, created_at)
       SELECT i, 1, 'v' || i, 1 FROM n`,
      `${numbers(FILES)} INSERT INTO package_file (id, version_id, repository_id, composite_key,
         architecture, name, blob_sha256, metadata, created_by, created_at)
       SELECT 'f' || i, i, 'r', '', 'arch' || (i % 5), 'p' || (i / 5), 's', '{}', 'admin', 1 FROM n`,
      `${numbers(FILES)} INSERT INTO repository_change (repository_id, revision, change_id, commit_id,
         op, file_id, architecture, file_name, created_at)
       SELECT 'r', 1, 'f' || i, 'h', 'publish', 'f' || i, 'arch' || (i % 5), 'p' || (i / 5), 1 FROM n`,
      "INSERT INTO package_version (id, package_id, version, created_at) VALUES (0, 2, '1', 1)",
      `INSERT INTO package_file (id, version_id, composite_key, architecture, name, blob_sha256,
         metadata, created_by, created_at) VALUES ('g', 0, '', 'any', 'x', 's', '{}', 'admin', 1)`,
      "INSERT INTO retired_file VALUES ('r', 'gone', 'arch0', 's'), ('r', 'gone', 'arch1', 't')",
    ].map((sql) => env.DB.prepare(sql)),
  )
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  await expectLists()
  const same = "part = architecture AND part <> ''"
  expect(await count(`package_file WHERE repository_id = 'r' AND ${same}`)).toBe(FILES)
  expect(await count(`repository_change WHERE ${same}`)).toBe(FILES)
  expect(await count("package_file WHERE repository_id IS NULL AND part = ''")).toBe(1)
  expect(await count('owner_change WHERE kind = 0')).toBe(FILES)
  expect(await count('owner_change WHERE kind = 1')).toBe(1)
  const { results } = await env.DB.prepare('SELECT part, sha256 FROM retired_file ORDER BY 1').all()
  expect(results).toEqual([
    { part: 'arch0', sha256: 's' },
    { part: 'arch1', sha256: 't' },
  ])
})

it('of 100,000 files to order keys and marks keeps them, and the newest version is the latest', async () => {
  await migrateUpTo('_marks.sql')
  await env.DB.batch(
    [
      "INSERT INTO owner (id, name, visibility, created_at) VALUES ('o', 'old', 'public', 1)",
      `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
       VALUES ('s', '', '', '', 'k', 1, 1)`,
      `${numbers(PACKAGES)} INSERT INTO package (owner_id, type, name, created_at, state, changed_at)
       SELECT 'o', 'generic', 'p' || i, 1, 's' || i, 1000 FROM n`,
      `${numbers(VERSIONS)} INSERT INTO package_version (package_id, version, created_at)
       SELECT p.id, 'v' || i, 1 FROM package p, n`,
      `INSERT INTO package_file (id, version_id, composite_key, architecture, name, blob_sha256,
         metadata, created_by, created_at)
       SELECT 'f' || id, id, '', '', 'x', 's', '{}', 'admin', 1 FROM package_version`,
    ].map((sql) => env.DB.prepare(sql)),
  )
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  await expectLists()
  expect(await count('package_file')).toBe(PACKAGES * VERSIONS)
  expect(
    await count("package_version WHERE order_key = '' AND prerelease = 0 AND withdrawn = 0"),
  ).toBe(PACKAGES * VERSIONS)
  const newest = '(SELECT max(id) FROM package_version WHERE package_id = p.id)'
  expect(await count(`package p WHERE ${newest} = (${latestVersionOf('p.id')})`)).toBe(PACKAGES)
  // What was there goes, and what comes fits.
  await env.DB.batch(
    ['package_file', 'package_version', 'package', 'package_blob'].map((table) =>
      env.DB.prepare(`DELETE FROM ${table}`),
    ),
  )
  await createOwner()
  const path = '/api/packages/acme/generic/p/1/x'
  expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })).status).toBe(201)
  await expectConsistent()
})
