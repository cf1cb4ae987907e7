// What a request is about, as part of the one statement that also answers who asks for whose packages.

/**
 * A scalar query for one JSON object, or null. It may refer to the owner's row as `o`, and its own
 * parameters begin at ?3.
 */
export interface ResourceQuery {
  readonly sql: string
  readonly parameters: readonly (string | number)[]
}

/** Finds nothing, for paths that cannot name anything. */
export const NOTHING: ResourceQuery = { sql: 'NULL', parameters: [] }
