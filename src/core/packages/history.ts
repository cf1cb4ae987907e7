// What was published and removed, newest first: of an owner by `owner_change`, which triggers keep for all of its
// files, and of a repository by its own log. A page begins behind the entry that the one before ended with, so that it
// costs what it shows, however long the log is. Accepted: an entry whose clock ran behind may appear among those that
// a reader has already passed.
import type { ResourceQuery } from '../access/resource-query.ts'
import { query } from '../database.ts'
import type { Reader } from './reader.ts'

export interface HistoryEntry {
  /** Unix milliseconds. */
  readonly at: number
  /** Unique, and the same whenever it is asked for. */
  readonly id: string
  /** Of an owner the time, of a repository its revision: with the id the entry's place in the list. */
  readonly position: number
  readonly op: 'publish' | 'remove' | 'reindex'
  readonly type: string
  /** The name of the repository; null of files in none. */
  readonly repository: string | null
  /** As its publisher wrote it; null where the file is gone, and its repository's log has its name alone. */
  readonly packageName: string | null
  readonly version: string | null
  /** Empty of a re-indexing. */
  readonly fileName: string
  readonly architecture: string
  /** What package and version are found by, as long as the file is there. */
  readonly foundName: string | null
  readonly foundVersion: string | null
  /** The id of an access token, `admin`, or empty of a re-indexing. */
  readonly by: string
  /** The name of the token, as long as it is not deleted. */
  readonly tokenName: string | null
}

/** The entry that a page follows. */
export interface HistoryPosition {
  readonly position: number
  readonly id: string
}

export interface HistoryPage {
  readonly after?: HistoryPosition | undefined
  readonly limit: number
}

export interface History {
  readonly entries: readonly HistoryEntry[]
  /** Whether others follow. */
  readonly more: boolean
}

/** By what an answer about a history is known at the edge. */
export interface HistoryState {
  /** The newest entry; null of an empty history. */
  readonly newest: string | null
  /** Of a repository. */
  readonly repositoryId?: string
}

/** Of an owner. */
export const OWNER_HISTORY_STATE: ResourceQuery = {
  sql: `SELECT json_object('newest', (
    SELECT id FROM owner_change WHERE owner_id = o.id ORDER BY created_at DESC, id DESC LIMIT 1))`,
  parameters: [],
}

/** Of a repository, if there is one of that name. */
export function repositoryHistoryState(type: string, name: string): ResourceQuery {
  return {
    sql: `SELECT json_object('newest', r.head, 'repositoryId', r.id) FROM repository r
      WHERE r.owner_id = o.id AND r.type = ?3 AND r.name = ?4`,
    parameters: [type, name],
  }
}

const OF_OWNER = `
  SELECT created_at AS position, id, kind FROM owner_change
  WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3)
  ORDER BY created_at DESC, id DESC LIMIT ?4`

const OF_REPOSITORY = `
  SELECT revision AS position, change_id AS id, 0 AS kind FROM repository_change
  WHERE repository_id = ?1 AND (revision, change_id) < (?2, ?3)
  ORDER BY revision DESC, change_id DESC LIMIT ?4`

/** Of a removal in no repository the id of the file, behind which the entry's own says that it is one. */
const REMOVED_ID = 'iif(latest.kind = 2, substr(latest.id, 1, length(latest.id) - 8), latest.id)'

/** @param page a query for `position`, `id` and `kind` */
const entriesOf = (page: string) => `
  SELECT coalesce(r.created_at, latest.position) AS at, latest.id, latest.position,
    coalesce(r.op, iif(latest.kind = 1, 'publish', 'remove')) AS op,
    coalesce(q.type, d.type, p.type, '') AS type, q.name AS repository,
    coalesce(p.display_name, p.name, d.package_name) AS packageName,
    coalesce(v.display_version, v.version, d.version) AS version,
    coalesce(r.file_name, f.display_name, f.name, d.file_name, '') AS fileName,
    coalesce(r.architecture, '') AS architecture,
    p.name AS foundName, v.version AS foundVersion, t.name AS tokenName,
    coalesce(r.created_by, iif(latest.kind = 1, coalesce(f.created_by, d.published_by), d.removed_by), '') AS by
  FROM (${page}) latest
  LEFT JOIN repository_change r ON latest.kind = 0 AND r.change_id = latest.id
  LEFT JOIN repository q ON q.id = r.repository_id
  LEFT JOIN removed_file d ON latest.kind > 0 AND d.file_id = ${REMOVED_ID}
  LEFT JOIN package_file f ON f.id = coalesce(r.file_id, latest.id)
  LEFT JOIN package_version v ON v.id = f.version_id
  LEFT JOIN package p ON p.id = v.package_id
  LEFT JOIN access_token t ON t.id
    = coalesce(r.created_by, iif(latest.kind = 1, coalesce(f.created_by, d.published_by), d.removed_by))
  ORDER BY latest.position DESC, latest.id DESC`

/**
 * Of a repository with its re-indexings.
 * @param of whose; without a repository all changes of the owner
 * @throws RegistryError storage-unavailable
 */
export async function readHistory(
  reader: Reader,
  {
    ownerId,
    repositoryId,
  }: { readonly ownerId: string; readonly repositoryId?: string | undefined },
  { after, limit }: HistoryPage,
): Promise<History> {
  const sql = entriesOf(repositoryId === undefined ? OF_OWNER : OF_REPOSITORY)
  const { position, id } = after ?? { position: Number.MAX_SAFE_INTEGER, id: '' }
  const statement = reader.prepare(sql).bind(repositoryId ?? ownerId, position, id, limit + 1)
  const { results } = await query(() => statement.all<HistoryEntry>())
  return { entries: results.slice(0, limit), more: results.length > limit }
}
