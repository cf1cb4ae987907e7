// What all readers of forms need: the boundary, and a text field, which is held.
import { invalidRequest } from '../core/errors.ts'
import { concatBytes, decodeUtf8 } from '../formats/bytes.ts'
import { quote } from '../formats/format-error.ts'
import { type FormPart, parseBoundary } from '../formats/multipart/form-data.ts'
import { asRefusal } from './body-source.ts'

/**
 * @param room bytes that it may have
 * @param limit bytes of all fields together, for the refusal
 * @throws RegistryError invalid-request, before more than `room` is held
 */
export async function readField(
  { name, body }: FormPart,
  room: number,
  limit: number,
): Promise<{ readonly text: string; readonly bytes: number }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > room) {
      const detail = `the fields of the form have more than ${limit} bytes: shorten ${quote(name)}`
      throw invalidRequest(detail)
    }
    chunks.push(chunk)
  }
  const text = decodeUtf8(concatBytes(chunks))
  if (text === undefined) throw invalidRequest(`the field ${quote(name)} of the form is not UTF-8`)
  return { text, bytes }
}

/** @throws RegistryError invalid-request where the request is no form */
export function boundaryOf(request: Request): string {
  try {
    return parseBoundary(request.headers.get('content-type'))
  } catch (error) {
    throw asRefusal(error)
  }
}
