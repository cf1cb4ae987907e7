// What there is already of the names that the files of a new version have.
import { query, runBatch, type Statement } from '../database.ts'
import { VERSION_EXISTS } from './create.ts'
import type { NewFile } from './new-file.ts'
import { MADE } from './package-change.ts'
import type { PackagePlace } from './place.ts'
import { SPELLING } from './retire.ts'

interface Wanted {
  readonly db: D1Database
  readonly place: PackagePlace
  /** Of one version. */
  readonly files: readonly [NewFile, ...NewFile[]]
  readonly changeId: string
}

/** One of those that have a name of the new files. */
export interface ExistingFile {
  /** The place of the new file. */
  readonly at: number
  readonly id: string
  readonly sha256: string
}

export interface Existing {
  /** Whether the change was made: a batch whose answer was lost. */
  readonly applied: boolean
  readonly versionExists: boolean
  /** Of the package; null where there is none. */
  readonly spelling: string | null
  readonly files: readonly ExistingFile[]
}

/** ?5 are the composite keys and names of the files. */
const NAMED = `
  SELECT j.key AS at, f.id, f.blob_sha256 AS sha256 FROM json_each(?5) j
  CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = ?3
  CROSS JOIN package_version v ON v.package_id = p.id AND v.version = ?4
  CROSS JOIN package_file f ON f.version_id = v.id AND f.composite_key = j.value ->> 0
    AND f.name = j.value ->> 1`

/** The ids of all of them, in the order of the new files. */
const NAMED_IDS = `(SELECT json_group_array(id) FROM (SELECT id FROM (${NAMED}) ORDER BY at))`

function namesOf({ place: { ownerId, type }, files }: Wanted) {
  const [{ packageName, version }] = files
  const names = files.map(({ compositeKey, fileName }) => [compositeKey, fileName])
  return [ownerId, type, packageName, version, JSON.stringify(names)] as const
}

/** @throws RegistryError storage-unavailable */
export async function findExisting(creating: Wanted): Promise<Existing> {
  const results = await query(() =>
    runBatch<ExistingFile & PackageRow>(creating.db, [
      [NAMED, ...namesOf(creating)],
      [PACKAGE, ...namesOf(creating).slice(0, 4), creating.changeId],
    ]),
  )
  const row = results[1]?.results[0]
  return {
    files: results[0]?.results ?? [],
    applied: row?.applied === 1,
    versionExists: row?.versionExists === 1,
    spelling: row?.spelling ?? null,
  }
}

interface PackageRow {
  readonly applied: number | null
  readonly spelling: string | null
  readonly versionExists: number
}

const PACKAGE = `
  SELECT (${MADE('?5')}) AS applied, (${SPELLING}) AS spelling, 
    EXISTS (${VERSION_EXISTS}) AS versionExists`

/** To come before any of the files is inserted: fails where others brought or removed files of the names. */
export function expectExisting(wanted: Wanted, existing: readonly ExistingFile[]): Statement {
  return [
    `INSERT INTO expectation (ok) SELECT ${NAMED_IDS} = ?6`,
    ...namesOf(wanted),
    JSON.stringify(existing.toSorted((a, b) => a.at - b.at).map(({ id }) => id)),
  ]
}
