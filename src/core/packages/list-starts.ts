// Entries at known places of a list, by which a page far within it is found without all that is before it. Whoever keeps
// them has to keep them for one state of the list.
import {
  isOneList,
  type ListFilter,
  type ListPlace,
  listsOf,
  MAX_OFFSET,
  Parameters,
} from './lists.ts'
import { type Reader, readAll } from './reader.ts'

/** An entry is known in so many. */
export const START_STEP = 500

/** An entry with so many before it, itself among them. */
export interface Start extends Pick<ListPlace, 'after' | 'afterName'> {
  readonly passed: number
}

/**
 * Reads the first MAX_OFFSET entries of a list.
 * @param of the versions, newest first, or the packages by name
 * @returns none of lists that are several in one
 * @throws RegistryError storage-unavailable
 */
export async function readStarts(
  reader: Reader,
  filter: ListFilter,
  of: 'versions' | 'packages',
): Promise<readonly Start[]> {
  if (!isOneList(filter)) return []
  const bind = new Parameters()
  const next = of === 'versions' ? nextVersion(filter, bind) : nextName(filter, bind)
  // Each step passes over entries of an index, and reads none twice.
  const sql = `
    WITH RECURSIVE start(passed, entry) AS (
      SELECT 0, ${of === 'versions' ? Number.MAX_SAFE_INTEGER : "''"}
      UNION ALL
      SELECT s.passed + ${START_STEP}, (${next} LIMIT 1 OFFSET ${START_STEP - 1}) FROM start s
      WHERE s.passed < ${MAX_OFFSET} AND s.entry IS NOT NULL)
    SELECT passed, entry FROM start WHERE passed > 0 AND entry IS NOT NULL`
  const [rows] = await readAll<[StartRow]>(reader, [[sql, ...bind.values]])
  return rows.map(({ passed, entry }) => {
    if (typeof entry === 'number') return { passed, after: entry }
    const [name = '', type = ''] = entry.split(SEPARATOR)
    return { passed, afterName: [name, type] as const }
  })
}

interface StartRow {
  readonly passed: number
  readonly entry: number | string
}

/** No name has one. */
const SEPARATOR = '\n'

/** The version behind `s.entry`. */
function nextVersion(filter: ListFilter, bind: Parameters): string {
  return `SELECT v.version_id FROM listed_version v
    WHERE v.list_id = (${listsOf(filter, bind)}) AND v.version_id < s.entry ORDER BY v.version_id DESC`
}

/** The name behind `s.entry`; of several types it has the type, too. */
function nextName(filter: ListFilter, bind: Parameters): string {
  const { ownerId, type, repository } = filter
  if (repository !== undefined) {
    return `SELECT m.name FROM listed_package m
      WHERE m.list_id = (${listsOf(filter, bind)}) AND m.name > s.entry ORDER BY m.name`
  }
  const owner = bind.add(ownerId)
  if (type !== undefined) {
    const typed = bind.add(type)
    return `SELECT p.name || char(10) || p.type FROM package p
      WHERE p.owner_id = ${owner} AND p.type = ${typed}
        AND p.name > substr(s.entry, 1, instr(s.entry, char(10)) - 1) ORDER BY p.name`
  }
  const before = `substr(s.entry, 1, instr(s.entry, char(10)) - 1)`
  return `SELECT p.name || char(10) || p.type FROM package p
    WHERE p.owner_id = ${owner} AND p.name >= ${before}
      AND (p.name, p.type) > (${before}, substr(s.entry, instr(s.entry, char(10)) + 1))
    ORDER BY p.name, p.type`
}
