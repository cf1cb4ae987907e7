// What a publish does that takes the place of a file of its name, as Maven's snapshots and their metadata do: in
// the same batch the file of before goes, and nobody sees the name without a file.
import { query, type Statement } from '../database.ts'
import { subtractFiles } from '../quota/statements.ts'
import type { NewFile } from './new-file.ts'
import type { PackagePlace } from './place.ts'

/** The file that has the name now. */
export interface Replaced {
  readonly id: string
  readonly sha256: string
}

const NAMED = `
  SELECT f.id, f.blob_sha256 AS sha256 FROM package p
  JOIN package_version v ON v.package_id = p.id AND v.version = ?4
  JOIN package_file f ON f.version_id = v.id AND f.composite_key = ?5 AND f.name = ?6
  WHERE p.owner_id = ?1 AND p.type = ?2 AND p.name = ?3`

function namesOf({ ownerId, type }: PackagePlace, file: NewFile) {
  const { packageName, version, compositeKey, fileName } = file
  return [ownerId, type, packageName, version, compositeKey, fileName] as const
}

/** @throws RegistryError storage-unavailable */
export async function findReplaced(
  db: D1Database,
  place: PackagePlace,
  file: NewFile,
): Promise<Replaced | undefined> {
  const statement = db.prepare(NAMED).bind(...namesOf(place, file))
  return (await query(() => statement.first<Replaced>())) ?? undefined
}

/** To come first: what goes makes room. They fail where another file has the name by then, or none. */
export function removeReplaced(
  place: PackagePlace,
  file: NewFile,
  replaced: Replaced | undefined,
  now: number,
): Statement[] {
  const expected: Statement = [
    `INSERT INTO expectation (ok) SELECT (SELECT id FROM (${NAMED})) IS ?7`,
    ...namesOf(place, file),
    replaced?.id ?? null,
  ]
  if (replaced === undefined) return [expected]
  return [
    expected,
    ...subtractFiles(place.ownerId, JSON.stringify([replaced.id]), now),
    ['DELETE FROM package_file WHERE id = ?1', replaced.id],
  ]
}
