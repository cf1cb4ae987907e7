// The database of one place for the Workers of another, over HTTP: what the platform does with its own network.

/** No path of the router. */
export const DATABASE_PATH = '/.bench/database'

type Value = string | number | null
type Sent = readonly [sql: string, ...values: Value[]]

export interface Spent {
  readonly statements: number
  readonly rows: number
  /** As the database says. */
  readonly ms: number
}

let spent: Spent = { statements: 0, rows: 0, ms: 0 }

/** At the place of the database. A GET says what was spent for other places since the GET before it. */
export async function runStatements(request: Request, database: D1Database): Promise<Response> {
  if (request.method === 'GET') {
    const answer = Response.json(spent)
    spent = { statements: 0, rows: 0, ms: 0 }
    return answer
  }
  const sent: readonly Sent[] = await request.json()
  const statements = sent.map(([sql, ...values]) => database.prepare(sql).bind(...values))
  const results = await database.batch(statements)
  for (const { meta } of results) {
    spent = {
      statements: spent.statements + 1,
      rows: spent.rows + meta.rows_read,
      ms: spent.ms + meta.duration,
    }
  }
  return Response.json(results)
}

const known = new WeakMap<object, Sent>()

function sentOf(statement: D1PreparedStatement): Sent {
  const sent = known.get(statement)
  if (sent === undefined) throw new Error('a statement of another database')
  return sent
}

/** At another place. @param url of the place of the database */
export function databaseAt(url: string): D1Database {
  async function run<T>(statements: readonly Sent[]): Promise<D1Result<T>[]> {
    const body = JSON.stringify(statements)
    const response = await fetch(`${url}${DATABASE_PATH}`, { method: 'POST', body })
    if (!response.ok) throw new Error(`${response.status} from the database`)
    return response.json()
  }
  function statementOf(sent: Sent): D1PreparedStatement {
    const all = async <T>() => {
      const [result] = await run<T>([sent])
      if (result === undefined) throw new Error('a statement without a result')
      return result
    }
    const [sql] = sent
    const statement = {
      bind: (...values: Value[]) => statementOf([sql, ...values]),
      all,
      run: all,
      async first<T>(column?: string) {
        const row = (await all<Record<string, T>>()).results[0]
        return row === undefined ? null : column === undefined ? row : row[column]
      },
    } as unknown as D1PreparedStatement
    known.set(statement, sent)
    return statement
  }
  const database = {
    prepare: (sql: string) => statementOf([sql]),
    batch: <T>(statements: D1PreparedStatement[]) => run<T>(statements.map(sentOf)),
    withSession: () => database,
  } as unknown as D1Database
  return database
}
