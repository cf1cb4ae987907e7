// Two objects of one repository at a time, each of which believes to be the only one. After each: what
// was answered holds, rows, index files and objects agree, and the next publish works.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { atSteps, meetBeforeBatches } from '../support/worker/commit-steps.ts'
import { listUnnamedObjects } from '../support/worker/consistency.ts'
import { createOwner, listKeys } from '../support/worker/registry.ts'
import { publish, put } from '../types/alpine/repository.ts'
import { apk, expectSound, remove } from '../types/alpine/soundness.ts'

const revision = () => env.DB.prepare('SELECT revision FROM repository').first<number>('revision')

// Ahead of each test the repository holds `base` and `gone`, at revision 2.
beforeEach(async () => {
  // The registry tells of every fault that is planted here.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await createOwner()
  await publish({ name: 'base', version: '1-r0' })
  await publish({ name: 'gone', version: '1-r0' })
})

describe('two objects on one repository', () => {
  /** Sends the calls to two objects by turns; each believes to be the only one. */
  function splitObject(): void {
    let calls = 0
    const getByName = (name: string) => env.REPOSITORY.getByName(`${name} ${calls++ % 2}`)
    override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName) })
  }

  it('that send their batches at once: one is through, the other commits on top', async () => {
    const met = meetBeforeBatches()
    splitObject()
    const answers = await Promise.all([put(apk('left')), put(apk('right'))])
    expect(answers.map(({ text }) => text.replace(/.*, /, '')).sort()).toEqual([
      'revision 3',
      'revision 4',
    ])
    expect(met()).toEqual({ batches: 3, objects: 2 })
    await expectSound(['base', 'gone', 'left', 'right'])
  })

  it('let one win where both publish one name with other bytes', async () => {
    meetBeforeBatches()
    splitObject()
    const answers = await Promise.all([put(apk('hello', 'left')), put(apk('hello', 'right'))])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(await listKeys('blobs/')).toHaveLength(3)
    await expectSound(['base', 'gone', 'hello'])
  })

  it('lose nothing of many publishes and removals, and refuse without a trace', async () => {
    const committing = new Set<object>()
    let batches = 0
    atSteps((step, { instance }) => {
      if (step !== 'before the batch') return
      batches++
      committing.add(instance)
    })
    splitObject()
    const there = new Set(['base'])
    let refused = 0
    const first = await revision()
    for (let round = 0; round < 6; round++) {
      const names = Array.from({ length: 8 }, (_, at) => `package${round}${at}`)
      await Promise.all(
        names.map(async (name, at) => {
          const { status, text } = await put(apk(name))
          if (status === 201) there.add(name)
          else if (/^other changes of this repository kept coming first/.test(text)) refused++
          else expect.fail(`${status} ${text}`)
          if (status !== 201 || at % 2 > 0) return
          const removal = await remove(name)
          if (removal.status === 204) there.delete(name)
          else expect(removal.text).toMatch(/^other changes of this repository kept coming first/)
        }),
      )
    }
    expect((await remove('gone')).status).toBe(204)
    const commits = ((await revision()) ?? 0) - (first ?? 0)
    console.info(`two objects: ${commits} commits of ${batches} batches, ${refused} refused`)
    expect(committing.size).toBe(2)
    expect(batches).toBeGreaterThan(commits)
    expect((await listUnnamedObjects()).filter((key) => key.startsWith('blobs/'))).toEqual([])
    await expectSound([...there])
  })
})
