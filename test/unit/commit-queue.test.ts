import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommitQueue, GROUP_BYTES, GROUP_LIMIT } from '../../src/core/commit/queue.ts'

interface Change {
  readonly key: string
  readonly weight: number
  readonly number: number
}

function recordingQueue(groups: (readonly Change[])[]) {
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
