// Where a file or an index is, from the segments of a path. A path that cannot name anything finds
// nothing; only a publish is told what is wrong with it.

import {
  findIfNamed,
  ifNamed,
  NOTHING,
  type ResourceQuery,
} from '../../core/access/resource-query.ts'
import { RegistryError } from '../../core/errors.ts'
import { PATH_NAME_PATTERN, parsePathName } from '../../core/names.ts'
import { findRepositoryFile } from '../../core/packages/file-row.ts'
import {
  findIndexedRepository,
  findIndexFile,
  type IndexPlace,
} from '../../core/packages/index-file.ts'
import { quote } from '../../formats/format-error.ts'
import type { Params } from '../../http/endpoint.ts'
import { type Schema, withExample } from '../../http/operation.ts'
import { parseArchitecture } from './format/name.ts'

export const TYPE = 'alpine'
export const NOARCH = 'noarch'
export const INDEX_FILE = 'APKINDEX.tar.gz'
export const EXTENSION = '.apk'

const PATH_NAME: Schema = { type: 'string', pattern: PATH_NAME_PATTERN }

/** What the parameters of Alpine's paths may be. */
export const REPOSITORY_PARAMETERS = {
  branch: withExample(PATH_NAME, 'edge'),
  repository: withExample(PATH_NAME, 'main'),
} as const
export const ARCHITECTURE: Schema = {
  title: 'AlpineArchitecture',
  type: 'string',
  pattern: '^[a-z0-9_]{1,32}$',
  examples: ['x86_64'],
}

/** `branch/repository`: the repository's name within its owner. */
export function parseRepositoryName(params: Params): string {
  const branch = parsePathName('branch', params.branch ?? '')
  return `${branch}/${parsePathName('repository', params.repository ?? '')}`
}

/**
 * The name of a repository that is made if need be: one that ends like a package is a slip, such as
 * `curl -T x.apk …/edge/`, to which curl adds the file's name.
 * @throws RegistryError invalid-name
 */
export function parseTargetName(params: Params): string {
  const name = parseRepositoryName(params)
  const { branch = '', repository = '' } = params
  for (const [kind, value] of Object.entries({ branch, repository })) {
    if (!value.toLowerCase().endsWith(EXTENSION)) continue
    const path = kind === 'branch' ? `edge/main/${value}` : `${branch}/main/${value}`
    const detail =
      `${kind} ${quote(value)} is the name of a file, before which the path lacks the ` +
      `${kind === 'branch' ? 'branch and the repository' : 'repository'}: write …/${TYPE}/${path}`
    throw new RegistryError({ code: 'invalid-name', detail })
  }
  return name
}

/** Of an architecture that has no index file of its own, the noarch one answers. */
export function findIndex(params: Params): ResourceQuery {
  return findIfNamed(() => findIndexFile(parseIndexPlace(params)))
}

/** @throws RegistryError invalid-name, FormatError */
export function parseIndexPlace(params: Params): IndexPlace {
  const own = indexPath(parseArchitecture(params.architecture ?? ''))
  const paths = [own, indexPath(NOARCH)] as const
  return { type: TYPE, repository: parseRepositoryName(params), paths }
}

/** Finds something where the repository has an index file, of whatever architecture. */
export function findRepository(params: Params): ResourceQuery {
  return findIfNamed(() =>
    findIndexedRepository({ type: TYPE, repository: parseRepositoryName(params) }),
  )
}

/** The row of a file: a noarch one answers under every architecture. */
export function findFile(params: Params): ResourceQuery {
  const { file: fileName = '' } = params
  if (!FILE_NAME.test(fileName)) return NOTHING
  return findIfNamed(() =>
    findRepositoryFile({
      type: TYPE,
      repository: parseRepositoryName(params),
      fileName,
      parts: [parseArchitecture(params.architecture ?? ''), NOARCH],
    }),
  )
}

/** @param path within the repository */
export function nearPath(params: Params, path: string | undefined) {
  return ifNamed(() => ({ type: TYPE, repository: parseRepositoryName(params), path }))
}

export function indexPath(architecture: string): string {
  return `${architecture}/${INDEX_FILE}`
}

/** Letters, digits and `._+~-`: what a name and a version can consist of. */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._+~-]{0,123}\\.apk$'
const FILE_NAME = new RegExp(FILE_NAME_PATTERN)
