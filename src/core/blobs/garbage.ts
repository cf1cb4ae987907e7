// Deletes objects that no row names: the objects in `garbage` that are due, and the listed objects that no
// row names.
import { query } from '../database.ts'
import { deleteObjects } from './objects.ts'
import { BATCHES_PER_RUN, type SweepRun } from './sweep-run.ts'

const ROWS_PER_BATCH = 500

/** Whether a row names the object of the `garbage` row `g`. */
export const IS_NAMED = `(EXISTS (SELECT 1 FROM package_blob b WHERE b.r2_key = g.r2_key)
  OR EXISTS (SELECT 1 FROM repository_index i WHERE i.r2_key = g.r2_key))`

/**
 * Deletes the objects in `garbage` that are due, the oldest first. It deletes an object before the object's
 * row, so that no object is forgotten. An object that another row names stays, although `garbage` has it:
 * only a damaged database is in that state, and the check of the deployment repairs it.
 */
export async function discard({ db, bucket, now, report }: SweepRun): Promise<void> {
  for (let batch = 0; batch < BATCHES_PER_RUN; batch++) {
    const { results } = await query(() =>
      db
        .prepare(
          `SELECT g.r2_key AS key FROM garbage g WHERE g.due_at <= ?1 AND NOT ${IS_NAMED}
           ORDER BY g.due_at LIMIT ?2`,
        )
        .bind(now, ROWS_PER_BATCH)
        .all<{ key: string }>(),
    )
    const keys = results.map((row) => row.key)
    await deleteObjects(bucket, keys)
    report.deleted += keys.length
    await query(() =>
      db
        .prepare('DELETE FROM garbage WHERE r2_key IN (SELECT value FROM json_each(?1))')
        .bind(JSON.stringify(keys))
        .run(),
    )
    if (keys.length < ROWS_PER_BATCH) return
  }
}

/**
 * Deletes the objects of those keys that no row names, and returns their number. The statement that looks for
 * rows compares the marker too, so it deletes nothing if another database has replaced the one of the run.
 */
export async function dropUnstored(
  { db, bucket, marker, report }: SweepRun,
  keys: readonly string[],
): Promise<number> {
  if (keys.length === 0) return 0
  const { results } = await query(() =>
    db
      .prepare(
        `SELECT value AS key FROM json_each(?1) j
         WHERE NOT EXISTS (SELECT 1 FROM package_blob WHERE r2_key = j.value)
           AND NOT EXISTS (SELECT 1 FROM repository_index WHERE r2_key = j.value)
           AND NOT EXISTS (SELECT 1 FROM garbage WHERE r2_key = j.value)
           AND EXISTS (SELECT 1 FROM deployment WHERE id = 1 AND marker = ?2 AND restoring IS NULL)`,
      )
      .bind(JSON.stringify(keys), marker)
      .all<{ key: string }>(),
  )
  await deleteObjects(
    bucket,
    results.map((row) => row.key),
  )
  report.deleted += results.length
  return results.length
}
