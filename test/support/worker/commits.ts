// Stands between the registry and D1 at the one batch that makes a commit visible, and between the Worker and
// the Durable Object that answers for it.
import { env } from 'cloudflare:workers'
import { override, wrapMethod } from './bindings.ts'

type Batch = D1Database['batch']

/** Passes every batch on but the commits, recognised by their fence, which go to `commit`. */
export function interceptCommits(commit: (run: () => ReturnType<Batch>) => Promise<unknown>): void {
  override({ DB: wrapCommits(env.DB, commit) })
}

/** The same for any database. */
export function wrapCommits(
  db: D1Database,
  commit: (run: () => ReturnType<Batch>) => Promise<unknown>,
): D1Database {
  const seen = new WeakSet<object>()
  const prepare: D1Database['prepare'] = (sql) => {
    const statement = db.prepare(sql)
    if (!sql.startsWith('INSERT INTO expectation')) return statement
    return wrapMethod(statement, 'bind', (...values: unknown[]) => {
      const bound = statement.bind(...values)
      seen.add(bound)
      return bound
    })
  }
  const batch = ((statements: D1PreparedStatement[]) => {
    const run = () => db.batch(statements)
    return statements.some((statement) => seen.has(statement)) ? commit(run) : run()
  }) as Batch
  return wrapMethod(wrapMethod(db, 'prepare', prepare), 'batch', batch)
}

/**
 * Loses the first answer that the Durable Object gives to the Worker; its commit has taken effect.
 * @param lost called at that moment
 */
export function loseFirstReply(lost: () => void = () => {}): void {
  let isLost = false
  const getByName = (name: string) => {
    const stub = env.REPOSITORY.getByName(name)
    return {
      commit: async (...args: Parameters<typeof stub.commit>) => {
        const result = await stub.commit(...args)
        if (isLost) return result
        isLost = true
        lost()
        throw new Error('the reply was lost')
      },
    }
  }
  override({ REPOSITORY: wrapMethod(env.REPOSITORY, 'getByName', getByName as never) })
}
