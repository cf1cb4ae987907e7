// Counts again what each owner has, from the rows: after a restore, and if a check finds other counts.
import { QUANTITIES, type Quantity } from './quantities.ts'
import {
  pieceBytes,
  RETIRED_COLUMNS,
  removalBytes,
  retiredBytes,
  SUM_OF_LOG,
  tagBytes,
} from './weights.ts'

const OF_FILES = `
  FROM package p JOIN package_version v ON v.package_id = p.id
  JOIN package_file f ON f.version_id = v.id JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE p.owner_id = o.id`

/** The bytes of metadata that owner `o` is charged for and that belong to no file. */
const OF_ROWS = `
  (SELECT coalesce(sum(r.log_bytes), 0) FROM repository r WHERE r.owner_id = o.id)
  + (SELECT coalesce(sum(${retiredBytes(RETIRED_COLUMNS)}), 0) FROM retired_version WHERE owner_id = o.id)
  + (SELECT coalesce(sum(m.bytes), 0) FROM owner_removal m WHERE m.owner_id = o.id)
  + (SELECT coalesce(sum(${removalBytes('package_name', 'version', 'file_name')}), 0)
     FROM removed_file WHERE owner_id = o.id)
  + (SELECT coalesce(sum(${pieceBytes('p.name')}), 0) FROM package p WHERE p.owner_id = o.id)
  + (SELECT coalesce(sum(${tagBytes('t.name')}), 0) FROM package p
     JOIN package_tag t ON t.package_id = p.id WHERE p.owner_id = o.id)`

/** Scalar queries for the counts of owner `o`. */
const COUNTED: Readonly<Record<Quantity, string>> = {
  files: `SELECT count(*) ${OF_FILES}`,
  metadata_bytes: `SELECT ${OF_ROWS} + (SELECT coalesce(sum(f.metadata_bytes), 0) ${OF_FILES})`,
  file_bytes: `SELECT coalesce(sum(b.size), 0) ${OF_FILES}`,
  repositories: 'SELECT count(*) FROM repository r WHERE r.owner_id = o.id',
  tokens: 'SELECT count(*) FROM access_token t WHERE t.owner_id = o.id',
}

/**
 * The statement that writes the counts of every owner. It reads all rows, so no request of an outsider may run it.
 * @param condition on the state of the database, in SQL
 */
export function recountUsage(condition = 'true'): string {
  return `
    INSERT INTO owner_usage (owner_id, ${QUANTITIES.join(', ')})
    SELECT o.id, ${QUANTITIES.map((each) => `(${COUNTED[each]})`).join(', ')}
    FROM owner o WHERE ${condition}
    ON CONFLICT (owner_id) DO UPDATE SET
      ${QUANTITIES.map((each) => `${each} = excluded.${each}`).join(', ')}`
}

const LOG = `SELECT ${SUM_OF_LOG} FROM repository_change c WHERE c.repository_id = repository.id`

/** The statement that weighs the log of every repository. Run it before `recountUsage`. */
export function recountLogs(condition = 'true'): string {
  return `UPDATE repository SET log_bytes = (${LOG}) WHERE ${condition} AND log_bytes <> (${LOG})`
}

/** The repositories whose noted log bytes are wrong, as `subject`. */
export const MISCOUNTED_LOGS = `
  SELECT o.name || '/' || repository.name AS subject
  FROM repository JOIN owner o ON o.id = repository.owner_id WHERE log_bytes <> (${LOG})`

/** The owners whose counts are wrong by their rows, as `subject`. */
export const MISCOUNTED = `
  SELECT o.name AS subject FROM owner o LEFT JOIN owner_usage u ON u.owner_id = o.id
  WHERE ${QUANTITIES.map((each) => `coalesce(u.${each}, 0) <> (${COUNTED[each]})`).join(' OR ')}`
