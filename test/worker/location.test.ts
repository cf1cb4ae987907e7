// The variable that names the database's region, by which the platform places the repositories' objects.
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { MAIN, publish } from '../types/alpine/repository.ts'

const hints: unknown[] = []

/** Everything that calls an object: a publish, a removal, a repair, the health check and the probe. */
async function callObjects(): Promise<void> {
  await createOwner()
  await publish({ name: 'hello', version: '1-r0' })
  const check = '/api/v1/owners/acme/repositories/alpine/edge/main/check'
  const calls = [
    ['DELETE', `${MAIN}/x86_64/hello-1-r0.apk`, 204],
    ['POST', check, 200],
    ['GET', '/api/healthz', 200],
    ['POST', '/api/v1/deployment/probe/object', 200],
  ] as const
  for (const [method, path, status] of calls) {
    const answer = await answerOf(path, { method, headers: ADMIN })
    expect([path, answer.status, answer.text]).toMatchObject([path, status, expect.anything()])
  }
}

beforeEach(() => {
  hints.length = 0
  const getByName = (name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
    hints.push(options?.locationHint)
    return env.REPOSITORY.getByName(name, options)
  }
  override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName) })
})

it('is the hint with every object that is asked for', async () => {
  override({ DATABASE_LOCATION: 'weur' })
  await callObjects()
  expect(new Set(hints)).toEqual(new Set(['weur']))
  expect(hints.length).toBeGreaterThanOrEqual(5)
})

it.each([undefined, ''])('is no hint where it is %j', async (value) => {
  override({ DATABASE_LOCATION: value })
  await callObjects()
  expect(new Set(hints)).toEqual(new Set([undefined]))
})

it.each(['mars', 'WEUR', 'sam', 1])(
  'may not be %j, which publishes and the health check say',
  async (value) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await createOwner()
    override({ DATABASE_LOCATION: value })
    const why =
      'not configured: the variable DATABASE_LOCATION is none of weur, eeur, apac, oc, wnam, enam; write one of them in wrangler.toml and deploy, or leave it empty'
    const body = buildApk()
    expect(await answerOf(MAIN, { method: 'PUT', headers: ADMIN, body })).toMatchObject({
      status: 503,
      text: why,
    })
    const health = await answerOf('/api/healthz')
    expect([health.status, JSON.parse(health.text).checks]).toMatchObject([
      503,
      { repository_object: why, database: 'pass' },
    ])
    expect(hints).toEqual([])
  },
)
