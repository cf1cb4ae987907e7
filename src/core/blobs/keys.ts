// The keys of R2. They are opaque, fresh for each write (R2 takes one write a second on a key) and
// dated by the hour, so that a sweep can list what one hour staged and nothing else.

/** Where a package's bytes go. */
export function freshBlobKey(now: Date): string {
  return `blobs/${hourOf(now)}/${crypto.randomUUID()}`
}

/** Where an index file's bytes go. */
export function freshIndexKey(now: Date): string {
  return `indexes/${hourOf(now)}/${crypto.randomUUID()}`
}

/** `yyyymmddhh`, UTC. */
function hourOf(now: Date): string {
  return now.toISOString().slice(0, 13).replace(/\D/g, '')
}
