// The keys of R2. They are opaque, fresh for each write (R2 takes one write a second on a key) and
// dated by the hour, so that a sweep can list what one hour staged and nothing else.
import { timeOrderedId } from '../ids.ts'

const BLOBS = 'blobs/'
const CONTENTS = 'contents/'

/** The parts of the bucket: packages' bytes, index files, and what packages hold. */
export const PREFIXES = [BLOBS, 'indexes/', CONTENTS] as const

/** What says whose bucket it is (core/deployment); lies outside of the parts that are swept. */
export const MARKER_KEY = 'marker'

/** Where a package's bytes go. */
export function freshBlobKey(now: Date): string {
  return `${hourPrefix(BLOBS, hourOf(now))}${timeOrderedId(now.getTime())}`
}

/** Where the list of what a package holds goes: no row names it but by the key of the bytes. */
export function contentsKey(blobKey: string): string {
  return CONTENTS + blobKey.slice(BLOBS.length)
}

/** The key that a row may have for the object: for a list, that of the bytes beside which it lies. */
export function namedKey(key: string): string {
  return key.startsWith(CONTENTS) ? BLOBS + key.slice(CONTENTS.length) : key
}

/** The keys and those of the lists that go with them. */
export function withContents(keys: readonly string[]): string[] {
  return keys.flatMap((key) => (key.startsWith(BLOBS) ? [key, contentsKey(key)] : [key]))
}

/** Where an index file's bytes go. */
export function freshIndexKey(now: Date): string {
  return `${hourPrefix('indexes/', hourOf(now))}${timeOrderedId(now.getTime())}`
}

/** What the keys of one hour begin with. */
export function hourPrefix(prefix: (typeof PREFIXES)[number], hour: string): string {
  return `${prefix}${hour}/`
}

/** `yyyymmddhh`, UTC. */
export function hourOf(now: Date): string {
  return now.toISOString().slice(0, 13).replace(/\D/g, '')
}

const KEY = /^(blobs|indexes|contents)\/\d{10}\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether an object of ours can have the key. */
export function isObjectKey(key: string): boolean {
  return KEY.test(key)
}

/** Of the key of a list of what a package holds, that of the package's bytes; undefined of other keys. */
export function blobKeyOf(key: string): string | undefined {
  return key.startsWith(CONTENTS) ? namedKey(key) : undefined
}
