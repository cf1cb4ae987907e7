// What D1 holds of a repository's entries: all of them in order, or what the change log says since a
// commit. Always in pages, so that memory does not grow with the repository.

import type { CompareKeys, SegmentEntry, SegmentKey } from '../../formats/segments.ts'
import type { RepositoryAddress } from '../commit/change.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { query } from '../database.ts'

/** What the copy has to know of a type's index. */
export interface EntryFormat {
  /** The order of the entries in an index. */
  readonly compareKeys: CompareKeys
  /** What an index says of a file, from its metadata. */
  entryOf(metadata: string): SegmentEntry
  /** The key of the entry of a file, from the file's name alone. */
  keyOf(fileName: string): SegmentKey
}

const PAGE_ROWS = 1000

interface EntryRow {
  readonly name: string
  readonly id: string
  readonly metadata: string
}

// CROSS JOIN and plus keep SQLite from reading all files of the repository once for each package.
const ENTRIES = `
  SELECT p.name, f.id, f.metadata FROM package p
  CROSS JOIN package_version v ON v.package_id = p.id
  CROSS JOIN package_file f ON f.version_id = v.id
  WHERE p.owner_id = ?1 AND p.type = ?2 AND p.name >= ?5 AND (p.name > ?5 OR f.id > ?6)
    AND +f.repository_id = ?3 AND +f.architecture = ?4
  ORDER BY p.name, f.id LIMIT ${PAGE_ROWS}`

export interface EntrySource {
  readonly db: D1Database
  readonly address: RepositoryAddress
  readonly repositoryId: string
  readonly format: EntryFormat
}

/**
 * The entries of an architecture in the order of the index, from a package's name on. SQL cannot
 * order versions, so all versions of one name are held and sorted here.
 */
export async function* readEntries(
  { db, address, repositoryId, format }: EntrySource,
  architecture: string,
  fromName: string,
): AsyncGenerator<readonly SegmentEntry[]> {
  const { compareKeys } = format
  const place = [address.ownerId, address.type, repositoryId, architecture] as const
  let held: SegmentEntry[] = []
  // Nothing sorts before the empty id, so that the first page begins with the name itself.
  let after: { name: string; id: string } = { name: fromName, id: '' }
  for (let full = true; full; ) {
    const { results } = await query(() =>
      db
        .prepare(ENTRIES)
        .bind(...place, after.name, after.id)
        .all<EntryRow>(),
    )
    full = results.length === PAGE_ROWS
    after = results.at(-1) ?? after
    held.push(...results.map((row) => format.entryOf(row.metadata)))
    const complete = full ? held.filter((entry) => entry.name !== after.name) : held
    held = full ? held.filter((entry) => entry.name === after.name) : []
    yield complete.sort(compareKeys)
  }
}

/** The architectures that have files now. */
export async function readArchitectures({ db, repositoryId }: EntrySource): Promise<string[]> {
  const { results } = await query(() =>
    db
      .prepare(
        'SELECT DISTINCT architecture FROM package_file WHERE repository_id = ?1 ORDER BY architecture',
      )
      .bind(repositoryId)
      .all<{ architecture: string }>(),
  )
  return results.map((row) => row.architecture)
}

export interface LoggedChange {
  readonly revision: number
  readonly commitId: string
  readonly architecture: string
  readonly fileName: string
  /** Of the file that was published, if it is still there. */
  readonly metadata: string | null
}

/** Above this it is cheaper to read everything anew than to apply what changed. */
const MAX_LOGGED = 2000

const LOG = `
  SELECT c.revision, c.commit_id AS commitId, c.architecture, c.file_name AS fileName, f.metadata
  FROM repository_change c LEFT JOIN package_file f ON f.id = c.file_id AND c.op = 'publish'
  WHERE c.repository_id = ?1 AND c.revision BETWEEN ?2 AND ?3
  ORDER BY c.revision LIMIT ${MAX_LOGGED + 1}`

/**
 * The changes of the commits after a given one, up to the snapshot's; undefined when that one is no
 * ancestor (the database was taken back in time), or the log does not reach back, or is too long.
 */
export async function readChangesSince(
  db: D1Database,
  since: { readonly head: string; readonly revision: number },
  snapshot: Snapshot,
): Promise<readonly LoggedChange[] | undefined> {
  const { results } = await query(() =>
    db
      .prepare(LOG)
      .bind(snapshot.repositoryId, since.revision, snapshot.revision)
      .all<LoggedChange>(),
  )
  const [base] = results
  const isAncestor = base?.commitId === since.head && base.revision === since.revision
  const reachesHead = results.at(-1)?.commitId === snapshot.head
  if (!isAncestor || !reachesHead || results.length > MAX_LOGGED) return undefined
  return results.filter((change) => change.revision > since.revision)
}
