// Which of an owner's packages stand behind names: those that a version needs, and those that need it.
// One statement for all links of a page; each name is looked up by an index, and what a popular name
// leads to is read up to a limit.
import { query } from '../database.ts'
import type { Reader } from './reader.ts'

export interface LinkSearch {
  readonly ownerId: string
  readonly type: string
  /** The package that the page is about: it does not require itself. */
  readonly packageId: number
  /** Names of the type's file properties. */
  readonly provides: string
  readonly requires: string
  /** To find packages for, by name or by what they provide. */
  readonly needed: readonly string[]
  /** To find the packages for that need one of them. */
  readonly provided: readonly string[]
}

export interface Links {
  /** The package for a needed name, where there is one. */
  readonly targets: ReadonlyMap<string, string>
  /** By name; the first of them. */
  readonly dependents: readonly string[]
  readonly moreDependents: boolean
}

/** A page shows no more. Of Alpine's packages, for a measure, few have a longer list of either kind. */
const MAX_NAMES = 400
const SHOWN_DEPENDENTS = 60
/** A package that needs a name has an entry for each version, repository and architecture. */
const READ_DEPENDENTS = 1000

const OF_PROPERTY = `
  CROSS JOIN package_file f ON f.id = q.file_id
  CROSS JOIN package_version v ON v.id = f.version_id
  CROSS JOIN package p ON p.id = v.package_id`

/** ?1 owner, ?2 type, ?3 and ?4 properties, ?5 needed and ?6 provided names, ?7 the package. */
export const LINKS = `
  SELECT j.value AS needed, coalesce(
    (SELECT p.name FROM package p WHERE p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value),
    (SELECT p.name FROM package_property q ${OF_PROPERTY}
     WHERE q.owner_id = ?1 AND q.name = ?3 AND q.value = j.value AND p.type = ?2 LIMIT 1)) AS name
  FROM json_each(?5) j
  UNION ALL
  SELECT NULL, name FROM (
    SELECT DISTINCT name FROM (
      SELECT p.name, p.id FROM json_each(?6) j
      CROSS JOIN package_property q ON q.owner_id = ?1 AND q.name = ?4 AND q.value = j.value
      ${OF_PROPERTY} WHERE p.type = ?2 LIMIT ${READ_DEPENDENTS})
    WHERE id <> ?7 ORDER BY name LIMIT ${SHOWN_DEPENDENTS + 1})`

/** @throws RegistryError storage-unavailable */
export async function findLinks(reader: Reader, search: LinkSearch): Promise<Links> {
  const { ownerId, type, provides, requires, packageId } = search
  const needed = JSON.stringify(search.needed.slice(0, MAX_NAMES))
  const provided = JSON.stringify(search.provided.slice(0, MAX_NAMES))
  const { results } = await query(() =>
    reader
      .prepare(LINKS)
      .bind(ownerId, type, provides, requires, needed, provided, packageId)
      .all<{ needed: string | null; name: string | null }>(),
  )
  const targets = results.flatMap(({ needed: of, name }): [string, string][] =>
    of === null || name === null ? [] : [[of, name]],
  )
  const dependents = results.flatMap(({ needed: of, name }) => (of === null && name ? [name] : []))
  return {
    targets: new Map(targets),
    dependents: dependents.slice(0, SHOWN_DEPENDENTS),
    moreDependents: dependents.length > SHOWN_DEPENDENTS,
  }
}
