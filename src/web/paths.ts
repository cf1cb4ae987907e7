// PURE: where each page is. The one place that knows, besides the endpoints' own descriptors.
import { formatPath, packagePagePath } from '../http/path.ts'

export function ownerPath(owner: string): string {
  return formatPath(owner)
}

export const packagePath = packagePagePath

/** The page of a package as a repository has it; of none where it is empty. */
export function packageFromPath(owner: string, type: string, name: string, from: string): string {
  const path = packagePath(owner, type, name)
  return from === '' ? path : `${path}?from=${encodeURIComponent(from)}`
}

export function versionsPath(owner: string, type: string, name: string): string {
  return formatPath(owner, '-', 'versions', type, name)
}

/** The whole README of a version, as text. */
export function readmePath(owner: string, type: string, name: string, version: string): string {
  return formatPath(owner, '-', 'readme', type, name, version)
}

/** A repository's name can have several segments. */
export function repositoryPath(owner: string, type: string, name: string): string {
  return formatPath(owner, '-', type, ...name.split('/'))
}

/** What was published and removed, of a repository or of all that the owner has. */
export function historyPath(owner: string, type?: string, repository?: string): string {
  const place =
    type === undefined || repository === undefined ? [] : [type, ...repository.split('/')]
  return formatPath(owner, '-', 'history', ...place)
}

/** The same in the API, as a feed. */
export function feedPath(owner: string, type?: string, repository?: string): string {
  const place =
    type === undefined || repository === undefined
      ? []
      : ['repositories', type, ...repository.split('/')]
  return formatPath('api', 'v1', 'owners', owner, ...place, 'history.atom')
}

export interface PackageFilter {
  readonly q?: string
  readonly type?: string
  readonly repository?: string
}

export function packagesPath(owner: string, filter: PackageFilter): string {
  const query = new URLSearchParams({ ...filter }).toString()
  return query === '' ? ownerPath(owner) : `${ownerPath(owner)}?${query}`
}

/** Of owners that begin like a name: of a mistyped one the end is most likely wrong. */
export function searchPath(owner: string): string {
  return `/?q=${encodeURIComponent(owner.slice(0, 2))}`
}

export const SIGN_IN = '/-/sign-in'

/** @param next path and query to come back to */
export function signInPath(next?: string): string {
  return next === undefined ? SIGN_IN : `${SIGN_IN}?next=${encodeURIComponent(next)}`
}

export const OWNERS_PATH = '/-/owners'

export function uploadPath(
  owner: string,
  filter: { readonly type?: string; readonly repository?: string } = {},
): string {
  const path = formatPath(owner, '-', 'upload')
  const query = new URLSearchParams({ ...filter }).toString()
  return query === '' ? path : `${path}?${query}`
}

/** In the API: the list of what a file of a version holds. */
export function contentsPath(
  owner: string,
  type: string,
  name: string,
  version: string,
  sha256: string,
): string {
  const file = formatPath(owner, type, name, version, 'files', sha256, 'contents')
  return `/api/v1/packages${file}`
}

/** Likewise as a page. */
export function contentsPagePath(
  owner: string,
  type: string,
  name: string,
  version: string,
  sha256: string,
): string {
  return formatPath(owner, '-', 'contents', type, name, version, sha256)
}

/** The tokens of an owner, and for the deployment admin its settings. */
export function managePath(owner: string): string {
  return formatPath(owner, '-', 'manage')
}

/** @param file the id of one of the version's files; without it the version as a whole */
export function removePath(
  owner: string,
  type: string,
  name: string,
  version: string,
  file?: string,
): string {
  const path = formatPath(owner, '-', 'remove', type, name, version)
  return file === undefined ? path : `${path}?file=${encodeURIComponent(file)}`
}
