// By what answers about an owner's lists are known at the edge, as a part of the one statement of a request.
import type { ResourceQuery } from '../access/resource-query.ts'

export interface ListState {
  /** Of each type that the owner has packages of: a random id, new at each change of one of them. */
  readonly states: Readonly<Record<string, string>>
}

/** Of an owner `o`, as JSON. */
export const LIST_STATES = `
  SELECT json_group_object(substr(key, length(o.id) + 2), state) FROM package_list
  WHERE key > o.id || ' ' AND key < o.id || '!'`

/** A ListState. */
export const LIST_STATE: ResourceQuery = {
  sql: `SELECT json_object('states', json((${LIST_STATES})))`,
  parameters: [],
}
