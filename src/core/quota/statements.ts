// The statements that count what an owner has, as parts of whoever's batch: in the same transaction as
// the change itself, so that a batch that is refused or sent again counts nothing twice.
import type { Statement } from '../database.ts'
import { NO_USAGE, QUANTITIES, type Usage } from './quantities.ts'

const COLUMNS = QUANTITIES.join(', ')
const AMOUNTS = QUANTITIES.map((each) => `?2 ->> '${each}'`).join(', ')
const SUMS = QUANTITIES.map((each) => `${each} = owner_usage.${each} + excluded.${each}`).join(', ')

/** Of the state before the batch's own change; its parameters begin at ?3, and the owner's id is ?1. */
export interface Condition {
  readonly sql: string
  readonly parameters: readonly string[]
}

const ALWAYS: Condition = { sql: 'true', parameters: [] }

/** None where nothing changes. */
export function changeUsage(
  ownerId: string,
  change: Partial<Usage>,
  { sql, parameters } = ALWAYS,
): Statement[] {
  const amounts = { ...NO_USAGE, ...change }
  if (QUANTITIES.every((each) => amounts[each] === 0)) return []
  const statement = `
    INSERT INTO owner_usage (owner_id, ${COLUMNS}) SELECT ?1, ${AMOUNTS} WHERE ${sql}
    ON CONFLICT (owner_id) DO UPDATE SET ${SUMS}`
  return [[statement, ownerId, JSON.stringify(amounts), ...parameters]]
}

const SUBTRACT_FILES = `
  UPDATE owner_usage SET files = owner_usage.files - gone.files,
    metadata_bytes = owner_usage.metadata_bytes - gone.metadata_bytes,
    file_bytes = owner_usage.file_bytes - gone.file_bytes
  FROM (
    SELECT count(*) AS files, coalesce(sum(f.metadata_bytes), 0) AS metadata_bytes,
      coalesce(sum(b.size), 0) AS file_bytes
    FROM json_each(?2) j
    CROSS JOIN package_file f ON f.id = j.value
    CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256) gone
  WHERE owner_id = ?1`

/**
 * Of files of the owner that the batch deletes after it: of those that are there by then.
 * @param ids JSON array
 */
export function subtractFiles(ownerId: string, ids: string): Statement {
  return [SUBTRACT_FILES, ownerId, ids]
}
