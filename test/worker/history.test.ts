// Every history of clients at once is linearizable: also while objects are aborted and evicted,
// replies and batches' answers are lost, batches land late, and two objects serve one repository.
// VITE_HISTORY_SEED=… runs the same choices again (what overlaps what may differ).
import { evictAllDurableObjects } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it, vi } from 'vitest'
import { Random } from '../support/linearizability/random.ts'
import { checkRounds, type Rounds } from '../support/linearizability/rounds.ts'
import { Recorder } from '../support/linearizability/workload.ts'
import { clearOverrides, override, wrapMethod } from '../support/worker/bindings.ts'
import { atSteps, type Step } from '../support/worker/commit-steps.ts'
import { countRebuiltIndexes, expectConsistent } from '../support/worker/consistency.ts'
import { ADMIN, createOwner, put, send } from '../support/worker/registry.ts'
import { buildApk } from '../types/alpine/builder.ts'

const given = process.env.VITE_HISTORY_SEED
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

const shape = {
  seed,
  clients: 5,
  operations: 8,
  begin: (round) =>
    new Recorder(async (method, path, body) => {
      const response = await send(`/api/packages/acme/alpine/edge/round-${round}${path}`, {
        method,
        headers: ADMIN,
        ...(body === undefined ? {} : { body }),
      })
      return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
    }),
} satisfies Partial<Rounds>

beforeEach(() => createOwner())

async function expectSound(): Promise<void> {
  clearOverrides()
  vi.restoreAllMocks()
  expect(await countRebuiltIndexes()).toBe(0)
  await expectConsistent()
  for (const repository of ['edge/round-0', 'edge/round-1']) {
    const next = buildApk({ name: 'next', version: '1-r0' })
    const { text } = await put(next, `/api/packages/acme/alpine/${repository}`)
    expect(text).toMatch(/^published next /)
  }
  await expectConsistent()
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

it('without faults', async () => {
  const history = await checkRounds('no faults', { ...shape, rounds: 40 })
  // Nothing failed, so nothing is unknown, and every kind of answer came up.
  const answers = new Set(history.map(({ action }) => 'answer' in action && action.answer))
  expect([...answers].filter(Boolean).sort()).toEqual([
    'absent',
    'created',
    'removed',
    'same',
    'taken',
  ])
  await expectSound()
})

it('with two objects on each repository', async () => {
  let calls = 0
  const getByName = (name: string) => env.REPOSITORY.getByName(`${name} ${calls++ % 2}`)
  override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName) })
  await checkRounds('two objects', { ...shape, rounds: 15 })
  await expectSound()
})

it('with objects evicted between commits', async () => {
  let over = false
  const evicting = (async () => {
    while (!over) {
      await pause(20)
      await evictAllDurableObjects()
    }
  })()
  try {
    await checkRounds('evictions', { ...shape, rounds: 15 })
  } finally {
    over = true
    await evicting
  }
  await expectSound()
})

it('with objects aborted, answers lost and batches that land late', async () => {
  // Thousands of lines about what is planted here.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const random = new Random(seed)
  const faults = new Map<string, number>()
  // Sent from here and not from the object, with which they would die.
  const late: { readonly due: number; readonly sendBatch: () => Promise<unknown> }[] = []
  const sendLate = async (until: number) => {
    for (const { due, sendBatch } of late.splice(0)) {
      if (due > until) late.push({ due, sendBatch })
      else
        await sendBatch().then(
          () => happens('late batch landed', 1),
          () => happens('late batch was void', 1),
        )
    }
  }
  let over = false
  const sending = (async () => {
    while (!over) {
      await pause(1)
      await sendLate(Date.now())
    }
  })()
  const happens = (fault: string, probability: number) => {
    if (!random.chance(probability)) return false
    faults.set(fault, (faults.get(fault) ?? 0) + 1)
    return true
  }
  const lost = (what: string) => new Error(`planted: ${what} was lost`)
  /** The answers of what may fail and is asked again, or is refused with nothing done. */
  const losses: Readonly<Record<Step, number>> = {
    staged: 0.05,
    'snapshot read': 0.05,
    'index put': 0.03,
    'before the batch': 0.05,
    'after the batch': 0.1,
    'before the reply': 0.05,
  }
  const heads = wrapMethod(env.DB, 'prepare', (sql) => {
    const statement = env.DB.prepare(sql)
    if (!sql.startsWith('SELECT id, head, revision, recent FROM repository')) return statement
    return wrapMethod(statement, 'bind', (...values: unknown[]) => {
      const bound = statement.bind(...values)
      const first = (async () => {
        if (happens('inquiry lost', 0.3)) throw lost('the inquiry')
        return bound.first()
      }) as D1PreparedStatement['first']
      return onlyFirst(bound, first)
    })
  })
  const act: Parameters<typeof atSteps>[0] = async (step, { abort, sendBatch }) => {
    // Also between the repetition's snapshot and its batch.
    const repeated = step === 'snapshot read' || step === 'before the batch'
    if (repeated && random.chance(0.3)) await sendLate(Infinity)
    if (happens(`aborted: ${step}`, 0.02)) abort()
    if (step === 'before the batch' && happens('batch held back', 0.08)) {
      late.push({ due: Date.now() + random.below(15), sendBatch })
      if (random.chance(0.5)) abort()
      throw lost('the batch')
    }
    if (happens(`lost: ${step}`, losses[step])) throw lost(step)
  }
  atSteps(act, heads)
  try {
    const settle = () => sendLate(Infinity)
    await checkRounds('faults', { ...shape, rounds: 40, settle })
  } finally {
    over = true
    await sending
  }
  console.info([...faults].map(([fault, count]) => `${count} × ${fault}`).join(', '))
  await expectSound()
})

/** The statement itself goes to `batch`, which takes no other object for one. */
function onlyFirst(bound: D1PreparedStatement, first: D1PreparedStatement['first']) {
  return Object.assign(bound, { first })
}
