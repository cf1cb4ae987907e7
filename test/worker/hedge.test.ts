// Whoever waits for a slow cache has the database asked too; of many who do, few.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { hedge } from '../../src/http/hedge.ts'

interface Wait {
  readonly until: number
  end(): void
}

let now = Date.now()
let waits: Wait[] = []
let homes = 0

const home = async () => {
  homes += 1
  return 'home'
}

/** Has the time pass, and everything happen that waits for it. */
async function pass(milliseconds: number): Promise<void> {
  now += milliseconds
  vi.setSystemTime(now)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    const due = waits.filter(({ until }) => until <= now)
    if (due.length === 0) return
    waits = waits.filter(({ until }) => until > now)
    for (const { end } of due) end()
  }
}

beforeEach(() => {
  now += 1000
  homes = 0
  waits = []
  vi.useFakeTimers({ toFake: ['Date'], now })
  vi.spyOn(scheduler, 'wait').mockImplementation((milliseconds) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    waits.push({ until: now + milliseconds, end: resolve })
    return promise
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

it('asks home where the near way has nothing, and not where it answers', async () => {
  expect(await hedge(Promise.resolve('near'), home)).toBe('near')
  await pass(1000)
  expect(homes).toBe(0)
  expect(await hedge(Promise.resolve(undefined), home)).toBe('home')
})

it('asks home too after 25 ms, and the first answer counts', async () => {
  const never = new Promise<undefined>(() => {})
  const asked = hedge(never, home)
  await pass(24)
  expect(homes).toBe(0)
  await pass(1)
  expect([homes, await asked]).toEqual([1, 'home'])
  await pass(1000)
  const near = Promise.withResolvers<string>()
  const slow = hedge(near.promise, () => new Promise<string>(() => {}))
  await pass(25)
  near.resolve('near')
  expect(await slow).toBe('near')
})

it('asks home for one of many that are slow at once, every 25 ms', async () => {
  const near = Promise.withResolvers<string>()
  const asked: Promise<string>[] = []
  for (let time = 0; time < 4; time++) {
    asked.push(...Array.from({ length: 10 }, () => hedge(near.promise, home)))
    await pass(25)
  }
  expect(homes).toBe(4)
  near.resolve('near')
  const answers = await Promise.all(asked)
  expect(answers.filter((answer) => answer === 'home')).toHaveLength(4)
  await pass(1000)
  expect(homes).toBe(4)
})

it('asks home for all of them after 250 ms', async () => {
  const asked = Array.from({ length: 10 }, () => hedge(new Promise<undefined>(() => {}), home))
  await pass(25)
  expect(homes).toBe(1)
  await pass(224)
  expect(homes).toBe(1)
  await pass(1)
  expect([homes, new Set(await Promise.all(asked))]).toEqual([10, new Set(['home'])])
})

it('tells that home fails', async () => {
  const fails = hedge(new Promise<undefined>(() => {}), () => Promise.reject(new Error('down')))
  const told = expect(fails).rejects.toThrow('down')
  await pass(25)
  await told
})
