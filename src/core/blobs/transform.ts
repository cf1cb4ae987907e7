// Stores an upload otherwise than it was sent, such as an RPM that the registry signs on its way. Both forms are
// measured: the client's claims are about the sent bytes, and everything else is about the stored bytes.
import type { ByteSource } from '../../formats/bytes.ts'
import type { UploadedContent } from '../digests.ts'
import { DigestPump, type FurtherDigest } from '../digests.ts'
import { RegistryError } from '../errors.ts'
import type { Body, BodyLimits } from './body.ts'

export interface Transformed {
  /** The bytes to store. Fails with body-too-large if they are more than a body may have. */
  readonly chunks: ByteSource
  /** Size and digests of the sent bytes. Call it once, after all chunks were read. */
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

/** Refuses the output of a transform that is longer than a body may be. */
async function* atMost(source: ByteSource, limit: number): ByteSource {
  let total = 0
  for await (const chunk of source) {
    total += chunk.length
    if (total > limit) throw new RegistryError({ code: 'body-too-large', limit })
    if (chunk.length > 0) yield chunk
  }
}
