// Ids of rows that come in bursts: files, changes, and the keys of objects. They begin with the time,
// so that what comes together lies together in every index by id, and a commit of many writes few of
// its pages.

/** A UUID of version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random ones. */
export function timeOrderedId(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  // What follows the four bits of the version.
  const random = crypto.randomUUID().slice(15)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random}`
}
