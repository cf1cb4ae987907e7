import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Clock,
  CommitQueue,
  GROUP_BYTES,
  GROUP_LIMIT,
  LEAST_GATHER_MS,
  MOST_GATHER_MS,
} from '../../src/core/commit/queue.ts'

interface Change {
  readonly key: string
  readonly weight: number
  readonly number: number
}

/** For tests of what has nothing to do with time. */
const atOnce: Clock = {
  now: () => 0,
  start(_, fire) {
    queueMicrotask(fire)
    return () => {}
  },
}

function recordingQueue(groups: (readonly Change[])[], clock = atOnce) {
  let running = 0
  return new CommitQueue<Change, number>({
    commit: async (group) => {
      expect(++running).toBe(1)
      groups.push(group)
      await new Promise((resolve) => setTimeout(resolve))
      running--
      return group.map((change) => change.number)
    },
    keyOf: (change) => change.key,
    weightOf: (change) => change.weight,
    clock,
  })
}

describe('the commit queue', () => {
  it('commits one group after the other, keys apart and in order, within the limits', async () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      weight: fc.integer({ min: 0, max: GROUP_BYTES }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
        const groups: (readonly Change[])[] = []
        const queue = recordingQueue(groups)
        const numbered = changes.map((each, number) => ({ ...each, number }))
        expect(await Promise.all(numbered.map((each) => queue.submit(each)))).toEqual(
          numbered.map((each) => each.number),
        )
        for (const group of groups) {
          expect(new Set(group.map((each) => each.key)).size).toBe(group.length)
          const weight = group.reduce((sum, each) => sum + each.weight, 0)
          expect(group.length === 1 || weight <= GROUP_BYTES).toBe(true)
        }
        for (const key of ['a', 'b', 'c', 'd']) {
          const order = groups.flat().filter((each) => each.key === key)
          expect(order).toEqual(order.toSorted((a, b) => a.number - b.number))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('lets those who wait share a commit, up to its limit', async () => {
    const groups: (readonly Change[])[] = []
    const queue = recordingQueue(groups)
    const changes = Array.from({ length: GROUP_LIMIT + 11 }, (_, number) => ({
      key: `${number}`,
      weight: 1,
      number,
    }))
    await Promise.all(changes.map((change) => queue.submit(change)))
    expect(groups.map((group) => group.length)).toEqual([1, GROUP_LIMIT, 10])
  })

  it('fails the group whose commit fails, and goes on with the next', async () => {
    let failing = true
    const queue = new CommitQueue<string, string>({
      commit: async (group) => {
        if (failing) throw new Error('outage')
        return group
      },
      keyOf: (change) => change,
      weightOf: () => 0,
    })
    await expect(queue.submit('a')).rejects.toThrow('outage')
    failing = false
    expect(await queue.submit('b')).toBe('b')
  })
})

/**
 * A queue whose clock stands still but for `fire` and for what a commit takes, in milliseconds.
 * @param onTurn between the answers of a large group
 */
function burstQueue(commitTakes = 0, onTurn = () => {}) {
  const groups: (readonly Change[])[] = []
  const timers: { milliseconds: number; fire: () => void; cancelled: boolean }[] = []
  let made = 0
  const clock: Clock = {
    now: () => groups.length * commitTakes,
    start(milliseconds, fire) {
      if (milliseconds === 0) {
        setTimeout(() => {
          onTurn()
          fire()
        })
        return () => {}
      }
      const timer = { milliseconds, fire, cancelled: false }
      timers.push(timer)
      return () => {
        timer.cancelled = true
      }
    },
  }
  const queue = recordingQueue(groups, clock)
  return {
    timers,
    sizes: () => groups.map((group) => group.length),
    submit: (count: number, weight = 1) =>
      Array.from({ length: count }, () => {
        const number = made++
        return queue.submit({ key: `${number}`, weight, number })
      }),
    /** Long enough for every commit that does not wait for a timer. */
    settle: () => new Promise((resolve) => setTimeout(resolve, 20)),
  }
}

describe('the commit queue in a burst', () => {
  it('never lets one client wait', async () => {
    const { timers, sizes, submit } = burstQueue()
    for (let each = 0; each < 5; each++) await Promise.all(submit(1))
    expect(sizes()).toEqual([1, 1, 1, 1, 1])
    expect(timers).toEqual([])
  })

  it('waits until as many are there as its last group had and those who waited then', async () => {
    const { timers, sizes, submit, settle } = burstQueue()
    const first = submit(4)
    for (let turn = 0; turn < 100 && sizes().length < 2; turn++) await first[0]
    const late = submit(2)
    await Promise.all(first)
    submit(2)
    await settle()
    expect(sizes()).toEqual([1, 3])
    expect(timers).toMatchObject([{ milliseconds: LEAST_GATHER_MS, cancelled: false }])
    const last = submit(1)
    await Promise.all([...late, ...last])
    expect(sizes()).toEqual([1, 3, 5])
    expect(timers[0]?.cancelled).toBe(true)
  })

  it.each([
    [5, LEAST_GATHER_MS],
    [333, 333],
    [60_000, MOST_GATHER_MS],
  ])('waits after a commit of %i ms for %i ms at most', async (commitTakes, milliseconds) => {
    const { timers, submit, settle } = burstQueue(commitTakes)
    await Promise.all(submit(4))
    await settle()
    expect(timers).toMatchObject([{ milliseconds }])
    timers[0]?.fire()
  })

  it('waits no longer than its timer, and not at all once nobody came back', async () => {
    const { timers, sizes, submit, settle } = burstQueue()
    await Promise.all(submit(4))
    const fewer = submit(2)
    await settle()
    expect(sizes()).toEqual([1, 3])
    timers[0]?.fire()
    await Promise.all(fewer)
    expect(sizes()).toEqual([1, 3, 2])
    await settle()
    timers[1]?.fire()
    await settle()
    await Promise.all(submit(1))
    expect(sizes()).toEqual([1, 3, 2, 1])
    expect(timers).toHaveLength(2)
  })

  it('answers a few at a time, and waits for those alone who did not come back between', async () => {
    let answered = 0
    const turns: number[] = []
    const again: Promise<number>[] = []
    const { timers, sizes, submit } = burstQueue(0, () => {
      turns.push(answered)
      if (turns.length < 3) again.push(...submit(8))
    })
    const group = submit(21).map((change) => change.then(() => answered++))
    await Promise.all(group)
    expect([sizes(), turns]).toEqual([
      [1, 20],
      [9, 17],
    ])
    again.push(...submit(4))
    await Promise.all(again)
    expect(sizes()).toEqual([1, 20, 20])
    expect(timers[0]?.cancelled).toBe(true)
  })

  it('does not wait for more than a group takes', async () => {
    const { timers, sizes, submit } = burstQueue()
    const first = submit(GROUP_LIMIT + 3)
    await first[GROUP_LIMIT]
    await Promise.all(submit(GROUP_LIMIT - 2))
    expect(sizes()).toEqual([1, GROUP_LIMIT, GROUP_LIMIT])
    const heavy = submit(2, GROUP_BYTES / 2)
    await Promise.all(heavy)
    expect(sizes()).toEqual([1, GROUP_LIMIT, GROUP_LIMIT, 2])
    expect(timers.every((timer) => timer.cancelled || timer === timers.at(-1))).toBe(true)
  })
})
