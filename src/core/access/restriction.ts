// PURE: reads the entries of the lists that restrict a token. An entry is a type, a colon and a name, such as
// `alpine:edge/main` for a repository or `npm:@acme/*` for packages. The first colon ends the type, so that
// the name after it may have colons of its own.

/**
 * The types that an entry without a type means. Entries had no type while only these two types existed, and
 * tokens from that time keep their meaning. Never add a type here: a token that was given out for Alpine's
 * `edge/main` could then write another type's `edge/main`. Core names types nowhere else.
 */
export const TYPES_WITHOUT_PREFIX: readonly string[] = ['alpine', 'generic']

export interface RestrictionEntry {
  /** The type as it is written, registered or not; undefined for an entry without a colon. */
  readonly type: string | undefined
  readonly name: string
}

export function splitEntry(entry: string): RestrictionEntry {
  const colon = entry.indexOf(':')
  if (colon < 0) return { type: undefined, name: entry }
  return { type: entry.slice(0, colon), name: entry.slice(colon + 1) }
}

/** The names or patterns of the entries that concern a type. */
export function namesOfType(entries: readonly string[], type: string): readonly string[] {
  return entries
    .map(splitEntry)
    .filter((entry) =>
      entry.type === undefined ? TYPES_WITHOUT_PREFIX.includes(type) : entry.type === type,
    )
    .map(({ name }) => name)
}
