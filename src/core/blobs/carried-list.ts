// A short list of what a package holds travels in the metadata of the object with the package's
// bytes, which saves R2's dearest operation: most packages are small, and so are their lists. R2
// takes 8,192 bytes of metadata, keys and values together, and hands them out with every read.
import { fromBase64, toBase64 } from '../../formats/bytes.ts'

/** Bytes of a list, before base64 makes a third more of them. */
export const MAX_CARRIED_BYTES = 4096

const NAME = 'contents'

/** The metadata of the object; undefined for a list that has to lie beside it. */
export function formatCarriedList(list: Uint8Array): Record<string, string> | undefined {
  return list.length > MAX_CARRIED_BYTES ? undefined : { [NAME]: toBase64(list) }
}

/** Undefined for an object that carries none. Throws when it is no base64. */
export function parseCarriedList({
  customMetadata,
}: Pick<R2Object, 'customMetadata'>): Uint8Array | undefined {
  const text = customMetadata?.[NAME]
  if (text === undefined) return undefined
  const list = fromBase64(text)
  if (list === undefined) throw new Error('the list that the object carries is no base64')
  return list
}
