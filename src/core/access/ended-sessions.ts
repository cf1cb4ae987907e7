// The rows of sessions that were signed out of. There are as many as sign-outs within the length of a
// session: each takes along those that are over.
import { query, runBatch, type Statement } from '../database.ts'
import type { Session } from './session.ts'

/** Whether the session of the parameter has ended, as a scalar query. */
export function hasEnded(parameter: string): string {
  return `EXISTS (SELECT 1 FROM ended_session WHERE id = ${parameter})`
}

/** @throws RegistryError storage-unavailable */
export async function isSessionEnded(db: D1Database, { id }: Session): Promise<boolean> {
  const statement = db.prepare(`SELECT ${hasEnded('?1')} AS ended`).bind(id)
  return (await query(() => statement.first('ended'))) === 1
}

/**
 * Ends a session: from now on whoever has its cookie is nobody.
 * @param now Unix milliseconds
 * @throws RegistryError storage-unavailable
 */
export async function endSession(
  db: D1Database,
  { id, expiresAt }: Session,
  now: number,
): Promise<void> {
  const insert = 'INSERT INTO ended_session (id, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING'
  await query(() => runBatch(db, [forgetEndedSessions(now), [insert, id, expiresAt]]))
}

/** Those that are over. @param now Unix milliseconds */
export function forgetEndedSessions(now: number): Statement {
  return ['DELETE FROM ended_session WHERE expires_at <= ?1', now]
}
