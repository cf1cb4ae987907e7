// What a request is about, as part of the one statement that also answers who asks for whose packages.
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
 * The query that names from a path make, or NOTHING for names that none can have: only who changes something is
 * told what is wrong with them.
 */
export function findIfNamed(find: () => ResourceQuery): ResourceQuery {
  return ifNamed(find) ?? NOTHING
}

/** What names from a path make; undefined for names that nothing can have. */
export function ifNamed<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof RegistryError || error instanceof FormatError) return undefined
    throw error
  }
}

/** Finds nothing, for paths that cannot name anything. */
export const NOTHING: ResourceQuery = { sql: 'NULL', parameters: [] }
