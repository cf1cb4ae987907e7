// Decides what becomes of a duplicate, which is staged bytes whose content is stored already. If the object
// that the row names is missing, the duplicate takes its place. Else the duplicate is deleted. Its list of
// contents is kept either way.

import { query, runBatch } from '../database.ts'
import { copyList } from './contents.ts'
import { discardObjects } from './objects.ts'
import type { StagedBlob } from './staged-blob.ts'

/** Adopts the duplicate or deletes it. Never throws: the sweep deletes what a failure leaves. */
export async function adoptOrDiscard(
  db: D1Database,
  bucket: R2Bucket,
  blob: StagedBlob,
): Promise<void> {
  try {
    if (await adopt(db, bucket, blob)) return
  } catch (error) {
    // The bytes stay, since a row may name them.
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
  const kept = await bucket.head(known.r2Key)
  if (kept !== null) {
    await copyList(bucket, blob.r2Key, kept)
    return false
  }
  console.error(`the object ${known.r2Key} is missing: ${blob.r2Key} takes its place`)
  const [, replaced] = await query(() =>
    runBatch(db, [
      [FORGET, blob.sha256, known.r2Key, Date.now()],
      [REPLACE, blob.sha256, known.r2Key, blob.r2Key],
    ]),
  )
  return (replaced?.meta.changes ?? 0) > 0
}

/** The list of contents of the missing object may still exist, so its key goes to `garbage`. */
const FORGET = `
  INSERT INTO garbage (r2_key, due_at)
  SELECT r2_key, ?3 FROM package_blob WHERE sha256 = ?1 AND r2_key = ?2
  ON CONFLICT DO NOTHING`

const REPLACE = 'UPDATE package_blob SET r2_key = ?3 WHERE sha256 = ?1 AND r2_key = ?2'
