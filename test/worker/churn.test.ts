// Rows outlast what they tell of: whoever publishes and removes over and over, or sets and removes tags, is
// charged for what stays, and is refused at last. Nothing that an owner's token does makes the database grow
// by much more than the owner may have.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { moveTag, removeTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { override } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner, tokenOf } from '../support/worker/registry.ts'
import { answerTo } from '../support/worker/requests.ts'
import { MAIN, put } from '../types/alpine/repository.ts'
import { apk } from '../types/alpine/soundness.ts'
import { samples } from '../types/samples.ts'

const LIMIT = 100_000
const DAY_MS = 24 * 60 * 60 * 1000

beforeEach(async () => {
  await createOwner()
  override({ OWNER_METADATA_BYTES: LIMIT })
})

/** Bytes that the database takes, pages of 4 KiB. */
async function databaseBytes(): Promise<number> {
  const { meta } = await env.DB.prepare('SELECT 1').run()
  return meta.size_after
}

const usedMetadata = async () =>
  (await env.DB.prepare('SELECT sum(metadata_bytes) AS n FROM owner_usage').first<number>('n')) ?? 0

/** Calls it until it is refused; says how often it was not. */
async function untilRefused(most: number, call: (round: number) => Promise<number>) {
  for (let round = 0; round < most; round++) {
    if ((await call(round)) === 413) return round
  }
  return most
}

describe.each(samples)('who publishes and removes over and over ($type)', (sample) => {
  it('is refused at last, and fills the database no further', async () => {
    const before = await databaseBytes()
    const rounds = await untilRefused(400, async (round) => {
      const file = sample.named(`n${round}`)
      const { status } = await answerTo(sample.publish(file))
      if (status === 413) return status
      expect(status).toBe(sample.statuses.published)
      expect((await answerTo(sample.remove(file))).status).toBe(sample.statuses.removed)
      return status
    })
    expect(rounds).toBeGreaterThan(30)
    expect(rounds).toBeLessThan(400)
    expect((await databaseBytes()) - before).toBeLessThan(3 * LIMIT)
    await expectConsistent()
  })

  it('can remove what it has also beyond the limit', async () => {
    const file = sample.named('last')
    expect((await answerTo(sample.publish(file))).status).toBe(sample.statuses.published)
    override({ OWNER_METADATA_BYTES: 1 })
    expect((await answerTo(sample.publish(sample.named('more')))).status).toBe(413)
    expect((await answerTo(sample.remove(file))).status).toBe(sample.statuses.removed)
    await expectConsistent()
  })
})

it('a publish and removals in one group do not refuse each other at the limit', async () => {
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) expect((await put(apk(name))).status).toBe(201)
  const each = (await usedMetadata()) / names.length
  override({ OWNER_METADATA_BYTES: Math.ceil((names.length + 1) * each) })
  const removed = names.map((name) =>
    answerOf(`${MAIN}/x86_64/${name}-1-r0.apk`, { method: 'DELETE', headers: ADMIN }),
  )
  const [published, ...others] = await Promise.all([put(apk('e')), ...removed])
  expect([published?.status, ...others.map(({ status }) => status)]).toEqual([
    201, 204, 204, 204, 204,
  ])
  await expectConsistent()
})

it('contents of no repository are charged for a week after their removal, and its row of the log for 90 days', async () => {
  const path = '/api/packages/acme/generic/p/1/x'
  expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })).status).toBe(201)
  await answerOf(path, { method: 'DELETE', headers: ADMIN })
  expect(await usedMetadata()).toBe(600 + 603)
  await sweep(env.DB, env.BLOBS, Date.now() + 7 * DAY_MS - 60_000)
  // The content for a week, and the row of the log for 90 days.
  expect(await usedMetadata()).toBe(600 + 603)
  await sweep(env.DB, env.BLOBS, Date.now() + 9 * DAY_MS)
  expect(await usedMetadata()).toBe(603)
  await sweep(env.DB, env.BLOBS, Date.now() + 92 * DAY_MS)
  expect(await usedMetadata()).toBe(0)
  await expectConsistent()
})

it('an owner admin who repairs over and over is refused, and the deployment admin is not', async () => {
  expect((await put(apk('a'))).status).toBe(201)
  const { token } = await tokenOf('acme', { scopes: ['admin'] })
  override({ OWNER_METADATA_BYTES: (await usedMetadata()) + 2000 })
  const path = '/api/v1/owners/acme/repositories/alpine/edge/main/check'
  const repair = async (headers: Record<string, string>) =>
    (await answerOf(path, { method: 'POST', headers })).status
  const rounds = await untilRefused(20, () => repair({ authorization: `Bearer ${token}` }))
  expect(rounds).toBe(5)
  expect(await repair(ADMIN)).toBe(200)
  await expectConsistent()
})

describe('tags', () => {
  it('are refused at last, however many packages there are, and can be moved and removed', async () => {
    const path = '/api/packages/acme/generic/p/1/x'
    expect((await answerOf(path, { method: 'PUT', headers: ADMIN, body: 'x' })).status).toBe(201)
    const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first('id'))
    const subject = { ownerId, type: 'generic', packageName: 'p' }
    const by = () => ({ changeId: crypto.randomUUID(), createdBy: 'admin' })
    const limits = { ...limitsOf(env), metadata_bytes: 20_000 }
    const move = (tag: string) => moveTag(env.DB, subject, tag, '1', by(), limits)
    const long = 't'.repeat(100)
    let set = 0
    while (set < 200 && (await move(`${long}${set}`)) === 'moved') set++
    expect(set).toBe(78)
    expect(await move(`${long}${set}`)).toBe('no-room')
    expect(await move(`${long}0`)).toBe('unchanged')
    await expectConsistent()
    expect(await removeTag(env.DB, subject, `${long}0`, by())).toBe('moved')
    expect(await move('short')).toBe('moved')
    await expectConsistent()
    // All of them go with the version.
    await answerOf(path, { method: 'DELETE', headers: ADMIN })
    expect(await usedMetadata()).toBe(600 + 603)
    await expectConsistent()
  })
})

it('ids of changes and ended sessions go with the sweep, whether or not further ones come', async () => {
  await env.DB.batch(
    [
      `INSERT INTO package_change (change_id, applied, created_at)
       VALUES ('old', 1, ${Date.now() - 11 * 60_000}), ('new', 1, ${Date.now()})`,
      `INSERT INTO ended_session (id, expires_at)
       VALUES ('old', ${Date.now() - 1}), ('new', ${Date.now() + 60_000})`,
    ].map((sql) => env.DB.prepare(sql)),
  )
  await sweep(env.DB, env.BLOBS, Date.now())
  const left = 'SELECT change_id AS id FROM package_change UNION ALL SELECT id FROM ended_session'
  expect((await env.DB.prepare(left).all()).results).toEqual([{ id: 'new' }, { id: 'new' }])
})
