// What D1 holds of a repository's entries: all of them in order, or what the change log says since a
// commit. Always in pages of so many bytes, so that memory grows neither with the repository nor with
// what its files say of themselves.
import type { SegmentEntry } from '../../formats/segments/segments.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { query } from '../database.ts'

const PAGE_ROWS = 1000
/**
 * Bytes of metadata in hand, but that a page has at least one file. Each is there a dozen times, from D1's
 * answer to the compressed segment. Less would take more queries than an invocation has for the 256 MB
 * that an owner may have.
 */
const PAGE_BYTES = 512 * 1024

/** Of a file that the page leaves out nothing is read but the length of its metadata. */
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
  /** What an index says of a file, from its metadata. */
  readonly entryText: (metadata: string) => string
}

export interface FileRow {
  readonly id: string
  readonly name: string
  readonly metadata: string
}

/** The entries of a part in the order of the index, after a given one. */
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
 * The files of a part in the order of their ids, after a given one. Where the bytes end a page,
 * the next one looks at about as many rows as fitted.
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
  /** Empty where every index file was written anew. */
  readonly fileId: string
  /** Bytes of the metadata of the file that was published; null unless it is still there. */
  readonly bytes: number | null
}

/** Above this it is cheaper to read everything anew than to apply what changed. */
const MAX_LOGGED = 2000

const LOG = `
  SELECT c.revision, c.commit_id AS commitId, c.part, c.file_id AS fileId,
    octet_length(f.metadata) AS bytes
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

const METADATA = `
  SELECT id, metadata FROM package_file WHERE id IN (SELECT value FROM json_each(?1))`

/** The metadata of files by their ids. The caller bounds the bytes; files that were removed are left out. */
export async function readMetadata(
  db: D1Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { results } = await query(() =>
    db.prepare(METADATA).bind(JSON.stringify(ids)).all<{ id: string; metadata: string }>(),
  )
  return new Map(results.map(({ id, metadata }) => [id, metadata]))
}
