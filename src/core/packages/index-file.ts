// What a request about an index file needs to know of it, as part of the one statement that it makes.
import type { ResourceQuery } from '../access/resource-query.ts'

export interface IndexFileRow {
  /** Within the repository. */
  readonly path: string
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** The id of the keys that signed it. */
  readonly keySet: string
  /** Unix milliseconds. */
  readonly changedAt: number
}

export interface IndexPlace {
  readonly type: string
  /** The repository's name within its owner. */
  readonly repository: string
  /** The file to answer with, and those that stand in for it where the repository lacks it. */
  readonly paths: readonly [string, ...string[]]
}

/** An IndexFileRow: of the first of the paths that the repository has. */
export function findIndexFile({ type, repository, paths }: IndexPlace): ResourceQuery {
  const order = paths.map((_, at) => `WHEN ?${at + 5} THEN ${at}`).join(' ')
  return {
    sql: `SELECT json_object('path', i.path, 'r2Key', i.r2_key, 'size', i.size,
            'sha256', i.sha256, 'keySet', i.key_set, 'changedAt', i.changed_at)
          FROM repository r JOIN repository_index i ON i.repository_id = r.id
          WHERE r.owner_id = o.id AND r.type = ?3 AND r.name = ?4
            AND i.path IN (${paths.map((_, at) => `?${at + 5}`).join(', ')})
          ORDER BY CASE i.path ${order} END LIMIT 1`,
    parameters: [type, repository, ...paths],
  }
}

/** The name of a repository that has an index file, whichever it is. */
export function findIndexedRepository({
  type,
  repository,
}: Pick<IndexPlace, 'type' | 'repository'>): ResourceQuery {
  return {
    sql: `SELECT json_object('name', r.name) FROM repository r
          WHERE r.owner_id = o.id AND r.type = ?3 AND r.name = ?4
            AND EXISTS (SELECT 1 FROM repository_index i WHERE i.repository_id = r.id)`,
    parameters: [type, repository],
  }
}
