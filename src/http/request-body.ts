// What a request says of its body before it is read, and small JSON bodies.
import { type BodyLimits, chunksOf, openBody } from '../core/blobs/body.ts'
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { concatBytes } from '../formats/bytes.ts'
import { quote } from '../formats/format-error.ts'
import { isJsonObject } from '../formats/text/json-value.ts'
import { bodyDigestsOf, fileDigestsOf, verifying } from './claimed-digests.ts'
import type { Call } from './endpoint.ts'
import { refuseRevoked } from './revocation.ts'

/**
 * Content-Length in bytes; undefined for a chunked body.
 * @throws RegistryError body-too-large before any of it is read, invalid-request
 */
export function declaredLength(request: Request, limit: number): number | undefined {
  const header = request.headers.get('content-length')
  if (header === null) return request.body === null ? 0 : undefined
  if (!/^\d{1,15}$/.test(header)) {
    throw invalidRequest('Content-Length is not a number')
  }
  const length = Number(header)
  if (length > limit) throw new RegistryError({ code: 'body-too-large', limit })
  return length
}

/**
 * Refuses a body that is not what it stands for: a part of it (RFC 9110 14.5), or another encoding, which
 * aws-chunked also is. To keep it as it came would be to publish something else.
 * @throws RegistryError invalid-request, unsupported-encoding
 */
export function requirePlainBody({ method, headers }: Request): void {
  if (method === 'PUT' && headers.has('content-range')) {
    const detail = 'a body with Content-Range is only a part: send the whole (curl: without -C)'
    throw invalidRequest(detail)
  }
  const encoding = headers.get('content-encoding')?.trim() ?? ''
  if (encoding === '' || /^identity$/i.test(encoding)) return
  throw new RegistryError({ code: 'unsupported-encoding', encoding: quote(encoding) })
}

/** No settings of an owner or a token come near it, and anybody may send the form to sign in. */
const SMALL_LIMITS: BodyLimits = { bodyBytes: 64 * 1024, stallMs: 10_000, totalMs: 30_000 }

/**
 * The JSON object in the body, whatever its Content-Type: curl sends that of a form.
 * @param limits that of what outsiders may send, unless the endpoint is the deployment admin's
 * @throws RegistryError body-too-large, invalid-request, invalid-credentials
 */
export async function readJsonObject(
  call: Call,
  limits = SMALL_LIMITS,
): Promise<Readonly<Record<string, unknown>>> {
  const value = parseJson(await readWithin(call.request, limits))
  if (!isJsonObject(value)) {
    throw invalidRequest('the body is not a JSON object, such as {"visibility":"public"}')
  }
  await refuseRevoked(call)
  return { ...value }
}

/**
 * The JSON value in the body, undefined where it is none: few clients send another than an object.
 * @throws RegistryError body-too-large, invalid-request, invalid-credentials
 */
export async function readJson(call: Call): Promise<unknown> {
  const value = parseJson(await readWithin(call.request, SMALL_LIMITS))
  await refuseRevoked(call)
  return value
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause
    return undefined
  }
}

/**
 * Reads a body that means nothing here, so that its client can send all of it and then reads the answer.
 * @throws RegistryError body-too-large, body-timeout, invalid-request
 */
export async function drainBody(request: Request, limits: BodyLimits): Promise<void> {
  const length = declaredLength(request, limits.bodyBytes)
  if (request.body === null) return
  const body = openBody(request.body, length, limits)
  try {
    while ((await body.read()) !== undefined);
  } catch (error) {
    await body.drain()
    throw error
  }
}

/**
 * The fields of a plain form, as browsers send it.
 * @throws RegistryError body-too-large, invalid-request
 */
export async function readFields(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    return new URLSearchParams(new TextDecoder().decode(await readWithin(request, SMALL_LIMITS)))
  }
  const detail = 'the body is not a form: send application/x-www-form-urlencoded'
  throw invalidRequest(detail)
}

async function readWithin(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const length = declaredLength(request, limits.bodyBytes)
  // The body is all that there is of a file, too.
  const claims = [...bodyDigestsOf(request.headers), ...fileDigestsOf(request.headers)]
  const body = openBody(request.body ?? new Blob([]).stream(), length, limits)
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of verifying(chunksOf(body), claims)) chunks.push(chunk)
  } catch (error) {
    await body.drain()
    throw error
  }
  return concatBytes(chunks)
}
