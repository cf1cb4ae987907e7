// An upload that is not stored as it was sent, such as an RPM that is signed on its way: both are measured, since the
// client's claims are of what it sent, and everything else is of what is stored.
import type { ByteSource } from '../../formats/bytes.ts'
import type { UploadedContent } from '../digests.ts'
import { DigestPump, type FurtherDigest } from '../digests.ts'
import { RegistryError } from '../errors.ts'
import type { Body, BodyLimits } from './body.ts'

export interface Transformed {
  /** What is stored. Fails with body-too-large where it is more than a body may be. */
  readonly chunks: ByteSource
  /** What was sent; to be called once, after all chunks were read. */
  sent(): UploadedContent
}

export function transformBody(
  body: Body,
  transform: (source: ByteSource) => ByteSource,
  { bodyBytes }: BodyLimits,
  digests: readonly FurtherDigest[] | undefined,
): Transformed {
  const pump = new DigestPump(digests)
  let size = 0
  let ended = false
  async function* measured(): ByteSource {
    for (let chunk = await body.read(); chunk; chunk = await body.read()) {
      pump.update(chunk)
      size += chunk.length
      yield chunk
    }
    ended = true
  }
  return {
    chunks: atMost(transform(measured()), bodyBytes),
    sent() {
      if (!ended) throw new Error('the transform did not read to the end')
      return { size, ...pump.digests() }
    },
  }
}

/** A transform may make more of a body than a body may have. */
async function* atMost(source: ByteSource, limit: number): ByteSource {
  let total = 0
  for await (const chunk of source) {
    total += chunk.length
    if (total > limit) throw new RegistryError({ code: 'body-too-large', limit })
    if (chunk.length > 0) yield chunk
  }
}
