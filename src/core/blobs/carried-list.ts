// Puts a short list of contents into the metadata of the object with the package's bytes. That saves a
// put, R2's dearest operation: most packages are small, and so are their lists. R2 takes 8,192 bytes
// of metadata, keys and values together, and returns them with every read.
import { fromBase64, toBase64 } from '../../formats/bytes.ts'

/** Bytes of a carried list, at most, before base64 makes them a third more. */
export const MAX_CARRIED_BYTES = 4096

const NAME = 'contents'

/** The metadata of the object; undefined for a longer list, which needs an object of its own. */
export function formatCarriedList(list: Uint8Array): Record<string, string> | undefined {
  return list.length > MAX_CARRIED_BYTES ? undefined : { [NAME]: toBase64(list) }
}

/** The list that an object carries; undefined if it carries none. Throws if the list is no base64. */
export function parseCarriedList({
  customMetadata,
}: Pick<R2Object, 'customMetadata'>): Uint8Array | undefined {
  const text = customMetadata?.[NAME]
  if (text === undefined) return undefined
  const list = fromBase64(text)
  if (list === undefined) throw new Error('the list that the object carries is no base64')
  return list
}
