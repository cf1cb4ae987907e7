// The one place where an exception of D1 becomes a fault: a missing table is a deployment without
// its migrations, everything else an outage. Constraint failures are the commit's own business.
import { RegistryError } from './errors.ts'

export const MIGRATE =
  'apply the migrations: `npm start` does it locally, `npm run deploy` remotely'

/**
 * Runs a query and says what its failure means.
 * @throws RegistryError not-configured (no tables) or storage-unavailable
 */
export async function query<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    throw new RegistryError(faultOf(cause), { cause })
  }
}

function faultOf(cause: unknown) {
  return /no such (table|column)/.test(messageOf(cause))
    ? ({
        code: 'not-configured',
        cause: 'the database lacks its tables',
        remedy: MIGRATE,
      } as const)
    : ({
        code: 'storage-unavailable',
        detail: 'the database does not answer: try again',
      } as const)
}

/** The text of an error and of what caused it: drizzle wraps what D1 says. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`
}

/** Whether D1 refused a statement for a constraint, which means that nothing of its batch applied. */
export function isConstraintFailure(error: unknown, name = ''): boolean {
  const message = messageOf(error)
  return message.includes('SQLITE_CONSTRAINT') && message.includes(name)
}

/**
 * Whether D1 or a Durable Object refuses since it has too much to do. Who tries again then makes it worse for all,
 * and so each repetition is left to the client.
 */
export function isOverloaded(error: unknown): boolean {
  if (typeof error === 'object' && error !== null && Reflect.get(error, 'overloaded') === true) {
    return true
  }
  return /overloaded|too many requests queued/i.test(messageOf(error))
}

const FIRST_PAUSE_MS = 50

/**
 * Comes before a repetition. A random while, twice as long each time: those that failed together do not come back
 * together.
 * @param failures how many there were
 */
export async function backOff(failures: number): Promise<void> {
  await scheduler.wait(Math.random() * FIRST_PAUSE_MS * 2 ** failures)
}

/**
 * A batch whose answer was lost may land later still. One that could then bring back what was removed
 * since is refused so long after it was prepared, in milliseconds; within it that race is accepted.
 */
export const LANDING_MS = 30_000

/**
 * A batch that a constraint refused is sent again as often as that, each time after another's: so many writers
 * of one name come at once at most, each of whom gets through in the end.
 */
export const OVERTAKEN_TRIES = 20

/** One statement with its parameters, to be run with others in one batch. */
export type Statement = readonly [sql: string, ...parameters: (string | number | null)[]]

/** Runs statements in one transaction of the primary. Throws what D1 throws. */
export function runBatch<T = unknown>(
  db: D1Database,
  statements: readonly Statement[],
): Promise<D1Result<T>[]> {
  return db.batch<T>(statements.map(([sql, ...parameters]) => db.prepare(sql).bind(...parameters)))
}

/** An expression of SQL, and its parameters from ?1 on. */
export interface Condition {
  readonly sql: string
  readonly parameters: readonly (string | number | null)[]
}

/**
 * The statement that fails its batch, and with it all of it, unless each of them is true. To come before what depends on
 * them; `DELETE FROM expectation` ends the batch. D1 takes 100 parameters a statement.
 */
export function expectAll(conditions: readonly Condition[]): Statement {
  const parameters: (string | number | null)[] = []
  const texts = conditions.map(({ sql, parameters: own }) => {
    const before = parameters.length
    parameters.push(...own)
    return `(${sql.replace(/\?(\d+)/g, (_, number) => `?${before + Number(number)}`)})`
  })
  return [`INSERT INTO expectation (ok) SELECT ${texts.join(' AND ')}`, ...parameters]
}
