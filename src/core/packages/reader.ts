// Where listings are read: a replica may be a moment behind, which a list of public packages bears.
// What is private, and whatever decides something, is read from the primary.
import { query } from '../database.ts'
import type { Visibility } from '../owners.ts'

/** A database, or a session of one. */
export type Reader = Pick<D1Database, 'prepare' | 'batch'>

/** What lists and pages of an owner are read from: for public ones whichever replica is near. */
export function listingReader(db: D1Database, visibility: Visibility): Reader {
  return visibility === 'public' ? db.withSession('first-unconstrained') : db
}

export type Parameter = string | number

/** A statement of a read, with its parameters in the order of their numbers. */
export type Read = readonly [sql: string, ...parameters: Parameter[]]

/**
 * The rows of several reads that see one state of the database.
 * @throws RegistryError storage-unavailable, not-configured
 */
export async function readAll<T extends readonly unknown[]>(
  reader: Reader,
  reads: { readonly [I in keyof T]: Read },
): Promise<{ readonly [I in keyof T]: readonly T[I][] }> {
  const statements = reads.map(([sql, ...parameters]) => reader.prepare(sql).bind(...parameters))
  const results = await query(() => reader.batch(statements))
  // The one place where a statement's word is taken for the shape of its rows.
  return results.map((result) => result.results) as { [I in keyof T]: T[I][] }
}
