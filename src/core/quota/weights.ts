// PURE: what rows weigh that belong to no file, or outlast it, in bytes of D1 with their indexes, about. Their
// owner is charged for them among its metadata: else whoever publishes and removes over and over, or sets
// tags, would fill the database for nothing.

/** A change in a repository's log, with its two indexes. */
const LOG_BYTES = 400

/**
 * A change in a repository's log. Each weighs as one by which a name retires: which those are is known in the batch
 * alone, and the log can be counted anew without knowing.
 */
export function logBytesOf(fileName: string, part: string): number {
  return LOG_BYTES + 2 * (Buffer.byteLength(fileName) + Buffer.byteLength(part))
}

/** The same of rows `c` of `repository_change`, in SQL. */
export const SUM_OF_LOG = `
  coalesce(sum(${LOG_BYTES} + 2 * (octet_length(c.file_name) + octet_length(c.part))), 0)`

/** The columns of `retired_version` that are in its key. */
export const RETIRED_COLUMNS = [
  ...['owner_id', 'type', 'package_name', 'version', 'composite_key', 'file_name'],
]

/** A name that stays taken. @param columns those of its key, in SQL */
export function retiredBytes(columns: readonly string[]): string {
  return `(200 + 2 * (${columns.map((column) => `octet_length(${column})`).join(' + ')}))`
}

/** A content that was removed from a type without repositories: its row stays for a week, with four digests. */
export const REMOVED_BYTES = 600

/**
 * A removal from a type without repositories, in the log and in its owner's history, where the publish stays as long.
 * @param names columns of package, version and file, in SQL
 */
export function removalBytes(...names: readonly [string, string, string]): string {
  return `(600 + ${names.map((name) => `octet_length(${name})`).join(' + ')})`
}

/** One piece of a name, with its place in the tree, beside its text. */
const PIECE_BYTES = 24

/**
 * The pieces of a package's name, by which a part of it is found: one from each of its first 64 characters on, of up to 32.
 * Triggers charge for them, as they write them (migrations/0024_pieces.sql). @param name an expression of SQL
 */
export function pieceBytes(name: string): string {
  return `(min(length(${name}), 64) * (${PIECE_BYTES} + octet_length(substr(${name}, 1, 32))))`
}

/** A tag, with the two indexes that it is in. */
const TAG_BYTES = 50

export function tagBytesOf(name: string): number {
  return TAG_BYTES + 2 * Buffer.byteLength(name)
}

/** The same in SQL. @param name an expression */
export function tagBytes(name: string): string {
  return `(${TAG_BYTES} + 2 * octet_length(${name}))`
}
