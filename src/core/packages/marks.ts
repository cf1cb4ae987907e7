// Marks: values on files that can be changed, such as that a version is yanked or deprecated. A mark of a
// version is one of each of its files, and goes with them. Nobody's quota counts marks: their weight is bounded
// by that of a value, by the few names that a type gives them, and by the number of files.
import { settleWithdrawn } from './latest.ts'
import {
  applyChange,
  PACKAGE,
  type PackageChange,
  type PackageChangeOutcome,
} from './package-change.ts'
import type { PackagePlace } from './place.ts'

export interface VersionMark {
  /** As it is found by. */
  readonly version: string
  /** Of the type, never of a request. */
  readonly name: string
  /** Null takes the mark away. At most MARK_VALUE_BYTES. */
  readonly value: string | null
  /** Whether the version is then no longer the latest, as long as there is another. */
  readonly withdraws: boolean
}

export interface NewMarks {
  readonly packageName: string
  /** Any number of versions, also such as have them already. Of two of one name the last counts. */
  readonly marks: readonly VersionMark[]
}

export type MarksOutcome =
  | PackageChangeOutcome
  /** Of one of them at least; nothing was changed. */
  | 'version-absent'
  /** A value, or all marks together: nothing was changed. */
  | 'too-large'

/** Bytes of UTF-8. */
export const MARK_VALUE_BYTES = 4096

/** Bytes of the marks of one change in JSON, of which D1 takes 2 MB a value. */
export const MARKS_BYTES = 1_500_000

/**
 * Never throws. All of the marks or none: one batch, which changes only what differs.
 * @param place whose packages, of which type
 */
export async function setMarks(
  db: D1Database,
  place: PackagePlace,
  { packageName, marks }: NewMarks,
  change: PackageChange,
): Promise<MarksOutcome> {
  if (marks.some(({ value }) => value !== null && bytesOf(value) > MARK_VALUE_BYTES)) {
    return 'too-large'
  }
  const wanted = formatMarks(marks)
  if (bytesOf(wanted) > MARKS_BYTES) return 'too-large'
  return applyChange(db, {
    subject: { ...place, packageName },
    change,
    wanted,
    needs: [{ sql: VERSIONS_EXIST, otherwise: 'version-absent' }],
    differs: DIFFERS,
    effects: [TAKE_AWAY, SET, settleWithdrawn(OF_MARKED)],
  })
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Version, name, value, and whether it withdraws. */
function formatMarks(marks: readonly VersionMark[]): string {
  const last = new Map(marks.map((mark) => [JSON.stringify([mark.version, mark.name]), mark]))
  const rows = [...last.values()].map(({ version, name, value, withdraws }) => [
    ...[version, name, value, Number(withdraws)],
  ])
  return JSON.stringify(rows)
}

const VERSIONS_EXIST = `NOT EXISTS (
  SELECT 1 FROM json_each(?4) j WHERE NOT EXISTS (
    SELECT 1 FROM package_version v WHERE v.package_id = (${PACKAGE}) AND v.version = j.value ->> 0))`

/** Marks `j` and the files `f` that get them. CROSS JOIN makes SQLite begin with the marks. */
const MARKED_FILES = `json_each(?4) j
  CROSS JOIN package_version v ON v.package_id = (${PACKAGE}) AND v.version = j.value ->> 0
  CROSS JOIN package_file f ON f.version_id = v.id`

const DIFFERS = `EXISTS (
  SELECT 1 FROM ${MARKED_FILES}
  LEFT JOIN package_mark m ON m.file_id = f.id AND m.name = j.value ->> 1
  WHERE m.value IS NOT j.value ->> 2 OR m.withdraws <> j.value ->> 3)`

const TAKE_AWAY = `
  DELETE FROM package_mark WHERE (file_id, name) IN (
    SELECT f.id, j.value ->> 1 FROM ${MARKED_FILES} WHERE j.value ->> 2 IS NULL)`

const SET = `
  INSERT INTO package_mark (file_id, name, value, withdraws)
  SELECT f.id, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM ${MARKED_FILES}
  WHERE j.value ->> 2 IS NOT NULL
  ON CONFLICT (file_id, name) DO UPDATE SET value = excluded.value, withdraws = excluded.withdraws
  WHERE package_mark.value <> excluded.value OR package_mark.withdraws <> excluded.withdraws`

const OF_MARKED = `package_id = (${PACKAGE}) AND version IN (SELECT value ->> 0 FROM json_each(?4))`
