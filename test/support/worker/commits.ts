// Stands between the registry and D1 at the one batch that makes a commit visible.
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
