// Where a file or an index is, from the segments of a path. A path that cannot name anything finds
// nothing; only a publish is told what is wrong with it.

import { NOTHING, type ResourceQuery } from '../../core/access/resource-query.ts'
import { RegistryError } from '../../core/errors.ts'
import { PATH_NAME_PATTERN, parsePathName } from '../../core/names.ts'
import { FILE_ROW } from '../../core/packages/file-row.ts'
import { FormatError } from '../../formats/format-error.ts'
import type { Params } from '../../http/endpoint.ts'
import type { Schema } from '../../http/operation.ts'
import { parseArchitecture } from './format/name.ts'

export const TYPE = 'alpine'
export const NOARCH = 'noarch'
export const INDEX_FILE = 'APKINDEX.tar.gz'

const PATH_NAME: Schema = { type: 'string', pattern: PATH_NAME_PATTERN }

/** What the parameters of Alpine's paths may be. */
export const REPOSITORY_PARAMETERS = { branch: PATH_NAME, repository: PATH_NAME } as const
export const ARCHITECTURE: Schema = {
  title: 'AlpineArchitecture',
  type: 'string',
  pattern: '^[a-z0-9_]{1,32}$',
}

/** `branch/repository`: the repository's name within its owner. */
export function parseRepositoryName(params: Params): string {
  const branch = parsePathName('branch', params.branch ?? '')
  return `${branch}/${parsePathName('repository', params.repository ?? '')}`
}

/** The row of the architecture's index, or of the noarch one where it has none of its own. */
export function findIndex(params: Params): ResourceQuery {
  return whenValid(params, (repository, architecture) => ({
    sql: `SELECT json_object('path', i.path, 'r2Key', i.r2_key, 'size', i.size,
            'sha256', i.sha256, 'keySet', i.key_set, 'changedAt', i.changed_at)
          FROM repository r JOIN repository_index i ON i.repository_id = r.id
          WHERE r.owner_id = o.id AND r.type = '${TYPE}' AND r.name = ?3 AND i.path IN (?4, ?5)
          ORDER BY i.path = ?4 DESC LIMIT 1`,
    parameters: [repository, indexPath(architecture), indexPath(NOARCH)],
  }))
}

/** Finds something where the repository has an index file, of whatever architecture. */
export function findRepository(params: Params): ResourceQuery {
  return whenValid({ ...params, architecture: NOARCH }, (repository) => ({
    sql: `SELECT json_object('name', r.name) FROM repository r
          WHERE r.owner_id = o.id AND r.type = '${TYPE}' AND r.name = ?3
            AND EXISTS (SELECT 1 FROM repository_index i WHERE i.repository_id = r.id)`,
    parameters: [repository],
  }))
}

/** The row of a file: a noarch one answers under every architecture. */
export function findFile(params: Params): ResourceQuery {
  return whenValid(params, (repository, architecture) => ({
    sql: `SELECT ${FILE_ROW}
          FROM repository r
          JOIN package_file f ON f.repository_id = r.id AND f.name = ?4
            AND f.architecture IN (?5, '${NOARCH}')
          JOIN package_blob b ON b.sha256 = f.blob_sha256
          JOIN package_version v ON v.id = f.version_id
          JOIN package p ON p.id = v.package_id
          WHERE r.owner_id = o.id AND r.type = '${TYPE}' AND r.name = ?3 LIMIT 1`,
    parameters: [repository, params.file ?? '', architecture],
  }))
}

export function indexPath(architecture: string): string {
  return `${architecture}/${INDEX_FILE}`
}

/** Letters, digits and `._+~-`: what a name and a version can consist of. */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._+~-]{0,123}\\.apk$'
const FILE_NAME = new RegExp(FILE_NAME_PATTERN)

function whenValid(
  params: Params,
  find: (repository: string, architecture: string) => ResourceQuery,
): ResourceQuery {
  if (params.file !== undefined && !FILE_NAME.test(params.file)) return NOTHING
  try {
    return find(parseRepositoryName(params), parseArchitecture(params.architecture ?? ''))
  } catch (error) {
    if (error instanceof RegistryError || error instanceof FormatError) return NOTHING
    throw error
  }
}
