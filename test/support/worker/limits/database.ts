// D1 with the limits that Cloudflare documents and that the local simulator does not enforce. The calls
// go to whatever database a test has put in the place of the real one.
import { exceeded } from './exceeded.ts'
import { type Methods, wrapMethods } from './wrap-methods.ts'

/** Bytes of a statement's text. */
const STATEMENT_BYTES = 100_000
/** Bytes of a string, a BLOB or a row. */
const VALUE_BYTES = 2_000_000
const PARAMETERS = 100
/** Each statement of a batch is one. */
const QUERIES_PER_INVOCATION = 1000
/** Bytes of all rows that a statement gives. */
const RESULT_BYTES = 50_000_000

/** One request to the Worker, one run of its cron, or one call of a Durable Object. */
export interface Invocation {
  queries: number
}

type Session = Pick<D1Database, 'prepare' | 'batch'>

interface Limited {
  /** The statement that the database below made. */
  readonly statement: D1PreparedStatement
  readonly fault: string | undefined
}

const limited = new WeakMap<object, Limited>()

export function limitDatabase(db: D1Database, invocation: Invocation): D1Database {
  return wrapMethods(db, {
    ...sessionMethods(db, invocation),
    withSession: (...values) => {
      const session = db.withSession(...(values as Parameters<D1Database['withSession']>))
      return wrapMethods(session, sessionMethods(session, invocation))
    },
  })
}

function sessionMethods(session: Session, invocation: Invocation): Methods<Session> {
  return {
    prepare: (sql) => {
      const bytes = Buffer.byteLength(String(sql))
      const fault = bytes > STATEMENT_BYTES ? `a statement of ${bytes} bytes` : undefined
      return limitStatement(session.prepare(String(sql)), fault, invocation)
    },
    batch: async (values) => {
      const statements = values as D1PreparedStatement[]
      const below = statements.map(
        (each) => limited.get(each) ?? { statement: each, fault: undefined },
      )
      count(invocation, below.length)
      for (const { fault } of below) refuse(fault)
      const results = await session.batch<Record<string, unknown>>(
        below.map((each) => each.statement),
      )
      for (const { results: rows } of results) measureRows(rows)
      return results
    },
  }
}

function limitStatement(
  statement: D1PreparedStatement,
  fault: string | undefined,
  invocation: Invocation,
): D1PreparedStatement {
  const begin = () => {
    count(invocation, 1)
    refuse(fault)
  }
  const wrapped = wrapMethods(statement, {
    bind: (...values) =>
      limitStatement(statement.bind(...values), fault ?? faultOf(values), invocation),
    first: async (...values) => {
      begin()
      const found = await statement.first<Record<string, unknown>>(...(values as []))
      measureRows(found === null ? [] : [found])
      return found
    },
    all: async () => {
      begin()
      const result = await statement.all<Record<string, unknown>>()
      measureRows(result.results)
      return result
    },
    run: async () => {
      begin()
      const result = await statement.run<Record<string, unknown>>()
      measureRows(result.results)
      return result
    },
    raw: async (...values) => {
      begin()
      const rows = await statement.raw<unknown[]>(...(values as []))
      measureRows(rows)
      return rows
    },
  })
  limited.set(wrapped, { statement, fault })
  return wrapped
}

function count(invocation: Invocation, queries: number): void {
  invocation.queries += queries
  if (invocation.queries > QUERIES_PER_INVOCATION) {
    throw exceeded(`${invocation.queries} queries in one invocation`)
  }
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw exceeded(fault)
}

function faultOf(values: readonly unknown[]): string | undefined {
  if (values.length > PARAMETERS) return `${values.length} parameters of a statement`
  const bytes = Math.max(0, ...values.map(bytesOf))
  return bytes > VALUE_BYTES ? `a parameter of ${bytes} bytes` : undefined
}

function measureRows(rows: readonly unknown[]): void {
  let total = 0
  for (const row of rows) {
    const bytes = typeof row === 'object' && row !== null ? sumOf(Object.values(row)) : bytesOf(row)
    if (bytes > VALUE_BYTES) throw exceeded(`a row of ${bytes} bytes`)
    total += bytes
  }
  if (total > RESULT_BYTES) throw exceeded(`a result of ${total} bytes`)
}

function sumOf(values: readonly unknown[]): number {
  return values.reduce((sum: number, value) => sum + bytesOf(value), 0)
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength
  return Array.isArray(value) ? value.length : 8
}
