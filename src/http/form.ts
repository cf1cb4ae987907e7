// The body of a form as it arrives: text fields, which are bounded and held, and files, which never
// are: each is a stream that waits for its reader. Used by uploads of `curl -F` and of the browser.
import { type BodyLimits, chunksOf, openBody } from '../core/blobs/body.ts'
import { invalidRequest } from '../core/errors.ts'
import type { ByteSource } from '../formats/bytes.ts'
import { quote } from '../formats/format-error.ts'
import { type FormPart, readFormParts } from '../formats/multipart/form-data.ts'
import { asRefusal, refusing } from './body-source.ts'
import { bodyDigestsOf, verifying } from './claimed-digests.ts'
import { boundaryOf, readField } from './form-field.ts'
import { declaredLength } from './request-body.ts'

/** Bytes of all text fields of a form together. */
const FIELD_BYTES = 64 * 1024
const MAX_FIELDS = 100
const MAX_FILES = 50

export interface FormFile {
  /** The field's name. */
  readonly field: string
  /** As the client wrote it; empty where no file was chosen. */
  readonly fileName: string
  /** To be read before the next file is asked for; what is left of it then is skipped. */
  readonly chunks: ByteSource
}

export interface Form {
  /** The text fields that came so far: those before a file are complete when the file is there. */
  readonly fields: ReadonlyMap<string, string>
  /**
   * The next file, undefined at the end of the form.
   * @throws RegistryError body-too-large, body-timeout, invalid-request
   */
  nextFile(): Promise<FormFile | undefined>
  /** Reads on and drops what comes, so that a refusal arrives. Never throws. */
  drain(): Promise<void>
}

/** @throws RegistryError body-too-large, invalid-request, before any of the body is read */
export function openForm(request: Request, limits: BodyLimits): Form {
  const boundary = boundaryOf(request)
  const length = declaredLength(request, limits.bodyBytes)
  const claims = bodyDigestsOf(request.headers)
  const body = openBody(request.body ?? new Blob([]).stream(), length, limits)
  const parts = readFormParts(verifying(chunksOf(body), claims), boundary)
  const fields = new Map<string, string>()
  let [files, fieldBytes] = [0, 0]

  async function take(part: FormPart): Promise<FormFile | undefined> {
    const { name, fileName } = part
    if (fileName !== undefined) {
      files += 1
      if (files > MAX_FILES)
        throw invalidRequest(`the form has more than ${MAX_FILES} files: send fewer`)
      return { field: name, fileName, chunks: refusing(part.body, body.drain) }
    }
    if (fields.has(name)) throw invalidRequest(`the form has the field ${quote(name)} twice`)
    if (fields.size === MAX_FIELDS)
      throw invalidRequest(`the form has more than ${MAX_FIELDS} fields`)
    const { text, bytes } = await readField(part, FIELD_BYTES - fieldBytes, FIELD_BYTES)
    fieldBytes += bytes
    fields.set(name, text)
    return undefined
  }

  return {
    fields,
    async nextFile() {
      try {
        for (let next = await parts.next(); !next.done; next = await parts.next()) {
          const file = await take(next.value)
          if (file !== undefined) return file
        }
        return undefined
      } catch (error) {
        await body.drain()
        throw asRefusal(error)
      }
    },
    drain: () => body.drain(),
  }
}
