// Answers a download: conditions first, then HEAD, then the bytes or a range of them, from the edge's
// cache or from R2. Neither HEAD nor 304 touches either.
import { openCached } from '../core/blobs/edge-cache.ts'
import { type FaultCode, RegistryError } from '../core/errors.ts'
import type { Visibility } from '../core/owners.ts'
import { type ByteRange, isNotModified, parseRange } from './conditional.ts'
import type { OwnedCall } from './endpoint.ts'
import { type Operation, TEXT } from './operation.ts'

export interface FileContent {
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** Unix milliseconds. */
  readonly changedAt: number
  readonly contentType: string
  /** Whether this URL will never carry other bytes. */
  readonly immutable: boolean
}

/** What a download can be answered with, besides what is refused. */
export function fileAnswers(contentType: string): Operation['answers'] {
  const content = { contentType, schema: TEXT }
  return {
    200: { description: 'The file', content },
    206: { description: 'The range of it that was asked for', content },
    304: { description: 'The copy that was named is current' },
  }
}

export const FILE_FAULTS: readonly FaultCode[] = ['range-not-satisfiable', 'object-missing']

/** @throws RegistryError range-not-satisfiable, storage-unavailable */
export async function fileResponse(call: OwnedCall, file: FileContent): Promise<Response> {
  const validators = { etag: `"${file.sha256}"`, changedAt: file.changedAt }
  const headers = new Headers({
    etag: validators.etag,
    'last-modified': new Date(file.changedAt).toUTCString(),
    'cache-control': cacheControl(call.owner.visibility, file.immutable),
    'accept-ranges': 'bytes',
    'server-timing': `db;dur=${call.databaseMs}`,
  })
  if (isNotModified(call.request.headers, validators, Date.now())) {
    return new Response(null, { status: 304, headers })
  }
  headers.set('content-type', file.contentType)
  // Range means something for GET alone (RFC 9110 14.2).
  const range =
    call.request.method === 'GET'
      ? parseRange(call.request.headers, file.size, validators)
      : undefined
  if (range === 'unsatisfiable') {
    throw new RegistryError({ code: 'range-not-satisfiable', size: file.size })
  }
  headers.set('content-length', String(range?.length ?? file.size))
  if (range !== undefined) headers.set('content-range', contentRange(range, file.size))
  const status = range === undefined ? 200 : 206
  if (call.request.method === 'HEAD' || file.size === 0) {
    return new Response(null, { status, headers })
  }
  const edge = { bucket: call.env.BLOBS, waitUntil: call.waitUntil }
  const { body, from } = await openCached(edge, file, range)
  headers.append('server-timing', `cache;desc=${from === 'cache' ? 'hit' : 'miss'}`)
  return new Response(body, { status, headers })
}

/**
 * The index and, but for immutable repositories, a package's URL can come to carry other bytes, so
 * nothing between may answer for us; and nothing may compress them, since apk takes the bytes as
 * they come.
 */
function cacheControl(visibility: Visibility, immutable: boolean): string {
  if (visibility === 'private') return 'private, no-store'
  return `public, ${immutable ? 'max-age=31536000, immutable' : 'no-cache'}, no-transform`
}

function contentRange({ offset, length }: ByteRange, size: number): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`
}
