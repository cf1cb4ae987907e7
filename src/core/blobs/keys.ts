// Makes the keys of R2. They are opaque and fresh for each write (R2 takes one write a second on a key).
// They begin with the hour, so that the sweep can list the objects of one hour and no others.
import { timeOrderedId } from '../ids.ts'

const BLOBS = 'blobs/'
const CONTENTS = 'contents/'

/** The parts of the bucket: packages' bytes, index files, and lists of contents. */
export const PREFIXES = [BLOBS, 'indexes/', CONTENTS] as const

/** The object that says to which deployment the bucket belongs (core/deployment). The sweep never lists it. */
export const MARKER_KEY = 'marker'

/** A new key for a package's bytes. */
export function freshBlobKey(now: Date): string {
  return `${hourPrefix(BLOBS, hourOf(now))}${timeOrderedId(now.getTime())}`
}

/** The key of a package's list of contents. Rows name only the key of the bytes, from which this one follows. */
export function contentsKey(blobKey: string): string {
  return CONTENTS + blobKey.slice(BLOBS.length)
}

/** The key by which a row may name the object. For a list of contents it is the key of the package's bytes. */
export function namedKey(key: string): string {
  return key.startsWith(CONTENTS) ? BLOBS + key.slice(CONTENTS.length) : key
}

/** The keys, with the keys of the lists of contents that belong to them. */
export function withContents(keys: readonly string[]): string[] {
  return keys.flatMap((key) => (key.startsWith(BLOBS) ? [key, contentsKey(key)] : [key]))
}

/** A new key for an index file's bytes. */
export function freshIndexKey(now: Date): string {
  return `${hourPrefix('indexes/', hourOf(now))}${timeOrderedId(now.getTime())}`
}

/** The prefix of the keys of one hour. */
export function hourPrefix(prefix: (typeof PREFIXES)[number], hour: string): string {
  return `${prefix}${hour}/`
}

/** `yyyymmddhh`, UTC. */
export function hourOf(now: Date): string {
  return now.toISOString().slice(0, 13).replace(/\D/g, '')
}

const KEY = /^(blobs|indexes|contents)\/\d{10}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether the registry could have made the key. */
export function isObjectKey(key: string): boolean {
  return KEY.test(key)
}

/** The key of the package's bytes, for the key of a list of contents; undefined for other keys. */
export function blobKeyOf(key: string): string | undefined {
  return key.startsWith(CONTENTS) ? namedKey(key) : undefined
}
