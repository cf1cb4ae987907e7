// Which rows a backup has. Column by column as they are, so that a further column needs nobody to
// think of it here; ids that D1 counted are left out, and rows that refer to them say by which names.
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import {
  accessToken,
  deployment,
  endedSession,
  expectation,
  garbage,
  listedPackage,
  listedVersion,
  owner,
  ownerChange,
  ownerRemoval,
  ownerUsage,
  packageBlob,
  packageChange,
  packageCollection,
  packageFile,
  packageList,
  packageMark,
  packageNamePiece,
  packageProperty,
  packageReadme,
  packageTable,
  packageTag,
  packageVersion,
  removedFile,
  repository,
  repositoryChange,
  repositoryIndex,
  repositoryVersion,
  restingName,
  retiredFile,
  retiredVersion,
  sweepProgress,
} from '../../db/schema.ts'

/** A row of D1 by the names of its columns, or what stands for one. */
export type Row = Readonly<Record<string, unknown>>

interface BackedUp {
  readonly table: SQLiteTable
  /** Columns that a restore draws anew or works out. */
  readonly without?: readonly string[]
}

/** In an order in which rows may be inserted: what they refer to comes first. */
export const BACKED_UP = {
  owner: { table: owner },
  access_token: { table: accessToken },
  ended_session: { table: endedSession },
  repository: { table: repository, without: ['recent'] },
  retired_file: { table: retiredFile },
  repository_index: { table: repositoryIndex },
  repository_change: { table: repositoryChange },
  package: { table: packageTable, without: ['id', 'state', 'versions'] },
  package_version: {
    table: packageVersion,
    without: ['id', 'package_id', 'withdrawn', 'files'],
  },
  package_tag: { table: packageTag, without: ['package_id', 'version_id'] },
  package_blob: { table: packageBlob, without: ['unreferenced_at'] },
  package_file: { table: packageFile, without: ['version_id'] },
  package_readme: { table: packageReadme },
  package_mark: { table: packageMark },
  retired_version: { table: retiredVersion },
  removed_file: { table: removedFile },
} as const satisfies Readonly<Record<string, BackedUp>>

export type BackedUpTable = keyof typeof BACKED_UP

export const TABLES = Object.keys(BACKED_UP) as readonly BackedUpTable[]

/** What is in no backup, or within the rows of others, and why. */
export const LEFT_OUT: readonly { readonly table: SQLiteTable; readonly because: string }[] = [
  { table: packageProperty, because: 'each lies with the package, version or file that it is of' },
  { table: packageCollection, because: 'a restore draws the states of collections anew' },
  { table: packageChange, because: 'what was sent before a restore is not sent again after it' },
  { table: ownerChange, because: 'triggers make the history of what is restored' },
  { table: ownerRemoval, because: 'what was removed is in no backup, nor are its contents' },
  ...[packageList, listedVersion, listedPackage, repositoryVersion, packageNamePiece].map(
    (table) => ({
      table,
      because: 'triggers make the lists of what is restored',
    }),
  ),
  { table: restingName, because: 'no place on the edge remembers what another deployment removed' },
  { table: ownerUsage, because: 'a restore counts anew what each owner has' },
  { table: garbage, because: 'what no row names is not copied, so nothing of it has to go' },
  { table: sweepProgress, because: 'the sweep of another bucket begins anew' },
  { table: expectation, because: 'it has rows within a batch alone' },
  { table: deployment, because: 'the marker is that of one database and one bucket' },
]

/** The names of the columns that a backup has of a table. */
export function columnsOf(name: BackedUpTable): readonly string[] {
  const { table, without = [] }: BackedUp = BACKED_UP[name]
  return Object.values(getTableColumns(table))
    .map((column) => column.name)
    .filter((column) => !without.includes(column))
}

export function nameOf({ table }: { readonly table: SQLiteTable }): string {
  return getTableName(table)
}
