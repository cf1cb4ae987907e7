// What D1 holds of a repository's entries: all of them in order, or what the change log says since a
// commit. Always in pages, so that memory does not grow with the repository.
import type { SegmentEntry } from '../../formats/segments/segments.ts'
import type { Snapshot } from '../commit/snapshot.ts'
import { query } from '../database.ts'

const PAGE_ROWS = 1000

const FILES = `
  SELECT id, name, metadata FROM package_file
  WHERE repository_id = ?1 AND architecture = ?2 AND id > ?3 ORDER BY id LIMIT ${PAGE_ROWS}`

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

/** The entries of an architecture in the order of the index, after a given one. */
export async function* readEntries(
  source: EntrySource,
  architecture: string,
  after: string,
): AsyncGenerator<readonly SegmentEntry[]> {
  for await (const files of readFiles(source, architecture, after)) {
    yield files.map(({ id, metadata }) => ({ id, text: source.entryText(metadata) }))
  }
}

/** The files of an architecture in the order of their ids, after a given one. */
export async function* readFiles(
  { db, repositoryId }: Pick<EntrySource, 'db' | 'repositoryId'>,
  architecture: string,
  after: string,
): AsyncGenerator<readonly FileRow[]> {
  let last = after
  for (let full = true; full; ) {
    const { results } = await query(() =>
      db.prepare(FILES).bind(repositoryId, architecture, last).all<FileRow>(),
    )
    full = results.length === PAGE_ROWS
    last = results.at(-1)?.id ?? last
    yield results
  }
}

/** The architectures that have files now. */
export async function readArchitectures({
  db,
  repositoryId,
}: Pick<EntrySource, 'db' | 'repositoryId'>): Promise<string[]> {
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
  /** Empty where every index file was written anew. */
  readonly fileId: string
  /** Of the file that was published, if it is still there. */
  readonly metadata: string | null
}

/** Above this it is cheaper to read everything anew than to apply what changed. */
const MAX_LOGGED = 2000

const LOG = `
  SELECT c.revision, c.commit_id AS commitId, c.architecture, c.file_id AS fileId, f.metadata
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
