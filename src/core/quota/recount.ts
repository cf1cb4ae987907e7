// Counts anew what each owner has, from the rows that are there: after a restore, and where a check finds
// other counts.
import { QUANTITIES, type Quantity } from './quantities.ts'

const OF_FILES = `
  FROM package p JOIN package_version v ON v.package_id = p.id
  JOIN package_file f ON f.version_id = v.id JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE p.owner_id = o.id`

/** Of an owner `o`, as scalar queries. */
const COUNTED: Readonly<Record<Quantity, string>> = {
  files: `SELECT count(*) ${OF_FILES}`,
  metadata_bytes: `SELECT coalesce(sum(f.metadata_bytes), 0) ${OF_FILES}`,
  file_bytes: `SELECT coalesce(sum(b.size), 0) ${OF_FILES}`,
  repositories: 'SELECT count(*) FROM repository r WHERE r.owner_id = o.id',
  tokens: 'SELECT count(*) FROM access_token t WHERE t.owner_id = o.id',
}

/**
 * The statement that writes the counts of every owner. It reads all rows, as nothing does that outsiders ask for.
 * @param condition of the state of the database, in SQL
 */
export function recountUsage(condition = 'true'): string {
  return `
    INSERT INTO owner_usage (owner_id, ${QUANTITIES.join(', ')})
    SELECT o.id, ${QUANTITIES.map((each) => `(${COUNTED[each]})`).join(', ')}
    FROM owner o WHERE ${condition}
    ON CONFLICT (owner_id) DO UPDATE SET
      ${QUANTITIES.map((each) => `${each} = excluded.${each}`).join(', ')}`
}

/** The owners whose counts are others than their rows say, as `subject`. */
export const MISCOUNTED = `
  SELECT o.name AS subject FROM owner o LEFT JOIN owner_usage u ON u.owner_id = o.id
  WHERE ${QUANTITIES.map((each) => `coalesce(u.${each}, 0) <> (${COUNTED[each]})`).join(' OR ')}`
