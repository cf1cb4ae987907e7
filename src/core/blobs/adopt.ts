// What becomes of staged bytes whose content is in the store already: they are dropped, unless the
// object that the row names is gone, whose place they take.

import { query } from '../database.ts'
import { discardObjects } from './objects.ts'
import type { StagedBlob } from './staged-blob.ts'

/** Never throws: what stays is the sweep's. */
export async function adoptOrDiscard(
  db: D1Database,
  bucket: R2Bucket,
  blob: StagedBlob,
): Promise<void> {
  try {
    if (await adopt(db, bucket, blob)) return
  } catch (error) {
    // Whether a row names it is not known now.
    console.error('could not tell whether staged bytes are needed:', String(error))
    return
  }
  await discardObjects(bucket, [blob.r2Key])
}

async function adopt(db: D1Database, bucket: R2Bucket, blob: StagedBlob): Promise<boolean> {
  const known = await query(() =>
    db
      .prepare('SELECT r2_key AS r2Key FROM package_blob WHERE sha256 = ?1')
      .bind(blob.sha256)
      .first<{ r2Key: string }>(),
  )
  if (known === null) return false
  if (known.r2Key === blob.r2Key) return true
  if ((await bucket.head(known.r2Key)) !== null) return false
  console.error(`the object ${known.r2Key} is missing: ${blob.r2Key} takes its place`)
  const update = 'UPDATE package_blob SET r2_key = ?1 WHERE sha256 = ?2 AND r2_key = ?3'
  const { meta } = await query(() =>
    db.prepare(update).bind(blob.r2Key, blob.sha256, known.r2Key).run(),
  )
  return meta.changes > 0
}
