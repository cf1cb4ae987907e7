// Random histories of places that remember: none of their answers breaks what readers are promised. How many near
// answers there were is asserted, since histories without any promise nothing.
import { afterEach, expect, it } from 'vitest'
import { CLOCK_ERROR_MS } from '../../src/core/near/facts.ts'
import {
  COLLECTION_FAULTS,
  NEAR_FAULTS,
  type NearFault,
  SHARED_FAULTS,
} from '../support/near-faults.ts'
import { override } from '../support/worker/bindings.ts'
import { TestClock } from '../support/worker/near/clock.ts'
import { isAnsweredLate, isReplacedAtOnce } from '../support/worker/near/directed.ts'
import {
  BOUND_MS,
  History,
  type HistoryOptions,
  NOTHING_SEEN,
  type Seen,
} from '../support/worker/near/history.ts'
import { KINDS } from '../support/worker/near/kinds.ts'

/** `VITE_NEAR_HISTORIES=3000 npm test -- near-history` tries as many (docs/testing.md). */
const HISTORIES = Number(process.env.VITE_NEAR_HISTORIES ?? 15)
const STEPS = 300
/** Of so many one goes through the Worker and the object. */
const THROUGH_WORKER = 10

declare global {
  /** Chosen among those that were planted into the code. */
  var plantedFault: NearFault | undefined
}

/** None is met twice: caches outlive a test. */
let owners = 0

afterEach(() => {
  globalThis.plantedFault = undefined
  override({ REMEMBER_SECONDS: 0 })
})

async function findBroken(histories: number, seed: number, options: Partial<HistoryOptions> = {}) {
  using clock = new TestClock()
  const { rememberMs = BOUND_MS } = options
  override({ REMEMBER_SECONDS: rememberMs / 1000 })
  const seen: Seen = { ...NOTHING_SEEN }
  for (let at = 0; at < histories; at++) {
    const throughWorker = at % THROUGH_WORKER === THROUGH_WORKER - 1
    const given = { clock, seen, rememberMs, throughWorker, ...options }
    const history = await History.begin(`owner${owners++}`, seed + at, given)
    const broken = await history.run(STEPS)
    if (broken !== undefined) return { seen, broken, log: history.log, at }
  }
  return { seen, broken: undefined }
}

const TIMEOUT_MS = HISTORIES * 10_000
const SEED = Number(process.env.VITE_NEAR_SEED ?? Math.floor(Math.random() * 1e9))

it.each(KINDS)(
  'no near answer of a $title breaks a promise',
  { timeout: TIMEOUT_MS },
  async (kind) => {
    const { seen, ...found } = await findBroken(HISTORIES, SEED, { kind })
    console.log(`${kind.title}, seed ${SEED}: ${JSON.stringify(seen)}`)
    expect({ seed: SEED, ...found }).toEqual({ seed: SEED, broken: undefined })
    expect(seen.near).toBeGreaterThan(HISTORIES * 3)
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0)
  },
)

it.each(KINDS)('an answer of a $title that comes late tells what was then', async (kind) => {
  using clock = new TestClock()
  expect(await isAnsweredLate(clock, kind, `owner${owners++}`)).toBe(false)
})

it.each(KINDS)('a name of a $title rests after each removal by older code', async (kind) => {
  using clock = new TestClock()
  expect(await isReplacedAtOnce(clock, kind, `owner${owners++}`)).toBe(false)
})

/** With these seeds a few histories are enough. */
const few = (seed: number, options: Partial<HistoryOptions>) =>
  findBroken(20, seed, { throughWorker: false, ...options })

it.each(KINDS)('finds that a name of a $title must rest', async (kind) => {
  expect((await few(1, { kind, rememberMs: 0 })).broken).toMatch(/older than/)
})

it.each(KINDS)(
  'finds that the rest of a $title is longer than the bound, since clocks differ',
  async (kind) => {
    const { broken } = await few(kind === KINDS[0] ? 1 : 32, {
      kind,
      rememberMs: BOUND_MS - CLOCK_ERROR_MS,
    })
    expect(broken).toMatch(/older than|too late/)
  },
)

it('finds that places must have forgotten before a database is taken back', async () => {
  expect((await few(17, { hasty: true })).broken).toMatch(/older than/)
})

/** Where the configuration of Vitest has planted them. */
const planted =
  process.env.VITE_PLANTED_FAULTS === undefined
    ? []
    : [
        ...NEAR_FAULTS.map((fault) => [fault, KINDS[0]] as const),
        ...[...COLLECTION_FAULTS, ...SHARED_FAULTS].map((fault) => [fault, KINDS[1]] as const),
      ]

/** Those that random histories meet too rarely. */
const DIRECTED: Partial<Record<NearFault, typeof isAnsweredLate>> = {
  'name under the head of remembered facts': isAnsweredLate,
  'a gap that rests once': isReplacedAtOnce,
}

it.each(planted)('finds the planted fault: %s', { timeout: TIMEOUT_MS }, async (fault, kind) => {
  globalThis.plantedFault = fault
  const isBroken = DIRECTED[fault]
  if (isBroken !== undefined) {
    using clock = new TestClock()
    expect(await isBroken(clock, kind, `owner${owners++}`)).toBe(true)
    return
  }
  const { seen, broken, at } = await findBroken(HISTORIES, SEED, { kind })
  console.log(
    `| ${kind.title} | ${fault} | ${at}: ${broken} | of ${seen.near} near answers | seed ${SEED}`,
  )
  expect(broken).toBeDefined()
})
