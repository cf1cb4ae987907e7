// Which statements the Worker sends to D1, sessions included.
import { env } from 'cloudflare:workers'
import { override, wrapMethod } from './bindings.ts'

/** The statements' texts, in the order in which they are prepared from now on. */
export function recordStatements(): string[] {
  const statements: string[] = []
  const record =
    (prepare: D1Database['prepare']): D1Database['prepare'] =>
    (sql) => {
      statements.push(sql)
      return prepare(sql)
    }
  const withSession: D1Database['withSession'] = (constraint) => {
    const session = env.DB.withSession(constraint)
    return wrapMethod(session, 'prepare', record(session.prepare.bind(session)))
  }
  const db = wrapMethod(env.DB, 'prepare', record(env.DB.prepare.bind(env.DB)))
  override({ DB: wrapMethod(db, 'withSession', withSession) })
  return statements
}
