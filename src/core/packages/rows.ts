// The statements that put files into the rows of an owner's packages and take them out again, as
// parts of the caller's batch. Set-based over `json_each`, so that the number of statements and
// parameters does not grow with the files. Rows that files share (package, version, blob) are found
// by natural key, never by an id read earlier, since another batch may touch them in between. CROSS
// JOIN makes SQLite begin with the files: it would read all packages of the owner first.
import type { StagedBlob } from '../blobs/staged-blob.ts'
import type { Statement } from '../database.ts'
import { FURTHER_DIGESTS } from '../digests.ts'
import { changeMetadata } from '../quota/statements.ts'
import { tagBytes } from '../quota/weights.ts'
import { HAS_FILE, moveFallenTags, settleWithdrawn } from './latest.ts'
import { metadataBytesOf, type NewFile, partOf } from './new-file.ts'
import { pointTags } from './new-tags.ts'
import type { PackagePlace } from './place.ts'
import { insertReadme } from './readme.ts'
import {
  changeCollection,
  changedColumns,
  changePackages,
  NEW_STATE,
  wholeSecond,
} from './state.ts'

/** What is left to tidy up after a file that was deleted. */
export interface DeletedFile {
  readonly packageName: string
  readonly version: string
  readonly sha256: string
}

/**
 * Inserts files with what they need. Fails with a constraint where one has the name already.
 * @param repositoryId null for types without repositories
 * @param now Unix milliseconds
 * @param keepNames whether their names stay taken, whatever removes them later (retire.ts)
 */
export function insertFiles(
  place: PackagePlace,
  repositoryId: string | null,
  files: readonly NewFile[],
  now: number,
  keepNames = false,
): Statement[] {
  if (files.length === 0) return []
  return [
    ...insertPackages(place, files, now),
    ...insertBlobs(files, now),
    insertFileRows(place, repositoryId, files, now, keepNames),
    ...insertProperties(place, files),
    ...files.flatMap(insertReadme),
    ...files.flatMap(insertMarks),
    ...pointTags(place, files),
    ...(repositoryId === null ? [changeCollection(place, now)] : []),
  ]
}

function insertPackages({ ownerId, type }: PackagePlace, files: readonly NewFile[], now: number) {
  const names = JSON.stringify(
    files.map(({ packageName, version, display, order }) => [
      ...[packageName, version, display?.packageName, display?.version],
      ...[order?.key ?? '', Number(order?.prerelease ?? false)],
    ]),
  )
  return [
    [
      `INSERT INTO package (owner_id, type, name, display_name, created_at, state, changed_at)
       SELECT ?1, ?2, value ->> 0, value ->> 2, ?3, ${NEW_STATE}, ${wholeSecond('?3')} FROM (
         SELECT value, min(key) FROM json_each(?4) GROUP BY value ->> 0) WHERE true
       ON CONFLICT (owner_id, type, name) DO UPDATE SET ${changedColumns('package', '?3')}`,
      ownerId,
      type,
      now,
      names,
    ],
    [
      // A file that comes has no mark yet, so that its version is not withdrawn as a whole.
      `INSERT INTO package_version
         (package_id, version, display_version, created_at, order_key, prerelease)
       SELECT DISTINCT p.id, j.value ->> 1, j.value ->> 3, ?3, j.value ->> 4, j.value ->> 5
       FROM json_each(?4) j
       CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0 WHERE true
       ON CONFLICT (package_id, version) DO UPDATE SET withdrawn = 0
       WHERE package_version.withdrawn`,
      ownerId,
      type,
      now,
      names,
    ],
  ] satisfies Statement[]
}

/** A type may take digests that the one which brought the content first does not. */
const FILL_IN = FURTHER_DIGESTS.map(
  (each) => `, ${each} = iif(package_blob.${each} = '', excluded.${each}, package_blob.${each})`,
).join('')

function insertBlobs(files: readonly NewFile[], now: number) {
  const blobs = JSON.stringify(
    files.map(({ blob: b }) => [b.sha256, b.sha1, b.sha512, b.md5, b.r2Key, b.size]),
  )
  return [
    [
      // A content that no file had may have lost its object (a restored database): the bytes that
      // just came take its place, and the old object goes. Unless they are the same, as when a batch
      // whose answer was lost is sent again.
      `INSERT INTO garbage (r2_key, due_at)
       SELECT b.r2_key, ?1 FROM json_each(?2) j
       CROSS JOIN package_blob b ON b.sha256 = j.value ->> 0 AND b.unreferenced_at IS NOT NULL
         AND b.r2_key <> j.value ->> 4
       WHERE true ON CONFLICT DO NOTHING`,
      now,
      blobs,
    ],
    [
      `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?1
       FROM json_each(?2) WHERE true
       ON CONFLICT (sha256) DO UPDATE SET unreferenced_at = NULL, r2_key =
         iif(package_blob.unreferenced_at IS NULL, package_blob.r2_key, excluded.r2_key)${FILL_IN}`,
      now,
      blobs,
    ],
  ] satisfies Statement[]
}

