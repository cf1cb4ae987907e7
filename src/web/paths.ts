// PURE: where each page is. The one place that knows, besides the endpoints' own descriptors.
import { formatPath } from './format.ts'

export function ownerPath(owner: string): string {
  return formatPath(owner)
}

/** The package's latest version, or the one that is named. */
export function packagePath(owner: string, type: string, name: string, version?: string): string {
  const rest = version === undefined ? [] : [version]
  return formatPath(owner, '-', 'packages', type, name, ...rest)
}

export function versionsPath(owner: string, type: string, name: string): string {
  return formatPath(owner, '-', 'versions', type, name)
}

/** A repository's name can have several segments. */
export function repositoryPath(owner: string, type: string, name: string): string {
  return formatPath(owner, '-', type, ...name.split('/'))
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
