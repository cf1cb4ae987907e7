// PURE: one entry of the lists that restrict a token. An entry is a type, a colon and a name, such as
// `alpine:edge/main` for a repository or `npm:@acme/*` for packages. The first colon ends the type, so
// that the name after it may have colons of its own.

/**
 * The types that an entry without a type means. Entries had no types while these two were all types,
 * and tokens from that time keep their meaning. A type that is added later does not belong here: else
 * a token that was given out for Alpine's `edge/main` would write another type's `edge/main`.
 * Nowhere else does core name types.
 */
export const TYPES_WITHOUT_PREFIX: readonly string[] = ['alpine', 'generic']

export interface RestrictionEntry {
  /** As written, whether registered or not; undefined for an entry without a colon. */
  readonly type: string | undefined
  readonly name: string
}

export function splitEntry(entry: string): RestrictionEntry {
  const colon = entry.indexOf(':')
  if (colon < 0) return { type: undefined, name: entry }
  return { type: entry.slice(0, colon), name: entry.slice(colon + 1) }
}

/** The names or patterns by which a list of entries allows something of a type. */
export function namesOfType(entries: readonly string[], type: string): readonly string[] {
  return entries
    .map(splitEntry)
    .filter((entry) =>
      entry.type === undefined ? TYPES_WITHOUT_PREFIX.includes(type) : entry.type === type,
    )
    .map(({ name }) => name)
}
