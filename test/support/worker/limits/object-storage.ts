// The SQLite of a Durable Object with the limits that Cloudflare documents and that the local runtime
// does not enforce: of a statement, its parameters and its rows.
import { exceeded } from './exceeded.ts'

/** Bytes of a statement's text. */
const STATEMENT_BYTES = 100_000
/** Bytes of a string, a BLOB or a row. */
const VALUE_BYTES = 2_000_000
const PARAMETERS = 100

/** For the class under test, whose storage is its own: the object's methods are replaced in place. */
export function limitObjectStorage({ sql }: DurableObjectStorage): void {
  const exec = sql.exec.bind(sql)
  const limit = (statement: string, ...values: unknown[]) => {
    const bytes = Buffer.byteLength(statement)
    if (bytes > STATEMENT_BYTES) throw exceeded(`a statement of ${bytes} bytes in an object`)
    if (values.length > PARAMETERS) throw exceeded(`${values.length} parameters in an object`)
    const row = values.reduce((sum: number, value) => sum + bytesOf(value), 0)
    if (row > VALUE_BYTES) throw exceeded(`a row of ${row} bytes in an object`)
    return exec(statement, ...values)
  }
  Object.defineProperty(sql, 'exec', { value: limit })
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? value.byteLength : 8
}
