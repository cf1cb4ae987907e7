// Every worker test begins with an empty registry: no rows but the marker's, no objects but the marker,
// all migrations, no faults. The runtime stays for many files, since starting one takes longer than most
// files; what modules remember (a pause of the cache, what was allowed a moment ago) goes before each file.
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, vi } from 'vitest'

vi.resetModules()
// Only now, or the tests would see other instances of them.
const { forgetDeployment, requireMatchingBucket } = await import(
  '../../../src/core/deployment/marker.ts'
)
const { clearOverrides } = await import('./bindings.ts')
const { forgetWrites } = await import('./limits/bucket.ts')
const { takeExceeded } = await import('./limits/exceeded.ts')

const TABLES = "SELECT count(*) AS n FROM sqlite_master WHERE name = 'owner'"

async function isEmpty(): Promise<boolean> {
  const [tables, { objects }] = await Promise.all([
    env.DB.prepare(TABLES).first<number>('n'),
    env.BLOBS.list({ limit: 1 }),
  ])
  return tables === 0 && objects.length === 0
}

beforeEach(async () => {
  clearOverrides()
  forgetWrites()
  // What a test left running after its last answer can keep a reset from reaching database or bucket.
  do await reset()
  while (!(await isEmpty()))
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  forgetDeployment()
  await requireMatchingBucket(env.DB, env.BLOBS)
})

// Whatever the code under test made of the error.
afterEach(() => expect(takeExceeded()).toEqual([]))
