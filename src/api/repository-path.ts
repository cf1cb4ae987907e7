// How a repository's name and its path in the API hang together: the parameters of the type's path are
// the segments of the name, in order.
import { formatPath } from '../http/path.ts'
import type { PackageType } from '../types/type.ts'

/** Of `edge/main` by `:branch/:repository`: branch and repository. */
export function repositoryParametersOf(
  { repositories }: PackageType,
  name: string,
): Readonly<Record<string, string>> {
  const names = [...(repositories?.path ?? '').matchAll(/:(\w+)/g)].map(([, found = '']) => found)
  const segments = name.split('/')
  return Object.fromEntries(names.map((each, at) => [each, segments[at] ?? '']))
}

export function repositoryPath(owner: string, type: string, name: string): string {
  return formatPath('api', 'v1', 'owners', owner, 'repositories', type, ...name.split('/'))
}
