// Random histories of places that remember: none of their answers breaks what readers are promised. How many near
// answers there were is asserted, since histories without any promise nothing.
import { afterEach, expect, it } from 'vitest'
import { CLOCK_ERROR_MS } from '../../src/core/near/facts.ts'
import { override } from '../support/worker/bindings.ts'
import { TestClock } from '../support/worker/near/clock.ts'
import { BOUND_MS, History, NOTHING_SEEN, type Seen } from '../support/worker/near/history.ts'

/** `VITE_NEAR_HISTORIES=3000 npm test -- near-history` tries as many; the rarest of faults needs thousands. */
const HISTORIES = Number(process.env.VITE_NEAR_HISTORIES ?? 10)
const STEPS = 300

afterEach(() => override({ REMEMBER_SECONDS: 0 }))

/** mulberry32: the same history for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** @param remember what commits take for the bound, in milliseconds */
async function findBroken(histories: number, seed: number, remember: number) {
  using clock = new TestClock()
  override({ REMEMBER_SECONDS: remember / 1000 })
  const seen: Seen = { ...NOTHING_SEEN }
  for (let at = 0; at < histories; at++) {
    const history = await History.begin(`owner${at}`, randomOf(seed + at), clock, seen, BOUND_MS)
    const broken = await history.run(STEPS)
    if (broken !== undefined) return { seen, broken, log: history.log, at }
  }
  return { seen, broken: undefined }
}

const TIMEOUT_MS = HISTORIES * 10_000

it('no near answer breaks a promise', { timeout: TIMEOUT_MS }, async () => {
  const seed = Math.floor(Math.random() * 1e9)
  const { seen, ...found } = await findBroken(HISTORIES, seed, BOUND_MS)
  console.log(`seed ${seed}: ${JSON.stringify(seen)}`)
  expect({ seed, ...found }).toEqual({ seed, broken: undefined })
  expect(seen.near).toBeGreaterThan(HISTORIES * 3)
  expect(seen.stale).toBeGreaterThan(0)
  expect(seen.rested).toBeGreaterThan(0)
})

it('finds that a name must rest', async () => {
  expect((await findBroken(60, 1, 0)).broken).toMatch(/older than/)
})

it('finds that the rest is longer than the bound, since clocks differ', async () => {
  const { broken } = await findBroken(100, 36, BOUND_MS - CLOCK_ERROR_MS)
  expect(broken).toMatch(/older than|too late/)
})
