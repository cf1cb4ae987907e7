// Deletes objects that no row names: those in `garbage` whose time has come, and those that were
// listed and turn out to be named nowhere.
import { query } from '../database.ts'
import { deleteObjects } from './objects.ts'
import { BATCHES_PER_RUN, type SweepRun } from './sweep-run.ts'

const ROWS_PER_BATCH = 500

/** Whether a row names the object that garbage `g` is about. */
export const IS_NAMED = `(EXISTS (SELECT 1 FROM package_blob b WHERE b.r2_key = g.r2_key)
  OR EXISTS (SELECT 1 FROM repository_index i WHERE i.r2_key = g.r2_key))`

/**
 * Empties `garbage` of what is due, the oldest first. An object goes before its row, so that none is
 * forgotten. One that a row names stays whatever `garbage` says: only a damaged database says so, and the
 * check of the deployment puts it right.
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
 * Deletes those of the keys that no row names and says how many. None, if the database is by now another
 * than the one that the run began with: the statement that finds no row for a key looks for the marker too.
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
