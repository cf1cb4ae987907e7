// What restrictions of tokens can name: the registered types and, by each type's own rules, its repositories.
import type { GrantableType } from '../core/access/grant.ts'
import { TYPES_WITHOUT_PREFIX } from '../core/access/restriction.ts'
import { packageTypes } from './registration.ts'
import { parseRepositoryName } from './repository-name.ts'
import type { PackageType, RepositoryNaming } from './type.ts'

export const GRANTABLE_TYPES: readonly GrantableType[] = packageTypes.map(
  ({ type, repositories, foldName }: PackageType) => ({
    type,
    foldName,
    parseRepository:
      repositories === undefined ? undefined : (name) => parseRepositoryName(repositories, name),
  }),
)

/** What an entry of `repositories` may be, as a pattern for the API's document. */
export const REPOSITORY_ENTRY_PATTERN = `^(?:${packageTypes
  .flatMap(({ type, repositories }: PackageType) =>
    repositories === undefined ? [] : [entryPattern(type, repositories)],
  )
  .join('|')})$`

function entryPattern(type: string, { path, parameters }: RepositoryNaming): string {
  const parts = path.split('/').map((part) => {
    const pattern = parameters[part.slice(1)]?.pattern
    return typeof pattern === 'string' ? pattern.replace(/^\^|\$$/g, '') : '[^/]+'
  })
  const prefix = TYPES_WITHOUT_PREFIX.includes(type) ? `(?:${type}:)?` : `${type}:`
  return prefix + parts.map((part) => `(?:${part})`).join('/')
}
