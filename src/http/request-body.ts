// What a request says of its body before it is read, and small JSON bodies.
import { RegistryError } from '../core/errors.ts'

/**
 * Content-Length in bytes; undefined for a chunked body.
 * @throws RegistryError body-too-large before any of it is read, invalid-request
 */
export function declaredLength(request: Request, limit: number): number | undefined {
  const header = request.headers.get('content-length')
  if (header === null) return request.body === null ? 0 : undefined
  if (!/^\d{1,15}$/.test(header)) {
    throw new RegistryError({ code: 'invalid-request', detail: 'Content-Length is not a number' })
  }
  const length = Number(header)
  if (length > limit) throw new RegistryError({ code: 'body-too-large', limit })
  return length
}

/** No settings of an owner or a token come near it. */
const JSON_BYTES = 64 * 1024

/**
 * The JSON object in the body, whatever its Content-Type: curl sends that of a form.
 * @throws RegistryError body-too-large, invalid-request
 */
export async function readJsonObject(request: Request): Promise<Readonly<Record<string, unknown>>> {
  declaredLength(request, JSON_BYTES)
  const bytes = await readBounded(request)
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes),
    )
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause
  }
  const detail = 'the body is not a JSON object, such as {"visibility":"public"}'
  throw new RegistryError({ code: 'invalid-request', detail })
}

async function readBounded(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > JSON_BYTES) throw new RegistryError({ code: 'body-too-large', limit: JSON_BYTES })
    chunks.push(chunk)
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}
