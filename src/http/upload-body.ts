// The file that a request uploads: its body as it is (curl -T), or the first file of a form (curl -F
// and browsers), as Gitea's registry takes both; or what the clients of a type put around it.
import { type BodyLimits, chunksOf, openBody } from '../core/blobs/body.ts'
import { invalidRequest } from '../core/errors.ts'
import { type ByteSource, unending } from '../formats/bytes.ts'
import { isMultipart } from '../formats/multipart/form-data.ts'
import { refusing } from './body-source.ts'
import { bodyDigestsOf, verifying } from './claimed-digests.ts'
import { type Form, type FormFile, openForm } from './form.ts'
import { declaredLength } from './request-body.ts'

export interface UploadBody {
  /** To be read by `openBody`, within its limits. */
  readonly body: ByteSource
  /** Bytes of the file as they were declared; undefined for a chunked body and within a form. */
  readonly length: number | undefined
}

/** Whether the body is the file itself, and no form. */
export function isBare(request: Request): boolean {
  return !isMultipart(request.headers.get('content-type'))
}

/** @throws RegistryError body-too-large, body-timeout, invalid-request */
export async function openUpload(request: Request, limits: BodyLimits): Promise<UploadBody> {
  if (isBare(request)) {
    const length = declaredLength(request, limits.bodyBytes)
    return { body: request.body ?? new Blob([]).stream(), length }
  }
  const form = openForm(request, limits)
  const file = await form.nextFile()
  if (file !== undefined) return { body: onlyFile(form, file), length: undefined }
  throw invalidRequest('the form has no file: send one, such as with curl -F file=@NAME')
}

/**
 * A body that holds a file among other things.
 * @param unwrap yields the bytes of the file, and ends when it has read the whole body; what it leaves is
 *   refused, since the client meant something by it
 * @throws RegistryError body-too-large, invalid-request for its headers, before any of it is read
 */
export function openWrapped(
  request: Request,
  limits: BodyLimits,
  unwrap: (source: ByteSource) => ByteSource,
): UploadBody {
  const length = declaredLength(request, limits.bodyBytes)
  const claims = bodyDigestsOf(request.headers)
  const body = openBody(request.body ?? new Blob([]).stream(), length, limits)
  const chunks = verifying(chunksOf(body), claims)
  return { body: refusing(whole(chunks, unwrap), body.drain), length: undefined }
}

async function* whole(chunks: ByteSource, unwrap: (source: ByteSource) => ByteSource): ByteSource {
  const rest = chunks[Symbol.asyncIterator]()
  yield* unwrap(unending(rest))
  if ((await rest.next()).done) return
  throw invalidRequest(
    'bytes follow where the body should end: send what the format asks for alone',
  )
}

/** Ends when the form does, so that nothing is taken of one that is cut off or has further files. */
async function* onlyFile(form: Form, file: FormFile): ByteSource {
  yield* file.chunks
  if ((await form.nextFile()) === undefined) return
  await form.drain()
  throw invalidRequest('the form has more than one file: send one file a request')
}
