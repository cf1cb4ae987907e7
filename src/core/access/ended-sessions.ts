// Keeps a row for each session that somebody signed out of, until the session is over. Each sign-out deletes
// the rows of sessions that are over, so there are only as many rows as sign-outs within a session's length.
import { query, runBatch, type Statement } from '../database.ts'
import type { Session } from './session.ts'

/** A scalar query for whether the session with the id in the parameter has ended. */
export function hasEnded(parameter: string): string {
  return `EXISTS (SELECT 1 FROM ended_session WHERE id = ${parameter})`
}

/** @throws RegistryError storage-unavailable */
export async function isSessionEnded(db: D1Database, { id }: Session): Promise<boolean> {
  const statement = db.prepare(`SELECT ${hasEnded('?1')} AS ended`).bind(id)
  return (await query(() => statement.first('ended'))) === 1
}

/**
 * Ends a session: from now on a browser with its cookie is anonymous.
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

/** Deletes the rows of sessions that are over. @param now Unix milliseconds */
export function forgetEndedSessions(now: number): Statement {
  return ['DELETE FROM ended_session WHERE expires_at <= ?1', now]
}
