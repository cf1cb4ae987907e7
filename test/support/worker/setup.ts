// Every worker test begins with an empty registry: no rows but the marker's, no objects but the marker,
// all migrations, no faults.
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach } from 'vitest'
import { forgetDeployment, requireMatchingBucket } from '../../../src/core/deployment/marker.ts'
import { clearOverrides } from './bindings.ts'

const TABLES = "SELECT count(*) AS n FROM sqlite_master WHERE name = 'owner'"

beforeEach(async () => {
  clearOverrides()
  // What a test left running after its last answer can keep a reset from reaching the database.
  do await reset()
  while ((await env.DB.prepare(TABLES).first<number>('n')) !== 0)
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  forgetDeployment()
  await requireMatchingBucket(env.DB, env.BLOBS)
})
