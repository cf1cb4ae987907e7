// Deletes objects that no row names: those in `garbage` whose time has come, and those that were
// listed and turn out to be named nowhere.
import { query } from '../database.ts'
import type { Sweep } from './sweep.ts'

/** R2 deletes at most this many keys in a call. */
const KEYS_PER_DELETE = 1000

/** Empties `garbage` of what is due. An object goes before its row, so that none is forgotten. */
export async function discard({ db, bucket, now, report }: Sweep): Promise<void> {
  for (let full = true; full; ) {
    const { results } = await query(() =>
      db
        .prepare('SELECT r2_key AS key FROM garbage WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2')
        .bind(now, KEYS_PER_DELETE)
        .all<{ key: string }>(),
    )
    const keys = results.map((row) => row.key)
    if (keys.length > 0) await bucket.delete(keys)
    report.deleted += keys.length
    await query(() =>
      db
        .prepare('DELETE FROM garbage WHERE r2_key IN (SELECT value FROM json_each(?1))')
        .bind(JSON.stringify(keys))
        .run(),
    )
    full = keys.length === KEYS_PER_DELETE
  }
}

/** Deletes those of the keys that no row names and says how many. */
export async function dropUnstored(
  { db, bucket, report }: Sweep,
  keys: readonly string[],
): Promise<number> {
  if (keys.length === 0) return 0
  const { results } = await query(() =>
    db
      .prepare(
        `SELECT value AS key FROM json_each(?1) j
         WHERE NOT EXISTS (SELECT 1 FROM package_blob WHERE r2_key = j.value)
           AND NOT EXISTS (SELECT 1 FROM repository_index WHERE r2_key = j.value)
           AND NOT EXISTS (SELECT 1 FROM garbage WHERE r2_key = j.value)`,
      )
      .bind(JSON.stringify(keys))
      .all<{ key: string }>(),
  )
  if (results.length > 0) await bucket.delete(results.map((row) => row.key))
  report.deleted += results.length
  return results.length
}
