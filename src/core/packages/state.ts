// The state of a package and of a collection: a random id, new at each change, by which documents are known
// and kept in caches. A counter would repeat after a removal or a restore, and make an old document right
// again. D1 draws it: each row of a batch gets its own, however many rows a statement changes, and a batch
// that is sent again draws once more, which is always safe. A collection's list of its last changes is written
// where its state is drawn.
import type { Statement } from '../database.ts'
import { commitEntry, MOST_LENGTH, removedEntries } from '../near/recent-commits.ts'
import type { PackagePlace } from './place.ts'

/** An expression for a new state: 128 bits in hex, evaluated for each row. */
export const NEW_STATE = 'lower(hex(randomblob(16)))'

/**
 * The columns of a row that changes; a row that a restored clock or a burst put ahead goes on from there.
 * @param table whose row it is
 * @param now the number of the parameter that has the Unix milliseconds
 */
export function changedColumns(table: 'package' | 'package_collection', now: string): string {
  return `state = ${NEW_STATE}, ${changedTimes(table, now)}`
}

function changedTimes(table: 'package' | 'package_collection', now: string): string {
  return `changes = ${table}.changes + 1,
    changed_at = max(${wholeSecond(now)}, ${table}.changed_at + 1000)`
}

/** Unix milliseconds at the whole second of those in the parameter, which D1 binds as no integer. */
export function wholeSecond(now: string): string {
  return `CAST(${now} / 1000 AS INTEGER) * 1000`
}

/**
 * Those of the packages that are there get a new state.
 * @param names JSON array of arrays, the first member of which is the name of a package
 * @param now Unix milliseconds
 */
export function changePackages(
  { ownerId, type }: PackagePlace,
  names: string,
  now: number,
): Statement {
  return [
    `UPDATE package SET ${changedColumns('package', '?4')}
     WHERE owner_id = ?1 AND type = ?2 AND name IN (SELECT value ->> 0 FROM json_each(?3))`,
    ownerId,
    type,
    names,
    now,
  ]
}

/** Each mention of NEW_STATE would be another one: the state of a collection is in its list of commits, too. */
const DRAWN = `drawn(state) AS MATERIALIZED (SELECT ${NEW_STATE})`

/**
 * The collection gets a new state, or its first, and its list another commit.
 * @param now Unix milliseconds
 * @param removed ids of the files that the batch deletes
 */
export function changeCollection(
  { ownerId, type }: PackagePlace,
  now: number,
  removed: readonly string[] = [],
): Statement {
  return [
    `WITH ${DRAWN}
     INSERT INTO package_collection (owner_id, type, state, changed_at, changes, recent)
     SELECT ?1, ?2, state, ${wholeSecond('?3')}, 1, ${commitEntry('state')} FROM drawn WHERE true
     ON CONFLICT (owner_id, type) DO UPDATE SET ${changedTimes('package_collection', '?3')},
       state = excluded.state, recent = iif(?4 IS NULL, excluded.recent,
         substr(excluded.recent || ?4 || package_collection.recent, 1, ${MOST_LENGTH}))`,
    ownerId,
    type,
    now,
    removedEntries(removed),
  ]
}

/**
 * The same of a collection that is there, in a batch that removes nothing.
 * @param condition of whether it changes, in SQL
 * @param now the number of the parameter that has the Unix milliseconds
 */
export function changeCollectionWhere(condition: string, now: string): string {
  return `WITH ${DRAWN}
    UPDATE package_collection SET ${changedTimes('package_collection', now)}, state = drawn.state,
      recent = substr(${commitEntry('drawn.state')} || package_collection.recent, 1, ${MOST_LENGTH})
    FROM drawn WHERE ${condition}`
}

/**
 * Draws the states of all collections, of which a restore has the packages alone.
 * @param condition of the state of the database, in SQL
 * @param now the number of the parameter that has the Unix milliseconds
 */
export function drawCollections(condition: string, now: string): string {
  return `
    INSERT INTO package_collection (owner_id, type, state, changed_at, changes)
    SELECT owner_id, type, ${NEW_STATE}, ${wholeSecond(now)}, 1 FROM (
      SELECT DISTINCT p.owner_id, p.type FROM package_file f
      JOIN package_version v ON v.id = f.version_id JOIN package p ON p.id = v.package_id
      WHERE f.repository_id IS NULL)
    WHERE ${condition} ON CONFLICT DO NOTHING`
}
