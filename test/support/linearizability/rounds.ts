// Many short rounds of clients at once, each in a repository or a package of its own and each checked by
// itself, since the cost of a check grows fast with what overlaps.
import { checkHistory, type Operation } from './check.ts'
import { isUnknown } from './model.ts'
import { Random } from './random.ts'

export interface Rounds {
  readonly seed: number
  readonly rounds: number
  readonly clients: number
  /** Of each client in a round. */
  readonly operations: number
  readonly begin: (round: number) => RoundClients
  /** Between a round and the reads that end it. */
  readonly settle?: () => Promise<void>
}

/** The clients of a round, and what they saw. */
export interface RoundClients {
  readonly history: readonly Operation[]
  /** One client's share: so many operations, one after the other. */
  runClient(random: Random, operations: number): Promise<void>
  /** Everything that there is to see, one after the other. */
  readAll(): Promise<void>
}

/** @throws when a history is not linearizable, with the seed, the round and the history */
export async function checkRounds(name: string, options: Rounds): Promise<readonly Operation[]> {
  const { seed, rounds, clients, operations, begin, settle } = options
  const began = Date.now()
  const all: Operation[] = []
  let width = 0
  for (let round = 0; round < rounds; round++) {
    const recorder = begin(round)
    const where = `${name}, seed ${seed}, round ${round}`
    try {
      const running = Array.from({ length: clients }, (_, client) =>
        recorder.runClient(new Random(seed + round * 1000 + client), operations),
      )
      // All of them, also when one fails: nobody is left to disturb what comes next.
      await Promise.allSettled(running)
      await Promise.all(running)
      await settle?.()
      await recorder.readAll()
    } catch (cause) {
      throw new Error(`${where}: ${String(cause)}`, { cause })
    }
    const verdict = checkHistory(recorder.history)
    if (!verdict.linearizable) throw new Error(`${where}: ${verdict.explanation}`)
    width = Math.max(width, verdict.width)
    all.push(...recorder.history)
  }
  const answers = countAnswers(all)
  const unknown = all.filter(({ action }) => isUnknown(action)).length
  console.info(
    `${name}: seed ${seed}, ${rounds} rounds, ${all.length} operations (${answers}), ` +
      `${unknown} of them unknown, up to ${width} courses at once, ${Date.now() - began} ms`,
  )
  return all
}

function countAnswers(history: readonly Operation[]): string {
  const counts = new Map<string, number>()
  for (const { action } of history) {
    const answer = 'answer' in action ? action.answer : action.op
    counts.set(answer, (counts.get(answer) ?? 0) + 1)
  }
  return [...counts].map(([answer, count]) => `${count} ${answer}`).join(', ')
}
