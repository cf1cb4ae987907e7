import { expect, it } from 'vitest'
import { NearCache } from '../../../../src/core/near/cache.ts'
import { NearMemory } from '../../../../src/core/near/memory.ts'
import { forgetFacts, type NearPath, noteAnswer } from '../../../../src/core/near/place.ts'
import { prependCommit } from '../../../../src/core/near/recent-commits.ts'

const BOUND = 10_000
const DOCUMENT: NearPath = {
  ...{ ownerName: 'acme', type: 'npm', repository: undefined, path: undefined },
}

/** A place whose cache only counts what it is given. */
function place() {
  let [now, puts] = [1_000_000, 0]
  const waiting: Promise<unknown>[] = []
  const cache = { put: async () => puts++, match: async () => undefined, delete: async () => true }
  const waitUntil = (work: Promise<unknown>) => waiting.push(work)
  const edge = { origin: 'https://registry.test', secret: 'of the test', waitUntil }
  const here = {
    memory: new NearMemory(),
    // Of a cache, places use no more.
    cache: new NearCache(edge, async () => cache as unknown as Cache),
    now: () => now,
    bound: BOUND,
  }
  return {
    here,
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    /** How often the database said that this was the head, and how often the cache was given it. */
    note: async (head: string, times: number) => {
      const before = puts
      for (let time = 0; time < times; time++) {
        const recent = prependCommit(undefined, head, [])
        noteAnswer(here, DOCUMENT, { id: 'o', head, recent }, now, undefined)
      }
      await Promise.all(waiting)
      return puts - before
    },
  }
}

it('the cache of a place is given the same facts once in a quarter of the bound', async () => {
  const { here, pass, note } = place()
  expect(await note('one', 100)).toBe(1)
  pass(BOUND / 4 - 1)
  expect(await note('one', 100)).toBe(0)
  pass(1)
  expect(await note('one', 100)).toBe(1)
  expect(await note('two', 100)).toBe(1)
  // The memory has the newest all the same.
  pass(BOUND / 8)
  expect(await note('two', 1)).toBe(0)
  const [facts] = ['["facts","acme","npm",null]'].map((key) => here.memory.facts.find(key))
  expect(facts?.at).toBe(here.now())
})

it('the cache of a place is given them again after they were forgotten there', async () => {
  const { here, pass, note } = place()
  expect(await note('one', 2)).toBe(1)
  await forgetFacts(here, DOCUMENT)
  pass(1)
  expect(await note('one', 2)).toBe(1)
})
