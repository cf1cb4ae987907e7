// Deletes objects that nothing refers to any more. They are of three kinds: objects that were staged and
// never committed (the sweep lists each aged hour once), blobs whose last file went long ago (found by
// `unreferenced_at`), and replaced index files (in `garbage` since their commit). It deletes the rows
// first and the objects after them, so that no row ever names a deleted object.
import { forgetEndedSessions } from '../access/ended-sessions.ts'
import { query, runBatch } from '../database.ts'
import { requireMarker } from '../deployment/marker.ts'
import { forgetRested } from '../near/resting.ts'
import { pruneChanges, SWEPT_CHANGES } from '../packages/package-change.ts'
import { forgetLoggedRemovals, forgetRemovals } from '../quota/statements.ts'
import { discard, dropUnstored } from './garbage.ts'
import { hourOf, hourPrefix, namedKey, PREFIXES } from './keys.ts'
import { BATCHES_PER_RUN, type SweepReport, type SweepRun } from './sweep-run.ts'

const HOUR_MS = 60 * 60 * 1000
/**
 * A key has the hour in which its upload began. An upload takes 45 minutes at most, and a commit refuses
 * bytes that were staged over an hour ago. So nothing can still commit an object of this age.
 */
const STAGED_MS = 4 * HOUR_MS
/** A blob stays this long after its last file, so that D1 can be restored to an earlier time. */
export const UNREFERENCED_MS = 7 * 24 * HOUR_MS
/** Hours that one run lists, at most. After a long pause the sweep needs several runs to catch up. */
const HOURS_PER_RUN = 48
const ROWS_PER_BATCH = 500

/**
 * Runs the sweep. It deletes nothing unless the markers show that database and bucket belong together.
 * @throws RegistryError storage-unavailable, after which the next run goes on where this one ended;
 *   bucket-mismatch, restoring
 */
export async function sweep(db: D1Database, bucket: R2Bucket, now: number): Promise<SweepReport> {
  const report = { lists: 0, listed: 0, abandoned: 0, unreferenced: 0, deleted: 0 }
  const marker = await requireMarker(db, bucket)
  const run: SweepRun = { db, bucket, marker, now, report }
  await dropUnreferenced(run)
  await forgetRows(run)
  await discard(run)
  for (const prefix of PREFIXES) await sweepStaged(run, prefix)
  return report
}

const UNREFERENCED = `
  SELECT sha256 FROM package_blob
  WHERE unreferenced_at <= ?1
    AND NOT EXISTS (SELECT 1 FROM package_file f WHERE f.blob_sha256 = package_blob.sha256)
  ORDER BY unreferenced_at, sha256 LIMIT ${ROWS_PER_BATCH}`

/**
 * One transaction deletes the row and notes the key in `garbage`. A publish of the same content that comes
 * before it makes a file, so that the row stays. One that comes after it uses its own staged bytes.
 */
async function dropUnreferenced({ db, now, report }: SweepRun): Promise<void> {
  for (let batch = 0; batch < BATCHES_PER_RUN; batch++) {
    const cutoff = now - UNREFERENCED_MS
    const [, deleted] = await query(() =>
      db.batch([
        db
          .prepare(
            `INSERT INTO garbage (r2_key, due_at)
             SELECT r2_key, ?2 FROM package_blob WHERE sha256 IN (${UNREFERENCED})
             ON CONFLICT DO NOTHING`,
          )
          .bind(cutoff, now),
        db.prepare(`DELETE FROM package_blob WHERE sha256 IN (${UNREFERENCED})`).bind(cutoff),
      ]),
    )
    const count = deleted?.meta.changes ?? 0
    report.unreferenced += count
    if (count < ROWS_PER_BATCH) return
  }
}

/** Deletes rows whose time is over. Other requests delete such rows too, but perhaps none comes. */
async function forgetRows({ db, now }: SweepRun): Promise<void> {
  await query(() =>
    runBatch(db, [
      ...forgetRemovals(now - UNREFERENCED_MS),
      ...forgetLoggedRemovals(now),
      pruneChanges(now, SWEPT_CHANGES),
      forgetEndedSessions(now),
      forgetRested(),
    ]),
  )
}

async function sweepStaged(run: SweepRun, prefix: (typeof PREFIXES)[number]): Promise<void> {
  const last = hourOf(new Date(run.now - STAGED_MS))
  const done = await readProgress(run.db, prefix)
  for (const hour of hoursAfter(done, last, run.now)) {
    for (let cursor: string | undefined, more = true; more; ) {
      const page = await run.bucket.list({
        prefix: hourPrefix(prefix, hour),
        ...(cursor === undefined ? {} : { cursor }),
      })
      run.report.lists++
      run.report.listed += page.objects.length
      const keys = page.objects.map((object) => namedKey(object.key))
      run.report.abandoned += await dropUnstored(run, keys)
      more = page.truncated
      cursor = page.truncated ? page.cursor : undefined
    }
    await saveProgress(run.db, prefix, hour)
  }
}

/** The hours after `done` up to `last`, oldest first. The first run of a deployment looks a day back. */
function hoursAfter(done: string | undefined, last: string, now: number): string[] {
  const hours: string[] = []
  const start = now - STAGED_MS - 24 * HOUR_MS
  let time = done === undefined ? start : parseHour(done) + HOUR_MS
  for (; hours.length < HOURS_PER_RUN; time += HOUR_MS) {
    const hour = hourOf(new Date(time))
    if (hour > last) break
    hours.push(hour)
  }
  return hours
}

function parseHour(hour: string): number {
  return Date.UTC(
    Number(hour.slice(0, 4)),
    Number(hour.slice(4, 6)) - 1,
    Number(hour.slice(6, 8)),
    Number(hour.slice(8, 10)),
  )
}

async function readProgress(db: D1Database, prefix: string): Promise<string | undefined> {
  const row = await query(() =>
    db
      .prepare('SELECT hour FROM sweep_progress WHERE prefix = ?1')
      .bind(prefix)
      .first<{ hour: string }>(),
  )
  return row?.hour
}

async function saveProgress(db: D1Database, prefix: string, hour: string): Promise<void> {
  await query(() =>
    db
      .prepare(
        `INSERT INTO sweep_progress (prefix, hour) VALUES (?1, ?2)
         ON CONFLICT (prefix) DO UPDATE SET hour = excluded.hour`,
      )
      .bind(prefix, hour)
      .run(),
  )
}
