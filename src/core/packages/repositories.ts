// What there is to see of an owner's repositories: their rows, their index files, and what changed
// last. Who changed it is not among it.
import type { Page } from '../owners.ts'
import { type Reader, readAll } from './reader.ts'

export interface FoundRepository {
  readonly type: string
  readonly name: string
  /** The id of the last commit; random. */
  readonly head: string
  /** Counts the commits. */
  readonly revision: number
  readonly immutable: boolean
  /** Unix milliseconds, as all times here. */
  readonly createdAt: number
  /** Of the last commit; null before the first. */
  readonly changedAt: number | null
}

export interface IndexFileState {
  /** Within the repository. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  readonly changedAt: number
}

export interface RepositoryChange {
  readonly revision: number
  readonly op: 'publish' | 'remove' | 'reindex'
  /** Of the file; empty for a re-indexing. */
  readonly fileName: string
  readonly architecture: string
  readonly createdAt: number
}

export interface RepositoryDetail {
  readonly repository: FoundRepository
  readonly indexes: readonly IndexFileState[]
  /** The last ones, newest first. */
  readonly changes: readonly RepositoryChange[]
}

type RepositoryRow = Omit<FoundRepository, 'immutable'> & { readonly immutable: number }

const COLUMNS = `
  r.type, r.name, r.head, r.revision, r.immutable, r.created_at AS createdAt,
  (SELECT c.created_at FROM repository_change c WHERE c.repository_id = r.id
   ORDER BY c.revision DESC LIMIT 1) AS changedAt`

/** The owner's repositories by type and name; `total` is without paging. */
export async function listRepositories(
  reader: Reader,
  { ownerId, type = null }: { readonly ownerId: string; readonly type?: string | null },
  page: Page,
): Promise<{ readonly repositories: readonly FoundRepository[]; readonly total: number }> {
  const [of, ...parameters] =
    type === null
      ? ['r.owner_id = ?1', ownerId]
      : ['r.owner_id = ?1 AND r.type = ?2', ownerId, type]
  const [limit, offset] = [parameters.length + 1, parameters.length + 2]
  const [rows, totals] = await readAll<[RepositoryRow, { total: number }]>(reader, [
    [
      `SELECT ${COLUMNS} FROM repository r WHERE ${of}
       ORDER BY r.type, r.name LIMIT ?${limit} OFFSET ?${offset}`,
      ...parameters,
      page.limit,
      page.offset,
    ],
    type === null
      ? ['SELECT repositories AS total FROM owner_usage WHERE owner_id = ?1', ownerId]
      : [`SELECT count(*) AS total FROM repository r WHERE ${of}`, ...parameters],
  ])
  return { repositories: rows.map(repositoryOf), total: totals[0]?.total ?? 0 }
}

const FOUND = 'SELECT id FROM repository WHERE owner_id = ?1 AND type = ?2 AND name = ?3'

/** Undefined where there is no such repository. */
export async function findRepository(
  reader: Reader,
  {
    ownerId,
    type,
    name,
  }: { readonly ownerId: string; readonly type: string; readonly name: string },
  changes = 20,
): Promise<RepositoryDetail | undefined> {
  const [[row], indexes, latest] = await readAll<[RepositoryRow, IndexFileState, RepositoryChange]>(
    reader,
    [
      [`SELECT ${COLUMNS} FROM repository r WHERE r.id = (${FOUND})`, ownerId, type, name],
      [
        `SELECT path, size, sha256, changed_at AS changedAt FROM repository_index
       WHERE repository_id = (${FOUND}) ORDER BY path`,
        ...[ownerId, type, name],
      ],
      [
        `SELECT revision, op, file_name AS fileName, architecture, created_at AS createdAt
       FROM repository_change WHERE repository_id = (${FOUND})
       ORDER BY revision DESC, change_id DESC LIMIT ?4`,
        ...[ownerId, type, name, changes],
      ],
    ],
  )
  return row === undefined ? undefined : { repository: repositoryOf(row), indexes, changes: latest }
}

function repositoryOf(row: RepositoryRow): FoundRepository {
  return { ...row, immutable: row.immutable === 1 }
}
