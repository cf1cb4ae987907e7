// A form whose fields say what its one file is, as twine sends it: fields come before or behind the file, some
// of them several times, and some are long texts.
import { invalidRequest } from '../core/errors.ts'
import type { ByteSource } from '../formats/bytes.ts'
import { quote } from '../formats/format-error.ts'
import { readFormParts } from '../formats/multipart/form-data.ts'
import { boundaryOf, readField } from './form-field.ts'

export interface FormBodyLimits {
  /** The name of the field that is the file. */
  readonly file: string
  /** Bytes of all other fields together: they are held. */
  readonly fieldBytes: number
  readonly maxFields: number
}

export interface FormBody {
  /** For `PublicationCall.body`: the bytes of the file; ends when the form does. */
  readonly body: (source: ByteSource) => ByteSource
  /** Complete when the file has been read to its end; values in the order in which they were sent. */
  readonly fields: ReadonlyMap<string, readonly string[]>
  /** The file's name as the client wrote it: not a path, not safe. Empty until it is known. */
  fileName(): string
}

/**
 * @throws RegistryError invalid-request where the request is no form; while it is read, for a form that cannot
 *   be read, has no file, or a second one, or more fields than may be
 */
export function openFormBody(request: Request, limits: FormBodyLimits): FormBody {
  const boundary = boundaryOf(request)
  const fields = new Map<string, string[]>()
  let name: string | undefined
  async function* body(source: ByteSource): ByteSource {
    let [count, bytes] = [0, 0]
    for await (const part of readFormParts(source, boundary)) {
      if (part.name === limits.file) {
        if (name !== undefined) throw invalidRequest(`the form has two files: send one a request`)
        name = part.fileName ?? ''
        yield* part.body
        continue
      }
      count += 1
      if (count > limits.maxFields) {
        throw invalidRequest(`the form has more than ${limits.maxFields} fields: send fewer`)
      }
      const value = await readField(part, limits.fieldBytes - bytes, limits.fieldBytes)
      bytes += value.bytes
      const values = fields.get(part.name)
      if (values === undefined) fields.set(part.name, [value.text])
      else values.push(value.text)
    }
    if (name !== undefined) return
    throw invalidRequest(`the form has no file: send it in the field ${quote(limits.file)}`)
  }
  return { body, fields, fileName: () => name ?? '' }
}
