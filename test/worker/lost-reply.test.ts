// A change whose first reply was lost may have been made, whatever its repetition is told: what it
// staged must stay. And a refusal of one half of a group must not be one of the other.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { clearOverrides, override, wrapMethod } from '../support/worker/bindings.ts'
import { atSteps } from '../support/worker/commit-steps.ts'
import { loseFirstReply } from '../support/worker/commits.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, answerOf, createOwner } from '../support/worker/registry.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { apk } from '../types/alpine/soundness.ts'

const outage = () => Promise.reject(new Error('D1_ERROR: internal error'))

beforeEach(async () => {
  await createOwner()
  await publish({ name: 'base', version: '1-r0' })
})

describe('a reply lost, and the database out when the repetition asks it', () => {
  /** The reply of the first call is lost; snapshots fail from then on. */
  function loseReply(): void {
    loseFirstReply(() => override({ DB: wrapMethod(env.DB, 'batch', outage) }))
  }

  it('leaves a publish unknown, and its bytes in the store', async () => {
    loseReply()
    const { status, text } = await put(apk('hello'))
    clearOverrides()
    await expectConsistent()
    expect(`${status} ${text}`).toMatch(/^503 the change may or may not have been made/)
    expect((await put(apk('hello'), `${MAIN}?if-exists=same`)).status).toBe(200)
  })

  it('leaves a removal unknown', async () => {
    loseReply()
    const file = `${MAIN}/x86_64/base-1-r0.apk`
    const { text } = await answerOf(file, { method: 'DELETE', headers: ADMIN })
    clearOverrides()
    expect(text).toMatch(/^the change may or may not have been made/)
    expect((await answerOf(file, { method: 'DELETE', headers: ADMIN })).status).toBe(404)
    await expectConsistent()
  })
})

it('a batch that lands after its repetition was refused finds its bytes in the store', async () => {
  const kept: (() => Promise<unknown>)[] = []
  atSteps((step, { sendBatch, abort }) => {
    if (step !== 'before the batch') return
    kept.push(sendBatch)
    override({ DB: wrapMethod(env.DB, 'batch', outage) })
    abort()
  })
  expect((await put(apk('hello'))).status).toBe(503)
  clearOverrides()
  vi.restoreAllMocks()
  expect(kept).toHaveLength(1)
  await kept[0]?.()
  await expectConsistent()
})

it('an outage within a bisected group does not undo the part that was committed', async () => {
  await env.DB.prepare(
    `CREATE TRIGGER culprit BEFORE INSERT ON package_file WHEN NEW.name = 'culprit-1-r0.apk'
     BEGIN SELECT raise(ABORT, 'SQLITE_CONSTRAINT: planted'); END`,
  ).run()
  // The first publish goes alone; the others wait for it and share the next commit.
  let out = false
  let snapshots = 0
  let committed = 0
  atSteps(async (step) => {
    if (step === 'before the batch' && snapshots === 1)
      await new Promise((resolve) => setTimeout(resolve, 200))
    if (step === 'after the batch' && ++committed === 2) out = true
    if (step === 'snapshot read') {
      snapshots++
      if (out) throw new Error('D1_ERROR: internal error')
    }
  })
  const names = ['first', 'a', 'b', 'culprit', 'c']
  const answers = await Promise.all(names.map((name) => put(apk(name))))
  expect(committed).toBeGreaterThan(1)
  expect(out).toBe(true)
  clearOverrides()
  vi.restoreAllMocks()
  await env.DB.prepare('DROP TRIGGER culprit').run()
  await expectConsistent()
  // Once the batch that carried them is through, nobody is told that nothing happened.
  for (const [at, { status, text }] of answers.entries()) {
    const { status: found } = await answerOf(`${MAIN}/x86_64/${names[at]}-1-r0.apk`, {
      method: 'HEAD',
    })
    if (found !== 200) continue
    expect(`${status} ${text}`).toMatch(/^(201 |503 the change may or may not)/)
  }
})
