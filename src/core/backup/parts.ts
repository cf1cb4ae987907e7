// Rows of a backup from before parts were apart from architectures: the architecture separated the lists then.
import type { BackedUpTable, Row } from './tables.ts'

/** The row as it would be in a backup of today. */
export function withPart(table: BackedUpTable, row: Row): Row {
  if ('part' in row) return row
  switch (table) {
    case 'retired_file': {
      const { architecture: part, ...rest } = row
      return { ...rest, part }
    }
    case 'repository_change':
      return { ...row, part: row.architecture }
    case 'package_file':
      return { ...row, part: row.repository_id === null ? '' : row.architecture }
    default:
      return row
  }
}
