// Names of files that were removed of late. They carry no other bytes until no place on the edge can remember
// what they had; the same bytes may come back at once. They are kept by the owner's and the repository's names,
// since both can be made anew within the time. Those of files without a repository are in core/packages/rest.ts.
import type { Statement } from '../database.ts'
import type { Fault } from '../errors.ts'

/** By the database's own clock, Unix milliseconds: those of Workers differ. */
export const DATABASE_NOW = "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)"

/** Somebody who removes and publishes one name in turns keeps others from it; it keeps a request finite. */
export const MOST_RESTS = 4

export const RESTS_AGAIN: Fault = {
  code: 'storage-unavailable',
  detail: 'other bytes of the name were removed a moment ago, again and again: try again',
}

/** A name that rests, and the bytes that it may carry again. */
export interface RestingName {
  readonly name: string
  readonly part: string
  readonly sha256: string
  /** Milliseconds since its removal. */
  readonly age: number
}

/**
 * To come before files of a repository are deleted.
 * @param ids JSON array
 */
export function restFilesOf(repositoryId: string, ids: string): Statement {
  return [
    `INSERT INTO resting_name (owner_name, type, place, name, part, sha256, removed_at)
     SELECT o.name, r.type, r.name, f.name, f.part, f.blob_sha256, ${DATABASE_NOW}
     FROM json_each(?2) j CROSS JOIN package_file f ON f.id = j.value
     CROSS JOIN repository r ON r.id = ?1 AND r.id = f.repository_id
     CROSS JOIN owner o ON o.id = r.owner_id`,
    repositoryId,
    ids,
  ]
}

/**
 * RestingNames of a repository.
 * @param names JSON array of file names
 * @param rest milliseconds
 */
export function selectResting(
  place: { readonly ownerId: string; readonly type: string; readonly name: string },
  names: string,
  rest: number,
): Statement {
  return [
    `SELECT n.name, n.part, n.sha256, ${DATABASE_NOW} - n.removed_at AS age
     FROM owner o JOIN resting_name n ON n.owner_name = o.name AND n.type = ?2 AND n.place = ?3
       AND n.name IN (SELECT value FROM json_each(?4))
     WHERE o.id = ?1 AND n.removed_at > ${DATABASE_NOW} - ?5`,
    place.ownerId,
    place.type,
    place.name,
    names,
    rest,
  ]
}

/** So long rows are kept, in milliseconds: longer than any bound that can be set, and no batch lands so late. */
const KEPT_MS = 60 * 60 * 1000
const FORGOTTEN_AT_ONCE = 5000

/** Deletes rows of names that rest no more: so many in one statement, as the sweep does. */
export function forgetRested(): Statement {
  return [
    `DELETE FROM resting_name WHERE id IN (
       SELECT id FROM resting_name WHERE removed_at < ${DATABASE_NOW} - ?1
       ORDER BY removed_at LIMIT ${FORGOTTEN_AT_ONCE})`,
    KEPT_MS,
  ]
}
