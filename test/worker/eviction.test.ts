// The repository's object goes away at each step of a commit, comes back, or has a batch that lands
// when it is long gone. After each: what was answered holds, rows, index files and
// objects agree, and the next publish works.
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { atSteps, type Reached, STEPS, type Step } from '../support/worker/commit-steps.ts'
import { expectConsistent, listUnnamedObjects } from '../support/worker/consistency.ts'
import { createOwner, send } from '../support/worker/registry.ts'
import { readIndex } from '../types/alpine/index-reader.ts'
import { MAIN, publish, put } from '../types/alpine/repository.ts'
import { apk, download, expectSound, remove } from '../types/alpine/soundness.ts'

const pause = (milliseconds = 2) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const revision = () => env.DB.prepare('SELECT revision FROM repository').first<number>('revision')

/** Acts when the step is reached for the first so many times. */
function onStep(wanted: Step, act: (reached: Reached) => unknown, times = 1): { count: number } {
  const reaches = { count: 0 }
  atSteps(async (step, reached) => {
    if (step === wanted && reaches.count++ < times) await act(reached)
  })
  return reaches
}

// Ahead of each test the repository holds `base` and `gone`, at revision 2.
beforeEach(async () => {
  // The registry tells of every fault that is planted here.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await createOwner()
  await publish({ name: 'base', version: '1-r0' })
  await publish({ name: 'gone', version: '1-r0' })
})

const changes: Readonly<
  Record<string, { run: () => ReturnType<typeof put>; done: RegExp; after: readonly string[] }>
> = {
  publish: {
    run: () => put(apk('hello')),
    done: /^201 published .*revision 3$/,
    after: ['base', 'gone', 'hello'],
  },
  removal: { run: () => remove('gone'), done: /^204 $/, after: ['base'] },
}

describe.each(STEPS)('the object aborted: %s', (step) => {
  it.each(Object.entries(changes))('has a %s made once by its repetition', async (_, change) => {
    const reaches = onStep(step, ({ abort }) => abort())
    const { status, text } = await change.run()
    expect(`${status} ${text}`).toMatch(change.done)
    expect(reaches.count).toBeGreaterThan(0)
    expect(await revision()).toBe(3)
    await expectSound(change.after)
  })

  it.each(Object.entries(changes))(
    'at every repetition leaves a %s unknown: made or not, nothing between',
    async (_, change) => {
      onStep(step, ({ abort }) => abort(), Infinity)
      const { status, text } = await change.run()
      // Once the batch is through, the repetition finds it and has none to send.
      if (step === 'after the batch') expect(`${status} ${text}`).toMatch(change.done)
      else expect(`${status} ${text}`).toMatch(/^503 the change may or may not have been made/)
      const made = step === 'after the batch' || step === 'before the reply'
      expect(await revision()).toBe(made ? 3 : 2)
      await expectSound(made ? change.after : ['base', 'gone'])
    },
  )

  it('has every change of a group made once', async () => {
    const reaches = onStep(step, ({ abort }) => abort())
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const answers = await Promise.all([...names.map((name) => put(apk(name))), remove('gone')])
    expect(answers.map((answer) => answer.status)).toEqual([...names.map(() => 201), 204])
    expect(reaches.count).toBeGreaterThan(0)
    await expectSound(['base', ...names])
  })

  it('refuses other bytes of a name all the same, and leaves nothing', async () => {
    onStep(step, ({ abort }) => abort())
    const { status, text } = await put(apk('base', 'second'))
    expect(`${status} ${text}`).toMatch(/^409 .* clashes with other bytes/)
    expect(await revision()).toBe(2)
    expect(await listUnnamedObjects()).toEqual([])
    await expectSound(['base', 'gone'])
  })

  it('serves a content that was there already from both places', async () => {
    onStep(step, ({ abort }) => abort())
    const elsewhere = '/api/packages/acme/alpine/edge/other'
    await publish({ name: 'base', version: '1-r0' }, elsewhere)
    expect(await download(`${elsewhere}/x86_64/base-1-r0.apk`)).toBe(200)
    await expectSound(['base', 'gone'])
  })

  it('is not even noticed when it is evicted with patience', async () => {
    let released = false
    const reaches = onStep(step, async () => {
      while (!released) await pause()
    })
    const answer = put(apk('hello'))
    while (reaches.count === 0) await pause()
    const { id: owner } =
      (await env.DB.prepare('SELECT id FROM owner').first<{ id: string }>()) ?? {}
    const evicted = evictDurableObject(env.REPOSITORY.getByName(`${owner}/alpine/edge/main`))
    released = true
    await evicted
    expect((await answer).text).toMatch(/revision 3$/)
    await expectSound(['base', 'gone', 'hello'])
  })
})

describe('a batch that lands when its object is gone', () => {
  /** Aborts the object before each of its first batches and keeps them. */
  function keepBatches(times: number): (() => Promise<unknown>)[] {
    const kept: (() => Promise<unknown>)[] = []
    atSteps((step, { sendBatch, abort }) => {
      if (step !== 'before the batch' || kept.length >= times) return
      kept.push(sendBatch)
      abort()
    })
    return kept
  }

  it.each(Object.entries(changes))(
    'after the repetition changes nothing: %s',
    async (_, change) => {
      const kept = keepBatches(1)
      const { status, text } = await change.run()
      expect(`${status} ${text}`).toMatch(change.done)
      await expect(kept[0]?.()).rejects.toThrow(/stale_repository/)
      expect(await revision()).toBe(3)
      await expectSound(change.after)
    },
  )

  it.each(Object.entries(changes))(
    'before the batch of the repetition makes the %s, and once',
    async (_, change) => {
      const kept: (() => Promise<unknown>)[] = []
      atSteps(async (step, { sendBatch, abort }) => {
        if (step !== 'before the batch') return
        if (kept.push(sendBatch) === 1) abort()
        if (kept.length === 2) await kept[0]?.()
      })
      const { status, text } = await change.run()
      expect(`${status} ${text}`).toMatch(change.done)
      expect(kept).toHaveLength(2)
      expect(await revision()).toBe(3)
      await expectSound(change.after)
    },
  )

  it.each(Object.entries(changes))(
    'when a %s was already called unknown, makes it whole, and once',
    async (_, change) => {
      const kept = keepBatches(3)
      expect((await change.run()).status).toBe(503)
      expect(kept).toHaveLength(3)
      await expectConsistent()
      await kept[1]?.()
      await expect(kept[0]?.()).rejects.toThrow(/stale_repository/)
      await expect(kept[2]?.()).rejects.toThrow(/stale_repository/)
      expect(await revision()).toBe(3)
      await expectSound(change.after)
    },
  )

  it('after a change by others is void, and those stay', async () => {
    const kept = keepBatches(3)
    expect((await put(apk('hello'))).status).toBe(503)
    expect((await put(apk('hello', 'by others'))).text).toMatch(/revision 3$/)
    for (const send of kept) await expect(send()).rejects.toThrow(/stale_repository/)
    const { entries } = readIndex(
      new Uint8Array(await (await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)).arrayBuffer()),
    )
    expect(entries.find((entry) => entry.P === 'hello')?.T).toBe('by others')
    await expectSound(['base', 'gone', 'hello'])
  })

  it('for the first publish of a repository finds that there is one by now', async () => {
    const elsewhere = '/api/packages/acme/alpine/edge/new'
    const kept = keepBatches(1)
    expect((await put(apk('hello'), elsewhere)).text).toMatch(/revision 1$/)
    await expect(kept[0]?.()).rejects.toThrow(/UNIQUE.*repository/)
    await expectSound(['base', 'gone'])
  })
})
