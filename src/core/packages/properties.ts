// Searching by property: what an owner has that carries a name and a value.
import { query } from '../database.ts'
import type { Property } from './new-file.ts'

export interface PropertyMatch {
  readonly type: string
  /** What it is found by. */
  readonly packageName: string
  /** Null where the property is the package's. */
  readonly version: string | null
  /** The id of the file; null where the property is the version's or the package's. */
  readonly fileId: string | null
}

/** CROSS JOIN keeps SQLite from beginning with anything but the index of names and values. */
const MATCHES = `
  SELECT p.type, p.name AS packageName, v.version, f.id AS fileId
  FROM package_property q
  LEFT JOIN package_file f ON f.id = q.file_id
  LEFT JOIN package_version v ON v.id = coalesce(q.version_id, f.version_id)
  CROSS JOIN package p ON p.id = coalesce(q.package_id, v.package_id)
  WHERE q.owner_id = ?1 AND q.name = ?2 AND q.value = ?3
  ORDER BY q.id LIMIT ?4`

/**
 * The first matches in the order of their publication, at most `limit` of them.
 * @throws RegistryError storage-unavailable
 */
export async function findByProperty(
  db: D1Database,
  ownerId: string,
  { name, value }: Property,
  limit: number,
): Promise<readonly PropertyMatch[]> {
  const { results } = await query(() =>
    db.prepare(MATCHES).bind(ownerId, name, value, limit).all<PropertyMatch>(),
  )
  return results
}
