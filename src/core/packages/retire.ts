// Names that stay taken after a removal, for types whose publishes say so: what was installed under a name never
// becomes something else. As in immutable repositories, but by package and version, where there is no repository.
import { type Condition, query, type Statement } from '../database.ts'
import type { NewFile } from './new-file.ts'
import type { PackagePlace } from './place.ts'

const OF_VERSION = `
  SELECT 1 FROM retired_version
  WHERE owner_id = ?1 AND type = ?2 AND package_name = ?3 AND version = ?4`

const OF_FILE = `${OF_VERSION} AND composite_key = ?5 AND file_name = ?6`

/** What carries one content for good: a version that comes with its file, or each file of a version. */
export type Named = 'version' | 'file'

/** Whether the name carried other bytes than ?7, and not these. */
function retired(named: Named): string {
  const taken = named === 'version' ? OF_VERSION : OF_FILE
  return `EXISTS (${taken}) AND NOT EXISTS (${OF_FILE} AND sha256 = ?7)`
}

function valuesOf({ ownerId, type }: PackagePlace, file: NewFile) {
  const { packageName, version, compositeKey, fileName, blob } = file
  return [ownerId, type, packageName, version, compositeKey, fileName, blob.sha256] as const
}

/**
 * A query for the spelling that a package has, or had before all of its files were removed: ?1 to ?3 are owner, type
 * and name. Null where there was none, or any will do.
 */
export const SPELLING = `SELECT coalesce(
  (SELECT coalesce(display_name, name) FROM package WHERE owner_id = ?1 AND type = ?2 AND name = ?3),
  (SELECT spelling FROM retired_version
   WHERE owner_id = ?1 AND type = ?2 AND package_name = ?3 AND spelling IS NOT NULL LIMIT 1))`

/** @throws RegistryError storage-unavailable */
export async function readSpelling(
  db: D1Database,
  { ownerId, type }: PackagePlace,
  { packageName }: NewFile,
): Promise<string | null> {
  const statement = db.prepare(`SELECT (${SPELLING}) AS it`).bind(ownerId, type, packageName)
  return query(() => statement.first<string>('it'))
}

/** What has to hold before the file is inserted. */
export function notRetired(place: PackagePlace, named: Named, file: NewFile): Condition {
  return { sql: `NOT (${retired(named)})`, parameters: valuesOf(place, file) }
}

/** @throws RegistryError storage-unavailable */
export async function isRetired(
  db: D1Database,
  place: PackagePlace,
  named: Named,
  file: NewFile,
): Promise<boolean> {
  const statement = db.prepare(`SELECT ${retired(named)} AS it`).bind(...valuesOf(place, file))
  return (await query(() => statement.first<number>('it'))) === 1
}

/**
 * To come before files are deleted that are in no repository.
 * @param ids JSON array
 */
export function retireFiles(ids: string): Statement {
  return [
    `INSERT INTO retired_version
       (owner_id, type, package_name, version, composite_key, file_name, sha256, spelling)
     SELECT p.owner_id, p.type, p.name, v.version, f.composite_key, f.name, f.blob_sha256,
       coalesce(p.display_name, p.name)
     FROM json_each(?1) j
     CROSS JOIN package_file f ON f.id = j.value AND f.keeps_name
     CROSS JOIN package_version v ON v.id = f.version_id
     CROSS JOIN package p ON p.id = v.package_id
     WHERE true ON CONFLICT DO NOTHING`,
    ids,
  ]
}
