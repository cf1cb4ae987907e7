// Declares on purpose that a bucket is the database's: after a restore by hand, or a bucket that was
// copied. What the database does not name is swept from then on, so it is looked at first.
import { MARKER_KEY } from '../blobs/keys.ts'
import { askStore } from '../blobs/store.ts'
import { query, runBatch } from '../database.ts'
import { RegistryError } from '../errors.ts'
import {
  forgetDeployment,
  freshMarker,
  MARKER_TYPE,
  NAMES_NO_OBJECT,
  notePlaced,
} from './marker.ts'

/** How the bucket fits the database, by a sample. */
export interface BucketFit {
  /** Contents of the database that were looked for: the newest. */
  readonly sampled: number
  /** Of them, those that the bucket does not have. */
  readonly missing: number
  /** Whether the bucket has objects although the database names none. */
  readonly foreign: boolean
}

const SAMPLE = 50

const NEWEST = `SELECT r2_key AS key FROM package_blob ORDER BY created_at DESC LIMIT ${SAMPLE}`

/** @throws RegistryError storage-unavailable */
async function inspectBucket(db: D1Database, bucket: R2Bucket): Promise<BucketFit> {
  const { results } = await query(() => db.prepare(NEWEST).all<{ key: string }>())
  const named =
    (await query(() => db.prepare(`SELECT ${NAMES_NO_OBJECT} AS none`).first('none'))) === 0
  const found = await askStore(() => Promise.all(results.map(({ key }) => bucket.head(key))))
  const { objects } = await askStore(() => bucket.list({ limit: 2 }))
  const foreign = !named && objects.some((object) => object.key !== MARKER_KEY)
  const missing = found.filter((object) => object === null).length
  return { sampled: results.length, missing, foreign }
}

/**
 * Gives database and bucket a new marker that both share. A database of which another one had the bucket
 * is shut out by this: its marker is gone.
 * @param force also where the sweep would then delete objects, or where objects are missing
 * @throws RegistryError deployment-conflict, restoring, storage-unavailable
 */
export async function adoptBucket(
  db: D1Database,
  bucket: R2Bucket,
  force: boolean,
): Promise<BucketFit> {
  const fit = await inspectBucket(db, bucket)
  if (!force && (fit.foreign || fit.missing > 0)) {
    throw new RegistryError({ code: 'deployment-conflict', detail: reasonAgainst(fit) })
  }
  const marker = freshMarker()
  forgetDeployment()
  const [written] = await query(() => runBatch(db, [[ADOPT, marker]]))
  if ((written?.meta.changes ?? 0) === 0) throw new RegistryError({ code: 'restoring' })
  await putMarker(db, bucket, marker)
  return fit
}

/** Not during a restore, whose marker holds the sweep off. */
const ADOPT = `
  INSERT INTO deployment (id, marker, placed) VALUES (1, ?1, 0)
  ON CONFLICT (id) DO UPDATE SET marker = excluded.marker, placed = 0 WHERE restoring IS NULL`

/** R2 takes one write a second of a key: whoever placed the marker just before stands in the way. */
const KEY_PAUSE_MS = 1100

/**
 * The row is written already, so that whoever asks between the two is told that they differ. Two who
 * do this at once can leave them so: then it has to be done again.
 * @throws RegistryError storage-unavailable
 */
export async function putMarker(db: D1Database, bucket: R2Bucket, marker: string): Promise<void> {
  const put = () => bucket.put(MARKER_KEY, marker, { httpMetadata: MARKER_TYPE })
  const putTwice = () =>
    put().catch(async () => {
      await scheduler.wait(KEY_PAUSE_MS)
      return put()
    })
  await askStore(putTwice, 'the object store does not take the marker: try again')
  await notePlaced(db, marker)
}

function reasonAgainst({ foreign, missing, sampled }: BucketFit): string {
  return foreign
    ? 'the database names no object, so the sweep would delete those of the bucket as abandoned: restore a backup, or adopt the bucket by force'
    : `the bucket lacks ${missing} of the ${sampled} contents of the database that were looked for: copy its objects first, or adopt the bucket by force`
}
