// The steps of a commit, in order, and a way to act when the repository's Durable Object reaches
// one of them: through its bindings and the class itself, so that src/ names no steps for tests.

import { env } from 'cloudflare:workers'
import { AsyncLocalStorage } from 'node:async_hooks'
import { onTestFinished, vi } from 'vitest'
import { Repository } from '../../../src/repository/object.ts'
import { override, wrapMethod } from './bindings.ts'
import { wrapCommits } from './commits.ts'

export const STEPS = [
  'staged',
  'snapshot read',
  'index put',
  'before the batch',
  'after the batch',
  'before the reply',
] as const
export type Step = (typeof STEPS)[number]

/** The object that reached the step. */
export interface Reached {
  /** Which of several that may run at once. */
  readonly instance: object
  /** As an eviction without mercy: nothing of the instance runs on, its callers get an error. */
  abort(): never
  /** Sends the batch that is about to be sent; also later, and by others. */
  sendBatch(): Promise<unknown>
}

type Act = (step: Step, reached: Reached) => Promise<void> | void

/** Calls `act` within the object whenever it comes to a step. */
export function atSteps(act: Act, database: D1Database = env.DB): void {
  const states = new AsyncLocalStorage<DurableObjectState>()
  const reach = (step: Step, sendBatch?: () => Promise<unknown>) => {
    const state = states.getStore()
    if (state === undefined) return
    return act(step, {
      instance: state,
      abort: () => {
        state.abort('planted')
        throw new Error('an aborted object ran on')
      },
      sendBatch: sendBatch ?? (() => Promise.reject(new Error('no batch at this step'))),
    })
  }
  const commit = Repository.prototype.commit
  const spy = vi.spyOn(Repository.prototype, 'commit')
  spy.mockImplementation(function (this: Repository, ...args) {
    // Protected, and the only way to the instance that answers this call.
    const { ctx } = this as unknown as { ctx: DurableObjectState }
    return states.run(ctx, async () => {
      await reach('staged')
      const result = await commit.apply(this, args)
      await reach('before the reply')
      return result
    })
  })
  onTestFinished(() => spy.mockRestore())
  const put = (async (key: string, ...rest: [ArrayBuffer]) => {
    const object = await env.BLOBS.put(key, ...rest)
    if (key.startsWith('indexes/')) await reach('index put')
    return object
  }) as R2Bucket['put']
  const db = wrapCommits(database, async (run) => {
    await reach('before the batch', run)
    const results = await run()
    await reach('after the batch')
    return results
  })
  override({
    BLOBS: wrapMethod(env.BLOBS, 'put', put),
    DB: wrapSnapshots(db, () => reach('snapshot read')),
  })
}

/** A snapshot is the batch that begins with the head; commits never do. */
function wrapSnapshots(db: D1Database, read: () => Promise<void> | void): D1Database {
  const heads = new WeakSet<object>()
  const prepare: D1Database['prepare'] = (sql) => {
    const statement = db.prepare(sql)
    if (!sql.startsWith('SELECT id, head, revision, recent FROM repository')) return statement
    return wrapMethod(statement, 'bind', (...values: unknown[]) => {
      const bound = statement.bind(...values)
      heads.add(bound)
      return bound
    })
  }
  const batch = (async (statements: D1PreparedStatement[]) => {
    const results = await db.batch(statements)
    if (statements.some((statement) => heads.has(statement))) await read()
    return results
  }) as D1Database['batch']
  return wrapMethod(wrapMethod(db, 'prepare', prepare), 'batch', batch)
}

/**
 * Two objects wait for each other before their batches, so that both prepared on the same state.
 * @returns how many batches and how many objects came to that step
 */
export function meetBeforeBatches(): () => { batches: number; objects: number } {
  const waiting = new Set<object>()
  let batches = 0
  atSteps(async (step, { instance }) => {
    if (step !== 'before the batch') return
    batches++
    waiting.add(instance)
    while (waiting.size < 2) await new Promise((resolve) => setTimeout(resolve, 2))
  })
  return () => ({ batches, objects: waiting.size })
}
