// How many rows D1 says that the statements of Worker and Durable Object read and write, sessions included.
import { env } from 'cloudflare:workers'
import { override } from './bindings.ts'

export interface RowsRead {
  rows: number
  written: number
  statements: number
}

/** Of all statements from now on. */
export function countRowsRead(): RowsRead {
  const seen: RowsRead = { rows: 0, written: 0, statements: 0 }
  const note = <T extends D1Result>(result: T): T => {
    seen.rows += result.meta.rows_read
    seen.written += result.meta.rows_written
    seen.statements++
    return result
  }
  const behind = new WeakMap<object, D1PreparedStatement>()
  const wrapStatement = (statement: D1PreparedStatement): D1PreparedStatement => {
    const own: Partial<D1PreparedStatement> = {
      bind: (...values) => wrapStatement(statement.bind(...values)),
      all: async <T>() => note(await statement.all<T>()),
      run: async <T>() => note(await statement.run<T>()),
      // D1 says nothing of the rows that `first` read.
      first: async (column?: string) => {
        const [row] = note(await statement.all<Record<string, unknown>>()).results
        if (row === undefined) return null
        return column === undefined ? row : row[column]
      },
    }
    const wrapped = replace(statement, own)
    behind.set(wrapped, statement)
    return wrapped
  }
  const wrapSession = <T extends Pick<D1Database, 'prepare' | 'batch'>>(session: T): T =>
    replace(session, {
      prepare: (sql: string) => wrapStatement(session.prepare(sql)),
      batch: async <R>(statements: D1PreparedStatement[]) => {
        const results = await session.batch<R>(statements.map((each) => behind.get(each) ?? each))
        return results.map(note)
      },
    })
  const db = replace(wrapSession(env.DB), {
    withSession: (constraint?: string) => wrapSession(env.DB.withSession(constraint)),
  })
  override({ DB: db })
  return seen
}

function replace<T extends object>(target: T, own: object): T {
  return new Proxy(target, {
    get(object, property) {
      if (Reflect.has(own, property)) return Reflect.get(own, property)
      const value: unknown = Reflect.get(object, property)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}
