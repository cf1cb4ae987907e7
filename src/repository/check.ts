// Verifies one repository. It compares each index file with its row, its signatures and the rows of its files,
// both ways, and each file's object with its digest. It finds damage by a crash, by a restored database, or by
// somebody who changed the store by hand. It repairs nothing.
import {
  checkFilePage,
  type ExpectedFile,
  type ExpectedObject,
  openCheckedObject,
  PAGE_FILES,
} from '../core/blobs/check.ts'
import { query } from '../core/database.ts'
import { readFiles, readParts } from '../core/index-copy/source.ts'
import type { KeySet } from '../core/signing-keys.ts'
import type { Listing, RepositoryIndexing } from '../types/type.ts'
import { type FileName, ListingComparison } from './listings.ts'

export interface Problem {
  /** The path of the index file, or the file as `part/name`. */
  readonly subject: string
  readonly problem: string
}

export interface CheckedRepository {
  readonly db: D1Database
  readonly bucket: R2Bucket
  readonly indexing: RepositoryIndexing
  readonly keys: KeySet
  readonly repositoryId: string
}

interface IndexFileRow extends ExpectedObject {
  readonly path: string
  readonly keySet: string
}

const INDEX = `
  SELECT path, r2_key AS r2Key, sha256, size, key_set AS keySet FROM repository_index
  WHERE repository_id = ?1 AND path > ?2 ORDER BY path LIMIT 1`

/** The result of one request, which checks one index file or a number of package files. */
export interface CheckedPage {
  readonly indexes: number
  readonly files: number
  readonly problems: readonly Problem[]
  /** The cursor of the next page; null at the end. */
  readonly next: string | null
}

/**
 * Checks the page after a cursor: first the index files, one a page, then the package files.
 * @param after the `next` of the page before; empty for the first page
 */
export async function checkPage(
  repository: CheckedRepository,
  after: string,
): Promise<CheckedPage> {
  const [, file] = /^file:(.*)$/.exec(after) ?? []
  if (file !== undefined) return checkFiles(repository, file)
  const { db, repositoryId } = repository
  const row = await query(() =>
    db
      .prepare(INDEX)
      .bind(repositoryId, after.replace(/^index:/, ''))
      .first<IndexFileRow>(),
  )
  if (row === null) {
    const page = await checkFiles(repository, '')
    return { ...page, problems: [...(await findUnlisted(repository)), ...page.problems] }
  }
  const stray = repository.indexing.isIndexPath?.(row.path) === false
  const found = stray ? [STRAY] : await checkIndex(repository, row)
  const problems = found.map((problem) => ({ subject: row.path, problem }))
  return { indexes: 1, files: 0, problems, next: `index:${row.path}` }
}

const STRAY = 'row of an index file with an impossible path: no commit ever replaces it'

/** Finds parts with files that no index file lists, and index files that must exist but have no row. */
async function findUnlisted(repository: CheckedRepository): Promise<Problem[]> {
  const { db, indexing, repositoryId } = repository
  const { results } = await query(() =>
    db
      .prepare('SELECT path FROM repository_index WHERE repository_id = ?1')
      .bind(repositoryId)
      .all<{ path: string }>(),
  )
  const listed = new Set(results.flatMap(({ path }) => indexing.partsIn(path)))
  const parts = await readParts({ db, repositoryId })
  const unlisted = parts
    .filter((part) => !listed.has(part))
    .map((part) => ({
      subject: part || 'files',
      problem: 'no index file: no index lists the packages',
    }))
  const missing = (await hasCommit(repository))
    ? (indexing.standingPaths ?? []).filter((path) => !results.some((row) => row.path === path))
    : []
  return [
    ...unlisted,
    ...missing.map((subject) => ({
      subject,
      problem: 'no row: clients get 404 for this index file',
    })),
  ]
}

/** Whether the repository has had a commit. One that was only declared has no index files yet. */
async function hasCommit({ db, repositoryId }: CheckedRepository): Promise<boolean> {
  const sql = 'SELECT revision FROM repository WHERE id = ?1'
  return Number(await query(() => db.prepare(sql).bind(repositoryId).first('revision'))) > 0
}

/** Checks an index file. Memory holds neither the file nor its rows as a whole. */
async function checkIndex(repository: CheckedRepository, row: IndexFileRow): Promise<string[]> {
  const { bucket, indexing, keys } = repository
  const object = await openCheckedObject(bucket, row)
  const comparison = new ListingComparison(readListings(repository, row.path))
  // After a change of keys no client gets this file: the next request for it has it signed anew.
  const signers = row.keySet === keys.id ? keys : undefined
  const take = (listing: Listing) => comparison.take(listing)
  const problems = await indexing.inspectIndexFile(
    { path: row.path, content: object.content },
    signers,
    take,
  )
  const damage = await object.findProblem()
  if (damage !== undefined) return [damage]
  const parts = indexing.partsIn(row.path)
  const found = await comparison.finish((files) =>
    findFiles(
      repository,
      files.filter(({ part }) => parts.includes(part)),
    ),
  )
  return [...problems, ...found]
}

/** The entries that an index file must have, in its order. */
async function* readListings(
  repository: CheckedRepository,
  path: string,
): AsyncGenerator<Listing, void, undefined> {
  const { indexing } = repository
  for (const part of indexing.partsIn(path)) {
    for await (const files of readFiles(repository, part, '')) {
      for (const { name: fileName, metadata } of files) {
        yield { part, fileName, text: entryTextOf(indexing, metadata) }
      }
    }
  }
}

/** The entry for a file's metadata. Unreadable metadata gives an empty one, which differs from every real entry. */
function entryTextOf(indexing: RepositoryIndexing, metadata: string): string {
  try {
    return indexing.entryText(metadata)
  } catch {
    return ''
  }
}

const FOUND = `
  SELECT f.part, f.name AS fileName FROM json_each(?2) j
  CROSS JOIN package_file f ON f.repository_id = ?1 AND f.name = j.value ->> 1
    AND f.part = j.value ->> 0`

/** Finds the files of a list that have rows. */
async function findFiles(
  { db, repositoryId }: CheckedRepository,
  files: readonly FileName[],
): Promise<readonly FileName[]> {
  const names = JSON.stringify(files.map(({ part, fileName }) => [part, fileName]))
  const { results } = await query(() => db.prepare(FOUND).bind(repositoryId, names).all<FileName>())
  return results
}

interface FileRow extends ExpectedFile {
  readonly id: string
}

const FILES = `
  SELECT f.id, iif(f.part = '', '', f.part || '/') || f.name AS subject, b.r2_key AS r2Key, b.sha256, b.size
  FROM package_file f JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE f.repository_id = ?1 AND f.id > ?2 ORDER BY f.id LIMIT ${PAGE_FILES}`

async function checkFiles(
  { db, bucket, repositoryId }: CheckedRepository,
  after: string,
): Promise<CheckedPage> {
  const { results } = await query(() => db.prepare(FILES).bind(repositoryId, after).all<FileRow>())
  const { checked, problems, done } = await checkFilePage(bucket, results)
  const last = results[checked - 1]?.id ?? ''
  return { indexes: 0, files: checked, problems, next: done ? null : `file:${last}` }
}
