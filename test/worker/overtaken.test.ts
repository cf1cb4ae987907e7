import { env } from 'cloudflare:workers'
import { beforeEach, expect, it, vi } from 'vitest'
import { moveTag } from '../../src/core/packages/tags.ts'
import { limitsOf } from '../../src/env.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'

// A batch that a constraint refused did not apply, which is certain. So it is sent again as often as others come in
// between, and never counts as one whose answer was lost.

const FILE = '/api/packages/acme/generic/tool/1/f'
const put = (body: string) => answerOf(FILE, { method: 'PUT', headers: ADMIN, body })
const remove = () => answerOf(FILE, { method: 'DELETE', headers: ADMIN })

beforeEach(() => createOwner())

/** The real database, of which the first batches meet what a rival did, and their inquiry finds it undone. */
function contend(rounds: number, rival: () => Promise<unknown>, undo: () => Promise<unknown>) {
  let round = 0
  const batch = async (statements: D1PreparedStatement[]) => {
    if (round++ >= rounds) return env.DB.batch(statements)
    override({ DB: env.DB })
    await rival()
    try {
      return await env.DB.batch(statements)
    } finally {
      await undo()
      override({ DB: contended })
    }
  }
  const contended = wrapMethod(env.DB, 'batch', batch as D1Database['batch'])
  return contended
}

it.each([1, 5, 15])('a file comes to be after %s rivals that came and went', async (rounds) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  override({ DB: contend(rounds, () => put('rival'), remove) })
  const { status, text } = await put('mine')
  expect([status, text]).toEqual([201, expect.any(String)])
  expect((await answerOf(FILE)).text).toBe('mine')
  await expectConsistent()
})

it('says that others came first, of a file that they never let through', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  override({ DB: contend(1000, () => put('rival'), remove) })
  const { status, text } = await put('mine')
  override({ DB: env.DB })
  expect([status, text]).toEqual([503, expect.stringContaining('kept coming first')])
  expect((await answerOf(FILE)).status).toBe(404)
  await expectConsistent()
})

it('a tag moves after its version went and came again', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await put('mine')
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  const change = { changeId: crypto.randomUUID(), createdBy: 'admin' }
  const db = contend(5, remove, () => put('mine'))
  const subject = { ownerId, type: 'generic', packageName: 'tool' }
  expect(await moveTag(db, subject, 'a', '1', change, limitsOf(env))).toBe('moved')
  await expectConsistent()
})
