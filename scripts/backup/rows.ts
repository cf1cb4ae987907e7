// The rows of a backup by their tables, and in which order they stand in its file: the one in which a
// restore inserts them, so that what a row refers to comes first.
import { withPart } from '../../src/core/backup/parts.ts'
import { type BackedUpTable, type Row, TABLES } from '../../src/core/backup/tables.ts'

export { type BackedUpTable, type Row, TABLES }

export type Rows = Readonly<Record<BackedUpTable, readonly Row[]>>

/** What tells rows of a table apart. */
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

/** The columns of a table that a restore draws anew. */
const drawn: Partial<Record<BackedUpTable, readonly string[]>> = { repository: ['head'] }

/**
 * Where restored rows differ from those of the backup, in words. A column that the backup lacks was
 * added by a later version.
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
    for (const key of found.keys()) yield `${table}: ${key} is too much`
  }
}
