// Answers a download: conditions first, then HEAD, then the bytes or a range of them, from the edge's
// cache or from R2. Neither HEAD nor 304 touches either.
import { openCached } from '../core/blobs/edge-cache.ts'
import { type FaultCode, RegistryError } from '../core/errors.ts'
import type { Visibility } from '../core/owners.ts'
import { type ByteRange, isNotModified, parseRange } from './conditional.ts'
import { edgeOf } from './edge.ts'
import type { OwnedCall } from './endpoint.ts'
import { BYTES, type Operation } from './operation.ts'

export interface FileContent {
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** Unix milliseconds. */
  readonly changedAt: number
  readonly contentType: string
  /** See `Validators`. */
  readonly clockErrorMs?: number
  /** Whether this URL will never carry other bytes. */
  readonly immutable: boolean
  /** For what a browser must not open: the name to save it under. */
  readonly attachment?: string
}

/** What a download can be answered with, besides what is refused. */
export function fileAnswers(contentType: string): Operation['answers'] {
  const content = { contentType, schema: BYTES }
  return {
    200: { description: 'The file', content },
    206: { description: 'The range of it that was asked for', content },
    304: { description: 'The copy that was named is current' },
  }
}

export const FILE_FAULTS: readonly FaultCode[] = ['range-not-satisfiable', 'object-missing']

/** @throws RegistryError range-not-satisfiable, storage-unavailable */
export async function fileResponse(call: OwnedCall, file: FileContent): Promise<Response> {
  const { changedAt, clockErrorMs } = file
  const validators = { etag: `"${file.sha256}"`, changedAt, clockErrorMs }
  if (isNotModified(call.request.headers, validators, Date.now())) return notModified(call, file)
  const headers = fileHeaders(call, file)
  headers.set('content-type', file.contentType)
  if (file.attachment !== undefined) {
    headers.set('content-disposition', contentDisposition(file.attachment))
  }
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
  const edge = { ...edgeOf(call), bucket: call.env.BLOBS }
  const { body, from } = await openCached(edge, file, range)
  headers.append('server-timing', `cache;desc=${from === 'cache' ? 'hit' : 'miss'}`)
  return new Response(body, { status, headers })
}

/** 304 with the headers of the file, for types whose clients compare in a way of their own too. */
export function notModified(call: OwnedCall, file: FileContent): Response {
  return new Response(null, { status: 304, headers: fileHeaders(call, file) })
}

/** Of the whole file, whatever part of it is answered. */
export function fileHeaders(call: OwnedCall, file: FileContent): Headers {
  return new Headers({
    etag: `"${file.sha256}"`,
    'last-modified': new Date(file.changedAt).toUTCString(),
    // RFC 9530 3: of the whole file, also where the answer is a part of it.
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
    'cache-control': cacheControl(call.owner.visibility, file.immutable),
    'accept-ranges': 'bytes',
    'server-timing': call.near ? 'near' : `db;dur=${call.databaseMs}`,
  })
}

/** RFC 6266, with the name for old clients in what ASCII there is of it. */
function contentDisposition(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, escapeCharacter)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

/**
 * Documents, the index and, but for immutable repositories, a package's URL can come to carry other bytes, so
 * no cache on the way may answer for us. None may compress them either: clients verify digests and
 * signatures over the bytes as they are stored.
 */
export function cacheControl(visibility: Visibility, immutable: boolean): string {
  if (visibility === 'private') return 'private, no-store'
  return `public, ${immutable ? 'max-age=31536000, immutable' : 'no-cache'}, no-transform`
}

function contentRange({ offset, length }: ByteRange, size: number): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`
}
