// Makes the query for a request's resource. It is a part of the one statement that also reads owner and token.
import { FormatError } from '../../formats/format-error.ts'
import { RegistryError } from '../errors.ts'

/**
 * A scalar query for one JSON object, or null. It may refer to the owner's row as `o`, and its own
 * parameters begin at ?3.
 */
export interface ResourceQuery {
  readonly sql: string
  readonly parameters: readonly (string | number)[]
}

/**
 * Makes the query from names in a path; NOTHING for names that nothing can have. A read then finds nothing. Only
 * requests that change something say what is wrong with a name.
 */
export function findIfNamed(find: () => ResourceQuery): ResourceQuery {
  return ifNamed(find) ?? NOTHING
}

/** Runs `make` on names from a path; undefined for names that nothing can have. */
export function ifNamed<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof RegistryError || error instanceof FormatError) return undefined
    throw error
  }
}

/** A query that finds nothing, for paths that cannot name anything. */
export const NOTHING: ResourceQuery = { sql: 'NULL', parameters: [] }
