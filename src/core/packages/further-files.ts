// Files that come with an upload in one batch: made of it, or sent beside it. They are held, so they are small.

import { type ByteSource, readToEnd } from '../../formats/bytes.ts'
import { discardObjects } from '../blobs/objects.ts'
import { stageUpload, type Upload } from '../blobs/stage.ts'
import type { StagedBlob } from '../blobs/staged-blob.ts'
import { RegistryError } from '../errors.ts'
import type { NewFile } from './new-file.ts'

/** Of the same version as the upload, and of a name of its own. */
export interface FurtherFile {
  readonly content: Uint8Array
  /** Pure: what the file is, by where it was stored. */
  readonly describe: (blob: StagedBlob) => NewFile
}

/** Bytes of all of them together. */
export const FURTHER_BYTES = 2 * 1024 * 1024

/**
 * Stores all of them, or none.
 * @throws RegistryError invalid-package for more than FURTHER_BYTES, storage-unavailable
 */
export async function stageFurther(
  bucket: R2Bucket,
  { limits, digests }: Pick<Upload<unknown>, 'limits' | 'digests'>,
  further: readonly FurtherFile[],
): Promise<readonly NewFile[]> {
  const size = further.reduce((sum, { content }) => sum + content.length, 0)
  if (size > FURTHER_BYTES) {
    const detail = `the files beside the package take ${size} bytes, more than ${FURTHER_BYTES}: make them shorter`
    throw new RegistryError({ code: 'invalid-package', reason: 'too-large', detail })
  }
  const staging = further.map(async ({ content, describe }) => {
    const inspect = async (source: ByteSource) => ({ result: await readToEnd(source) })
    const upload = { body: only(content), length: content.length, limits, digests, inspect }
    return describe((await stageUpload(bucket, upload)).blob)
  })
  const ends = await Promise.allSettled(staging)
  const staged = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed === undefined) return staged
  await discardObjects(
    bucket,
    staged.map(({ blob }) => blob.r2Key),
  )
  throw failed.reason
}

async function* only(content: Uint8Array): ByteSource {
  yield content
}
