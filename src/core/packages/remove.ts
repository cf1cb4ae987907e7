// Removes files wherever they are: those of a repository through its Durable Object, whose index they
// leave at the same instant; those without one by one D1 batch. What spans repositories is a sequence
// of commits, safe to repeat.
import type { OwnerRow } from '../access/decide.ts'
import { addressOf, type RepositoryObjects } from '../commit/change.ts'
import { commitChange } from '../commit/client.ts'
import { backOff, isConstraintFailure, isOverloaded, query, runBatch } from '../database.ts'
import { RegistryError } from '../errors.ts'
import { timeOrderedId } from '../ids.ts'
import { logRemoval, subtractFiles } from '../quota/statements.ts'
import type { PackagePlace } from './place.ts'
import { restFiles } from './rest.ts'
import { retireFiles } from './retire.ts'
import { type DeletedFile, dropOrphans } from './rows.ts'
import { changeCollection } from './state.ts'

/** A file as the rows had it when it was looked up. */
export interface RemovableFile extends DeletedFile {
  readonly id: string
  readonly name: string
  readonly architecture: string
  /** The name of its repository; null without one. */
  readonly repository: string | null
}

export interface Removal {
  readonly db: D1Database
  readonly objects: RepositoryObjects
  readonly owner: OwnerRow
  readonly type: string
  readonly files: readonly RemovableFile[]
  /** The id of an access token, or `admin`. */
  readonly removedBy: string
}

/** Which files: all of a package, of a version, or those of one name in a version. */
export type FileSelection =
  | { readonly packageName: string; readonly version?: never; readonly fileName?: never }
  | { readonly packageName: string; readonly version: string; readonly fileName?: string }

/** So many are found and removed at a time. */
export const REMOVED_AT_ONCE = 1000

/** @throws RegistryError storage-unavailable */
export async function findRemovableFiles(
  db: D1Database,
  { ownerId, type }: PackagePlace,
  { packageName, version, fileName }: FileSelection,
): Promise<readonly RemovableFile[]> {
  const sql = `
    SELECT f.id, f.name, f.architecture, p.name AS packageName, v.version,
      f.blob_sha256 AS sha256, r.name AS repository
    FROM package p
    JOIN package_version v ON v.package_id = p.id ${version === undefined ? '' : 'AND v.version = ?4'}
    JOIN package_file f ON f.version_id = v.id ${fileName === undefined ? '' : 'AND f.name = ?5'}
    LEFT JOIN repository r ON r.id = f.repository_id
    WHERE p.owner_id = ?1 AND p.type = ?2 AND p.name = ?3
    LIMIT ${REMOVED_AT_ONCE}`
  const names = [packageName, ...(version === undefined ? [] : [version, fileName ?? []].flat())]
  const statement = db.prepare(sql).bind(ownerId, type, ...names)
  return (await query(() => statement.all<RemovableFile>())).results
}

/**
 * How many of the files were there to be removed; the others had gone meanwhile.
 * @throws RegistryError outcome-unknown, or what a repository's commit refuses with: the rest may
 *   remain, and the same request removes it
 */
export async function removeFiles(removal: Removal): Promise<number> {
  const loose = removal.files.filter((file) => file.repository === null)
  let removed = loose.length === 0 ? 0 : await removeLoose(removal, loose)
  const repositories = new Set(removal.files.flatMap((file) => file.repository ?? []))
  for (const repository of repositories) removed += await removeFrom(removal, repository)
  return removed
}

/** All at once: the repository puts them into as few commits as it can. */
async function removeFrom(removal: Removal, repository: string): Promise<number> {
  const { objects, owner, type, removedBy: createdBy } = removal
  const address = addressOf(owner, type, repository)
  const ends = await Promise.allSettled(
    removal.files
      .filter((file) => file.repository === repository)
      .map(({ id: fileId, name: fileName }) => {
        const changeId = timeOrderedId(Date.now())
        const change = { op: 'remove', changeId, fileId, fileName, createdBy } as const
        return commitChange({ objects, address, change })
      }),
  )
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return ends.filter((end) => end.status === 'fulfilled' && end.value.outcome === 'committed')
    .length
}

const TRIES = 3

/** D1 counts with its changes what triggers and other tables do. */
const DELETE_FILES =
  'DELETE FROM package_file WHERE id IN (SELECT value FROM json_each(?1)) RETURNING id'

/** To remove twice is to remove once, so a lost answer is simply asked for again. */
async function removeLoose(
  { db, owner, type, removedBy }: Removal,
  files: readonly RemovableFile[],
): Promise<number> {
  const ids = JSON.stringify(files.map((file) => file.id))
  const place = { ownerId: owner.id, type }
  let lost = false
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      const now = Date.now()
      const [, , , , , , deleted] = await runBatch(db, [
        ...logRemoval(owner.id, ids, removedBy, now),
        ...subtractFiles(owner.id, ids, now),
        retireFiles(ids),
        restFiles(ids),
        [DELETE_FILES, ids],
        ...dropOrphans(place, files, now),
        changeCollection(
          place,
          now,
          files.map((file) => file.id),
        ),
      ])
      return lost ? files.length : (deleted?.results.length ?? 0)
    } catch (error) {
      lost ||= !isConstraintFailure(error)
      console.error('a removal got no answer:', String(error))
      if (isOverloaded(error)) break
      await backOff(attempt)
    }
  }
  throw new RegistryError({ code: 'outcome-unknown' })
}
