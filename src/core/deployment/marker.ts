// Whether database and bucket belong together: a row of D1 and an object of R2 carry the same random
// id. Everything that deletes or stages objects asks first. A database that was made anew, or restored
// from nothing, knows none of the bucket's objects, and would take every one of them for abandoned.
import { MARKER_KEY } from '../blobs/keys.ts'
import { askStore } from '../blobs/store.ts'
import { query, runBatch } from '../database.ts'
import { RegistryError } from '../errors.ts'

export type DeploymentState =
  | { readonly state: 'matched'; readonly marker: string }
  /** @property backup the id of the backup that is being restored */
  | { readonly state: 'restoring'; readonly marker: string; readonly backup: string }
  /** @property cause in words, for the log and the health endpoint */
  | { readonly state: 'mismatched'; readonly cause: string }

interface MarkerRow {
  readonly marker: string
  readonly placed: number
  readonly restoring: string | null
}

const ROW = 'SELECT marker, placed, restoring FROM deployment WHERE id = 1'

/** That no row names an object: a database of which this holds has nothing to lose by a fresh bucket. */
export const NAMES_NO_OBJECT = `
  NOT EXISTS (SELECT 1 FROM package_blob) AND NOT EXISTS (SELECT 1 FROM repository_index)
  AND NOT EXISTS (SELECT 1 FROM garbage)`

/**
 * Asks both sides. A fresh deployment, of which both are empty, gets its marker by this.
 * @throws RegistryError not-configured, storage-unavailable
 */
export async function readDeployment(db: D1Database, bucket: R2Bucket): Promise<DeploymentState> {
  const [row, found] = await Promise.all([readRow(db), readMarkerObject(bucket)])
  if (row === undefined) {
    if (found === undefined) return claim(db, bucket)
    return mismatched(
      'the bucket is marked as that of another database, and this one has no marker',
    )
  }
  if (found === undefined && row.placed === 0) return place(db, bucket, row)
  if (found === undefined)
    return mismatched("the database has a marker, and the bucket's is missing")
  return settle(db, row, found)
}

/**
 * D1 decides between requests that come at once: all of them place the id of the one row. Where two
 * databases claim one empty bucket, the first object stays, and the other database is told.
 */
async function claim(db: D1Database, bucket: R2Bucket): Promise<DeploymentState> {
  const { objects } = await askStore(() => bucket.list({ limit: 1 }))
  // The object may have come meanwhile; then so has the row.
  const holds = objects.some((object) => object.key !== MARKER_KEY)
  if (holds && (await readRow(db)) === undefined) {
    return mismatched('the bucket has objects, and neither it nor the database has a marker')
  }
  await query(() =>
    runBatch(db, [
      [
        `INSERT INTO deployment (id, marker, placed) SELECT 1, ?1, 0 WHERE ${NAMES_NO_OBJECT}
         ON CONFLICT DO NOTHING`,
        freshMarker(),
      ],
    ]),
  )
  const row = await readRow(db)
  if (row !== undefined) return place(db, bucket, row)
  return mismatched('the database names objects, and neither it nor the bucket has a marker')
}

/** R2 takes one write a second of a key: of several requests at once one places the marker. */
const PLACED_LOOKS = 4
const PLACED_LOOK_MS = 300

/** Puts the object where there is none, and then looks whose there is: perhaps that of a request beside. */
async function place(db: D1Database, bucket: R2Bucket, row: MarkerRow): Promise<DeploymentState> {
  const onlyIf = new Headers({ 'if-none-match': '*' })
  const put = () => bucket.put(MARKER_KEY, row.marker, { onlyIf, httpMetadata: MARKER_TYPE })
  const failure = await askStore(put).then(() => undefined, asRegistryError)
  for (let look = 1; ; look++) {
    const found = await readMarkerObject(bucket)
    if (found !== undefined) return settle(db, row, found)
    if (failure === undefined) {
      return mismatched("the bucket's marker was removed while it was placed")
    }
    if (look === PLACED_LOOKS) throw failure
    await scheduler.wait(PLACED_LOOK_MS)
  }
}

function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  throw error
}

async function settle(db: D1Database, row: MarkerRow, found: string): Promise<DeploymentState> {
  const { marker, placed, restoring } = row
  if (found !== marker) {
    return mismatched('the bucket is marked as that of another database: the two markers differ')
  }
  if (placed === 0) await notePlaced(db, marker)
  return restoring === null
    ? { state: 'matched', marker }
    : { state: 'restoring', marker, backup: restoring }
}

/** From now on a missing object means that the bucket was emptied or is another one. */
export async function notePlaced(db: D1Database, marker: string): Promise<void> {
  const sql = 'UPDATE deployment SET placed = 1 WHERE marker = ?1'
  await query(() => runBatch(db, [[sql, marker]]))
}

/** For whoever looks into the bucket. */
export const MARKER_TYPE = { contentType: 'text/plain' }

/** An id that nobody can have by chance. */
export function freshMarker(): string {
  return crypto.randomUUID()
}

async function readRow(db: D1Database): Promise<MarkerRow | undefined> {
  return (await query(() => db.prepare(ROW).first<MarkerRow>())) ?? undefined
}

/** Longer ones are none of ours: they differ from every row. */
const MARKER_BYTES = 200

/** What the bucket's marker says; undefined where there is none. */
async function readMarkerObject(bucket: R2Bucket): Promise<string | undefined> {
  return askStore(async () => {
    const object = await bucket.get(MARKER_KEY)
    if (object === null) return undefined
    if (object.size <= MARKER_BYTES) return (await object.text()).trim()
    await object.body.cancel()
    return ''
  })
}

function mismatched(cause: string): DeploymentState {
  return { state: 'mismatched', cause }
}

/**
 * For so long an instance of the Worker goes by what it was told. What that accepts: after the database
 * was taken back or made anew, uploads of a minute go into a bucket that is no longer known to be its own.
 * They lie under fresh keys, and nothing is deleted on their account: the sweep asks each time. Another
 * bucket comes with another deployment of the Worker, which remembers nothing.
 */
const REMEMBERED_MS = 60_000
let matchedUntil = 0

/** To be called by whoever changes the marker, so that the next upload asks. */
export function forgetDeployment(): void {
  matchedUntil = 0
}

/**
 * To be called before bytes are staged.
 * @throws RegistryError bucket-mismatch, restoring, not-configured, storage-unavailable
 */
export async function requireMatchingBucket(db: D1Database, bucket: R2Bucket): Promise<void> {
  const asked = Date.now()
  if (asked < matchedUntil) return
  await requireMarker(db, bucket)
  matchedUntil = asked + REMEMBERED_MS
}

/**
 * The id that database and bucket share, asked of both now.
 * @throws RegistryError bucket-mismatch, restoring, not-configured, storage-unavailable
 */
export async function requireMarker(db: D1Database, bucket: R2Bucket): Promise<string> {
  const found = await readDeployment(db, bucket)
  switch (found.state) {
    case 'matched':
      return found.marker
    case 'restoring':
      throw new RegistryError({ code: 'restoring' })
    case 'mismatched':
      throw new RegistryError({ code: 'bucket-mismatch', cause: found.cause })
  }
}
