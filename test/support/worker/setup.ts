// Every worker test begins with an empty registry: no rows, no objects, all migrations, no faults.
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach } from 'vitest'
import { clearOverrides } from './bindings.ts'

beforeEach(async () => {
  clearOverrides()
  await reset()
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
})
