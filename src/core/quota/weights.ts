// PURE: estimates the bytes in D1, with indexes, of rows that belong to no file or outlast it. Their owner is
// charged for them as metadata. Without this charge, a client that publishes and removes over and over, or sets
// tags, would fill the database for free.

/** Bytes of a change in a repository's log without its names, with its two indexes. */
const LOG_BYTES = 400

/**
 * Bytes of a change in a repository's log. Every change weighs as much as one that retires a name. Only the batch
 * knows which changes do, and a recount of the log need not know.
 */
export function logBytesOf(fileName: string, part: string): number {
  return LOG_BYTES + 2 * (Buffer.byteLength(fileName) + Buffer.byteLength(part))
}

/** The same bytes for rows `c` of `repository_change`, in SQL. */
export const SUM_OF_LOG = `
  coalesce(sum(${LOG_BYTES} + 2 * (octet_length(c.file_name) + octet_length(c.part))), 0)`

/** The key columns of `retired_version`. */
export const RETIRED_COLUMNS = [
  ...['owner_id', 'type', 'package_name', 'version', 'composite_key', 'file_name'],
]

/** Bytes of a name that stays taken. @param columns its key columns, in SQL */
export function retiredBytes(columns: readonly string[]): string {
  return `(200 + 2 * (${columns.map((column) => `octet_length(${column})`).join(' + ')}))`
}

/** Bytes of a content that was removed from a type without repositories. Its row, with four digests, stays a week. */
export const REMOVED_BYTES = 600

/**
 * Bytes of a removal from a type without repositories, in the log and in its owner's history, which keeps the publish
 * as long.
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

/** Bytes of a tag without its name, with its two indexes. */
const TAG_BYTES = 50

export function tagBytesOf(name: string): number {
  return TAG_BYTES + 2 * Buffer.byteLength(name)
}

/** The same bytes in SQL. @param name an expression of SQL */
export function tagBytes(name: string): string {
  return `(${TAG_BYTES} + 2 * octet_length(${name}))`
}
