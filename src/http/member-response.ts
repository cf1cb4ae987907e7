// Answers a GET of a member of a stored zip, such as the METADATA of a wheel or the go.mod of a module, from the
// range of bytes that it has in there: nothing but that range is read, and nothing is stored twice.
import { openCached } from '../core/blobs/edge-cache.ts'
import { isNotModified } from './conditional.ts'
import { edgeOf } from './edge.ts'
import type { OwnedCall } from './endpoint.ts'
import { type FileContent, fileHeaders, notModified } from './file-response.ts'

/** Where a member is, as the type found it when the archive was published. */
export interface ZipMember {
  /** Of the first byte of its data, behind its local header. */
  readonly offset: number
  /** Bytes in the archive. */
  readonly compressedSize: number
  /** Of APPNOTE 4.4.5: 0 for stored, 8 for deflate. */
  readonly method: 0 | 8
  /** Bytes, and their digest, of what it is when it is unpacked. */
  readonly size: number
  readonly sha256: string
  readonly contentType: string
}

/**
 * Whole, without ranges: members are read for what they say. The transfer breaks off where the bytes are not of the
 * length that was found at the publish.
 * @param archive the file that has the member
 * @throws RegistryError object-missing, storage-unavailable
 */
export async function memberResponse(
  call: OwnedCall,
  archive: Omit<FileContent, 'contentType' | 'attachment' | 'clockErrorMs'>,
  { offset, compressedSize, method, size, sha256, contentType }: ZipMember,
): Promise<Response> {
  const { changedAt } = archive
  const member = { ...archive, size, sha256, contentType }
  if (isNotModified(call.request.headers, { etag: `"${sha256}"`, changedAt }, Date.now())) {
    return notModified(call, member)
  }
  const headers = fileHeaders(call, member)
  headers.delete('accept-ranges')
  headers.set('content-type', contentType)
  headers.set('content-length', String(size))
  if (call.request.method === 'HEAD' || size === 0) return new Response(null, { headers })
  const edge = { ...edgeOf(call), bucket: call.env.BLOBS }
  const range = { offset, length: compressedSize }
  const { body, from } = await openCached(edge, archive, range)
  headers.append('server-timing', `cache;desc=${from === 'cache' ? 'hit' : 'miss'}`)
  const packed = body instanceof Uint8Array ? new Blob([body]).stream() : body
  const unpacked =
    method === 0 ? packed : packed.pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(unpacked.pipeThrough(new FixedLengthStream(size)), { headers })
}
