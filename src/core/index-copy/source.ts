// Reads a repository's entries from D1: all of them in order, or the changes that the log has since a
// commit. It reads pages of a bounded number of bytes, so that memory grows neither with the repository
// nor with the metadata of its files.
import type { SegmentEntry } from '../../formats/segments/segments.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { query } from '../database.ts'

const PAGE_ROWS = 1000
/**
 * Bytes of metadata in a page, at most. A page has one file in any case. Memory holds each byte a dozen times,
 * from D1's answer to the compressed segment. For the 256 MB of metadata that an owner may have, smaller pages
 * would take more queries than an invocation may make.
 */
const PAGE_BYTES = 512 * 1024

/** The inner query reads only the length of a file's metadata. The outer one reads the metadata of the page's files. */
const FILES = `
  SELECT f.id, f.name, f.metadata FROM (
    SELECT id, length, sum(length) OVER (ORDER BY id) AS bytes FROM (
      SELECT id, octet_length(metadata) AS length FROM package_file
      WHERE repository_id = ?1 AND part = ?2 AND id > ?3 ORDER BY id LIMIT ?4)) page
  CROSS JOIN package_file f ON f.id = page.id
  WHERE page.bytes <= ${PAGE_BYTES} OR page.bytes = page.length
  ORDER BY f.id`

export interface EntrySource {
  readonly db: D1Database
  readonly repositoryId: string
  /** Makes a file's entry in an index from the file's metadata. */
  readonly entryText: (metadata: string) => string
}

export interface FileRow {
  readonly id: string
  readonly name: string
  readonly metadata: string
}

/** Reads the entries of a part in the order of the index, after the entry with the id `after`. */
export async function* readEntries(
  source: EntrySource,
  part: string,
  after: string,
): AsyncGenerator<readonly SegmentEntry[]> {
  for await (const files of readFiles(source, part, after)) {
    yield files.map(({ id, metadata }) => ({ id, text: source.entryText(metadata) }))
  }
}

/**
 * Reads the files of a part in the order of their ids, after the id `after`. If the bytes ended a page,
 * the next page looks at twice as many rows as fitted.
 */
export async function* readFiles(
  { db, repositoryId }: Pick<EntrySource, 'db' | 'repositoryId'>,
  part: string,
  after: string,
): AsyncGenerator<readonly FileRow[]> {
  let last = after
  for (let rows = PAGE_ROWS; ; ) {
    const { results } = await query(() =>
      db.prepare(FILES).bind(repositoryId, part, last, rows).all<FileRow>(),
    )
    if (results.length === 0) return
    last = results.at(-1)?.id ?? last
    yield results
    rows = Math.min(results.length * 2, PAGE_ROWS)
  }
}

/** The parts that have files now. */
export async function readParts({
  db,
  repositoryId,
}: Pick<EntrySource, 'db' | 'repositoryId'>): Promise<string[]> {
  const { results } = await query(() =>
    db
      .prepare('SELECT DISTINCT part FROM package_file WHERE repository_id = ?1 ORDER BY part')
      .bind(repositoryId)
      .all<{ part: string }>(),
  )
  return results.map((row) => row.part)
}

export interface LoggedChange {
  readonly revision: number
  readonly commitId: string
  readonly part: string
  /** The id of the changed file; empty for a change that wrote every index file anew. */
  readonly fileId: string
  /** Bytes of the published file's metadata; null for other changes, and if the file is gone by now. */
  readonly bytes: number | null
}

/** For more changes than this, reading all entries anew costs less than applying the changes. */
const MAX_LOGGED = 2000

const LOG = `
  SELECT c.revision, c.commit_id AS commitId, c.part, c.file_id AS fileId,
    octet_length(f.metadata) AS bytes
  FROM repository_change c LEFT JOIN package_file f ON f.id = c.file_id AND c.op = 'publish'
  WHERE c.repository_id = ?1 AND c.revision BETWEEN ?2 AND ?3
  ORDER BY c.revision LIMIT ${MAX_LOGGED + 1}`

/**
 * Reads the changes of the commits after `since`, up to the snapshot's. Undefined if `since` is no ancestor of
 * the snapshot (the database was taken back in time), if the log does not reach back to it, or is too long.
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

const METADATA = `
  SELECT id, metadata FROM package_file WHERE id IN (SELECT value FROM json_each(?1))`

/** Reads the metadata of files by their ids, without the removed ones. The caller bounds the bytes. */
export async function readMetadata(
  db: D1Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { results } = await query(() =>
    db.prepare(METADATA).bind(JSON.stringify(ids)).all<{ id: string; metadata: string }>(),
  )
  return new Map(results.map(({ id, metadata }) => [id, metadata]))
}
