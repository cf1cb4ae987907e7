// A body that another format is read out of: what becomes of the format's refusals.
import { invalidRequest } from '../core/errors.ts'
import type { ByteSource } from '../formats/bytes.ts'
import { FormatError } from '../formats/format-error.ts'

/** The same chunks; when they fail, the rest of the body is read first, so that the reason arrives. */
export async function* refusing(source: ByteSource, drain: () => Promise<void>): ByteSource {
  try {
    yield* source
  } catch (error) {
    await drain()
    throw asRefusal(error)
  }
}

/** What a format refuses in a body is wrong with the request. */
export function asRefusal(error: unknown): unknown {
  return error instanceof FormatError ? invalidRequest(error.message, error) : error
}
