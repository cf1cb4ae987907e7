// Sorts and compares the rows of a backup, table by table. Its file has the tables in the order in which a
// restore inserts them: a row comes after the rows to which it refers.
import { withPart } from '../../src/core/backup/parts.ts'
import { type BackedUpTable, type Row, TABLES } from '../../src/core/backup/tables.ts'

export { type BackedUpTable, type Row, TABLES }

export type Rows = Readonly<Record<BackedUpTable, readonly Row[]>>

/** The columns that identify a row of each table. */
const keys: Readonly<Record<BackedUpTable, readonly string[]>> = {
  owner: ['id'],
  access_token: ['id'],
  ended_session: ['id'],
  repository: ['id'],
  retired_file: ['repository_id', 'name', 'part'],
  repository_index: ['repository_id', 'path'],
  repository_change: ['change_id'],
  package: ['owner_id', 'type', 'name'],
  package_version: ['owner_id', 'type', 'package', 'version'],
  package_tag: ['owner_id', 'type', 'package', 'name'],
  package_blob: ['sha256'],
  package_file: ['id'],
  package_readme: ['file_id'],
  package_mark: ['file_id', 'name'],
  retired_version: [
    ...['owner_id', 'type', 'package_name', 'version', 'composite_key', 'file_name'],
  ],
  removed_file: ['id'],
}

export function keyOf(table: BackedUpTable, row: Row): string {
  return JSON.stringify(keys[table].map((column) => row[column]))
}

export function sortRows(table: BackedUpTable, rows: Iterable<Row>): Row[] {
  const keyed = [...rows].map((row) => ({ key: keyOf(table, row), row }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
  return keyed.map(({ row }) => row)
}

export function countRows(rows: Rows): Record<string, number> {
  return Object.fromEntries(TABLES.map((table) => [table, rows[table].length]))
}

/** The columns of a table for which a restore draws new random values. */
const drawn: Partial<Record<BackedUpTable, readonly string[]>> = { repository: ['head'] }

/**
 * Says how restored rows differ from the backup's. It ignores columns that the backup lacks, which a later
 * version added.
 */
export function* differences(backup: Rows, restored: Rows): Generator<string> {
  for (const table of TABLES) {
    const found = new Map(restored[table].map((row) => [keyOf(table, row), row]))
    for (const each of backup[table]) {
      const row = withPart(table, each)
      const key = keyOf(table, row)
      const other = found.get(key)
      found.delete(key)
      if (other === undefined) yield `${table}: ${key} is missing`
      else {
        const column = Object.keys(row).find(
          (name) =>
            !drawn[table]?.includes(name) &&
            JSON.stringify(row[name]) !== JSON.stringify(other[name]),
        )
        if (column !== undefined) yield `${table}: ${key} differs in ${column}`
      }
    }
    for (const key of found.keys()) yield `${table}: ${key} is not in the backup`
  }
}
