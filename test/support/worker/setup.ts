// Every worker test begins with an empty registry: no rows but the marker's, no objects but the marker,
// all migrations, no faults. The runtime stays for many files, since starting one takes longer than most
// files; what modules remember (a pause of the cache, what was allowed a moment ago) goes before each file.
import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, vi } from 'vitest'

vi.resetModules()
// Only now, or the tests would see other instances of them.
const { forgetDeployment, requireMatchingBucket } = await import(
  '../../../src/core/deployment/marker.ts'
)
const { forgetKept } = await import('../../../src/core/edge-cache.ts')
const { forgetHealth } = await import('../../../src/api/health.ts')
const { clearOverrides } = await import('./bindings.ts')
const { forgetWrites } = await import('./limits/bucket.ts')
const { takeExceeded } = await import('./limits/exceeded.ts')

const TABLES = "SELECT count(*) AS n FROM sqlite_master WHERE name = 'owner'"

/** As wrangler makes it. */
const MIGRATIONS_TABLE = `CREATE TABLE d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

async function isEmpty(): Promise<boolean> {
  const [tables, { objects }] = await Promise.all([
    env.DB.prepare(TABLES).first<number>('n'),
    env.BLOBS.list({ limit: 1 }),
  ])
  return tables === 0 && objects.length === 0
}

/**
 * The same statements and the same record of them as wrangler's migrations, but in one transaction: one
 * for each file is one more for each test with every migration that is added.
 */
async function migrate(): Promise<void> {
  const statements = env.TEST_MIGRATIONS.flatMap(({ name, queries }) => [
    ...queries.map((query) => env.DB.prepare(query)),
    env.DB.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
  ])
  await env.DB.batch([env.DB.prepare(MIGRATIONS_TABLE), ...statements])
}

beforeEach(async () => {
  clearOverrides()
  forgetWrites()
  // What a test left running after its last answer can keep a reset from reaching database or bucket.
  do await reset()
  while (!(await isEmpty()))
  await migrate()
  forgetDeployment()
  forgetHealth()
  forgetKept()
  await requireMatchingBucket(env.DB, env.BLOBS)
})

// Whatever the code under test made of the error.
afterEach(() => expect(takeExceeded()).toEqual([]))
