// The keys of R2. They are opaque, fresh for each write (R2 takes one write a second on a key) and
// dated by the hour, so that a sweep can list what one hour staged and nothing else.

/** The parts of the bucket: packages' bytes and index files. */
export const PREFIXES = ['blobs/', 'indexes/'] as const

/** Where a package's bytes go. */
export function freshBlobKey(now: Date): string {
  return `${hourPrefix('blobs/', hourOf(now))}${crypto.randomUUID()}`
}

/** Where an index file's bytes go. */
export function freshIndexKey(now: Date): string {
  return `${hourPrefix('indexes/', hourOf(now))}${crypto.randomUUID()}`
}

/** What the keys of one hour begin with. */
export function hourPrefix(prefix: (typeof PREFIXES)[number], hour: string): string {
  return `${prefix}${hour}/`
}

/** `yyyymmddhh`, UTC. */
export function hourOf(now: Date): string {
  return now.toISOString().slice(0, 13).replace(/\D/g, '')
}
