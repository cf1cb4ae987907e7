// PURE: the name of a repository as people write it, read by the rules of its type.
import { RegistryError } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'
import type { Params } from '../http/endpoint.ts'
import type { RepositoryNaming } from './type.ts'

/**
 * The parameters that the API's paths have for the name, not yet validated.
 * @throws RegistryError invalid-name for a name of another number of parts
 */
export function splitRepositoryName(
  { path }: Pick<RepositoryNaming, 'path'>,
  name: string,
): Params {
  const parameters = path.split('/').map((part) => part.slice(1))
  const parts = name.split('/')
  if (parts.length !== parameters.length) {
    const detail = `repository ${quote(name)} is not of the form ${parameters.join('/')}`
    throw new RegistryError({ code: 'invalid-name', detail })
  }
  return Object.fromEntries(parameters.map((parameter, at) => [parameter, parts[at] ?? '']))
}

/**
 * The name as rows have it.
 * @throws RegistryError invalid-name
 */
export function parseRepositoryName(naming: RepositoryNaming, name: string): string {
  return naming.parseName(splitRepositoryName(naming, name))
}