function insertFileRows(
  { ownerId, type }: PackagePlace,
  repositoryId: string | null,
  files: readonly NewFile[],
  now: number,
  keepNames: boolean,
): Statement {
  return [
    `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture, part, name,
       display_name, blob_sha256, metadata, metadata_bytes, created_by, created_at, keeps_name)
     SELECT j.value ->> 'changeId', v.id, ?3, j.value ->> 'compositeKey',
       j.value ->> 'architecture', iif(?3 IS NULL, '', j.value ->> 'part'), j.value ->> 'fileName', j.value ->> 'display',
       j.value ->> 'blob', j.value ->> 'metadata', j.value ->> 'metadataBytes', j.value ->> 'createdBy', ?4, ?6
     FROM json_each(?5) j
     CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 'packageName'
     CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 'version'`,
    ownerId,
    type,
    repositoryId,
    now,
    JSON.stringify(
      files.map((newFile) => {
        const {
          properties: _,
          order: __,
          tags: ___,
          readme: ____,
          marks: _____,
          display,
          blob,
          ...file
        } = newFile
        const metadataBytes = metadataBytesOf(newFile)
        return {
          ...file,
          part: partOf(file),
          metadataBytes,
          display: display?.fileName,
          blob: blob.sha256,
        }
      }),
    ),
    Number(keepNames),
  ]
}

function insertProperties({ ownerId, type }: PackagePlace, files: readonly NewFile[]): Statement[] {
  const rows = files.flatMap(({ changeId, packageName, version, properties }) => [
    ...(properties.package ?? []).map((p) => [packageName, null, null, p.name, p.value]),
    ...(properties.version ?? []).map((p) => [packageName, version, null, p.name, p.value]),
    ...(properties.file ?? []).map((p) => [null, null, changeId, p.name, p.value]),
  ])
  if (rows.length === 0) return []
  return [
    [
      `INSERT INTO package_property (owner_id, package_id, version_id, file_id, name, value)
       SELECT ?1, iif(j.value ->> 1 IS NULL, p.id, NULL), v.id, j.value ->> 2, j.value ->> 3,
         j.value ->> 4
       FROM json_each(?3) j
       LEFT JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0
       LEFT JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 1
       WHERE true ON CONFLICT DO NOTHING`,
      ownerId,
      type,
      JSON.stringify(rows),
    ],
  ]
}

/** One statement for each that has some, which few have. */
function insertMarks({ changeId, marks }: NewFile): Statement[] {
  if (marks === undefined) return []
  const sql = `INSERT INTO package_mark (file_id, name, value, withdraws)
    SELECT ?1, key, value, 0 FROM json_each(?2)`
  return [[sql, changeId, JSON.stringify(marks)]]
}

/**
 * Deletes the versions and packages that have no file left, withdraws versions whose other files are, gives the
 * packages a new state, and marks contents that nobody uses.
 */
export function dropOrphans(
  { ownerId, type }: PackagePlace,
  deleted: readonly DeletedFile[],
  now: number,
): Statement[] {
  if (deleted.length === 0) return []
  const names = JSON.stringify(deleted.map((file) => [file.packageName, file.version]))
  const versions = `SELECT v.id FROM json_each(?3) j
    CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0
    CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 1`
  return [
    [
      settleWithdrawn(`id IN (${versions}) AND ${HAS_FILE('package_version.id')}`),
      ownerId,
      type,
      names,
    ],
    [moveFallenTags(`IN (${versions})`), ownerId, type, names],
    [
      changeMetadata(`
        SELECT -${tagBytes('t.name')} AS bytes FROM package_tag t
        WHERE t.version_id IN (${versions}) AND NOT ${HAS_FILE('t.version_id')}`),
      ownerId,
      type,
      names,
    ],
    [
      `DELETE FROM package_version WHERE id IN (${versions})
       AND NOT EXISTS (SELECT 1 FROM package_file f WHERE f.version_id = package_version.id)`,
      ownerId,
      type,
      names,
    ],
    [
      `DELETE FROM package WHERE owner_id = ?1 AND type = ?2
       AND name IN (SELECT value ->> 0 FROM json_each(?3))
       AND NOT EXISTS (SELECT 1 FROM package_version v WHERE v.package_id = package.id)`,
      ownerId,
      type,
      names,
    ],
    changePackages({ ownerId, type }, names, now),
    releaseBlobs(deleted, now),
  ]
}

/** Marks contents that no file has any more: to come when the files are deleted. */
export function releaseBlobs(
  deleted: readonly Pick<DeletedFile, 'sha256'>[],
  now: number,
): Statement {
  return [
    `UPDATE package_blob SET unreferenced_at = ?1
     WHERE sha256 IN (SELECT value FROM json_each(?2))
     AND NOT EXISTS (SELECT 1 FROM package_file f WHERE f.blob_sha256 = package_blob.sha256)`,
    now,
    JSON.stringify(deleted.map((file) => file.sha256)),
  ]
}

/** The staged objects among the keys that a blob names by now: reads what the batch before did. */
export function selectKept(files: readonly NewFile[]): Statement {
  return [
    'SELECT r2_key FROM package_blob WHERE r2_key IN (SELECT value FROM json_each(?1))',
    JSON.stringify(files.map((file) => file.blob.r2Key)),
  ]
}

/** The duplicates among the staged, by what `selectKept` found: their content is stored under another key. */
export function duplicatesOf(
  files: readonly NewFile[],
  kept: D1Result<{ r2_key: string }> | undefined,
): StagedBlob[] {
  const keys = new Set(kept?.results.map((row) => row.r2_key))
  return files.map((file) => file.blob).filter((blob) => !keys.has(blob.r2Key))
}
