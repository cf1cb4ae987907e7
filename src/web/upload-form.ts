// What the upload form does: each file is published by the type's own endpoint, one after the other,
// as they arrive. One that is refused keeps no other from being published.
import { invalidRequest, RegistryError, statusOf } from '../core/errors.ts'
import { UPLOAD_LIMITS } from '../http/body-limits.ts'
import type { OwnedCall } from '../http/endpoint.ts'
import { type Form, type FormFile, openForm } from '../http/form.ts'
import { pageAbout } from '../http/publication.ts'
import { requireCsrfToken } from '../http/session.ts'
import { type UploadType, uploadTypes } from './upload-target.ts'

export interface UploadResult {
  /** As its sender calls it. */
  readonly name: string
  readonly outcome: 'published' | 'present' | 'refused'
  /** What a client would have been answered. */
  readonly status: number
  readonly text: string
  /** The path of the page of its version; absent where it is not published. */
  readonly page?: string | undefined
}

export interface Uploaded {
  readonly results: readonly UploadResult[]
  readonly fields: ReadonlyMap<string, string>
}

/** @throws RegistryError forbidden, invalid-request, body-too-large, before a file was published */
export async function publishForm(call: OwnedCall): Promise<Uploaded> {
  const form = openForm(call.request, UPLOAD_LIMITS)
  const results: UploadResult[] = []
  let chosen: UploadType | undefined
  for (let file = await nextFile(form, results); file; file = await nextFile(form, results)) {
    try {
      chosen ??= checkFields(call, form)
    } catch (error) {
      await form.drain()
      throw error
    }
    // What browsers send for a field in which no file was chosen.
    if (file.fileName !== '') results.push(await publishFile(call, chosen, form, file))
  }
  if (chosen === undefined) checkFields(call, form)
  if (results.length === 0) throw invalidRequest('no file was chosen: choose at least one')
  return { results, fields: form.fields }
}

function checkFields({ session }: OwnedCall, { fields }: Form): UploadType {
  requireCsrfToken(session, fields.get('csrf') ?? null)
  const type = uploadTypes.find((candidate) => candidate.type === fields.get('type'))
  if (type !== undefined) return type
  const known = uploadTypes.map((candidate) => candidate.type).join(', ')
  throw invalidRequest(`the field type is not one of ${known}`)
}

/** After files were published, what is wrong with the rest of the form is one more result. */
async function nextFile(form: Form, results: UploadResult[]): Promise<FormFile | undefined> {
  try {
    return await form.nextFile()
  } catch (error) {
    const rest = refusalOf('the rest of the form', error)
    if (results.length === 0) throw error
    // A file that was cut off has said the same already.
    if (results.at(-1)?.text !== rest.text) results.push(rest)
    return undefined
  }
}

async function publishFile(
  call: OwnedCall,
  { publish, target }: UploadType,
  { fields }: Form,
  { fileName, chunks }: FormFile,
): Promise<UploadResult> {
  try {
    const { params, path } = target(call.owner.name, fields, fileName)
    const url = new URL(`${path}?if-exists=same`, call.url)
    const response = await publish({ ...call, params, url, file: chunks })
    const text = (await response.text()).trimEnd()
    const outcome = response.status === 201 ? 'published' : 'present'
    return { name: fileName, outcome, status: response.status, text, page: pageAbout(response) }
  } catch (error) {
    return refusalOf(fileName, error)
  }
}

function refusalOf(name: string, error: unknown): UploadResult {
  if (error instanceof RegistryError) {
    return { name, outcome: 'refused', status: statusOf(error.fault), text: error.message }
  }
  console.error('an upload failed:', error)
  const text = 'internal error: whether it was published is not known, try again'
  return { name, outcome: 'refused', status: 500, text }
}
