// Every history of clients at once is linearizable over HTTP, on a running server.
// HISTORY_SEED=… makes the same choices again (what overlaps what may differ).
import { describe, expect, it } from 'vitest'
import { createOwner } from '../support/clients/registry.ts'
import { useServer } from '../support/clients/use-server.ts'
import { sendTo } from '../support/linearizability/over-http.ts'
import { checkRounds } from '../support/linearizability/rounds.ts'
import { Recorder } from '../support/linearizability/workload.ts'

const given = process.env.HISTORY_SEED
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

describe('clients at once', () => {
  const server = useServer()

  it.each([
    ['few clients, long rounds', { clients: 4, operations: 12, rounds: 15 }],
    ['many clients, short rounds', { clients: 16, operations: 3, rounds: 15 }],
  ])('%s: one order explains all answers', async (name, shape) => {
    const owner = await createOwner(server(), 'public')
    const begin = (round: number) =>
      new Recorder(sendTo(`${owner.url}/edge/round-${round}`, owner.token))
    const history = await checkRounds(name, { ...shape, seed, begin })
    const answers = new Set(history.map(({ action }) => 'answer' in action && action.answer))
    expect([...answers].filter(Boolean).sort()).toEqual([
      'absent',
      'created',
      'removed',
      'same',
      'taken',
    ])
  })
})
