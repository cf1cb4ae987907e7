// Moves and removes tags: names that point at a version of a package, and go with it.
import type { Limits } from '../quota/quota.ts'
import { changeMetadata, hasRoomFor } from '../quota/statements.ts'
import { tagBytes } from '../quota/weights.ts'
import {
  applyChange,
  type ChangedPackage,
  PACKAGE,
  type PackageChange,
  type PackageChangeOutcome,
} from './package-change.ts'

export type TagOutcome =
  | 'moved'
  | Exclude<PackageChangeOutcome, 'changed'>
  | 'version-absent'
  | 'tag-absent'
  /** The package has MAX_TAGS others. */
  | 'too-many-tags'
  /** The owner has as much metadata as it may, of which tags are a part. */
  | 'no-room'

/**
 * Never throws.
 * @param version as it is found by
 * @param limits the deployment's
 */
export function moveTag(
  db: D1Database,
  subject: ChangedPackage,
  tag: string,
  version: string,
  change: PackageChange,
  limits: Limits,
): Promise<TagOutcome> {
  const needs = [
    { sql: `EXISTS (${VERSION})`, otherwise: 'version-absent' },
    { sql: `EXISTS (${POINTS_AT}) OR (${TAGS}) < ${MAX_TAGS}`, otherwise: 'too-many-tags' },
    { sql: `EXISTS (${POINTS_AT}) OR ${ROOM}`, otherwise: 'no-room' },
  ] as const
  const differs = `(${POINTS_AT}) IS NOT (${VERSION})`
  const wanted = [tag, version, limits.metadata_bytes] as const
  return changeTag(db, { subject, change, wanted, needs, differs, effects: [CHARGE, MOVE] })
}

/** Never throws. */
export function removeTag(
  db: D1Database,
  subject: ChangedPackage,
  tag: string,
  change: PackageChange,
): Promise<TagOutcome> {
  const needs = [{ sql: `EXISTS (${POINTS_AT})`, otherwise: 'tag-absent' }] as const
  const effects = [CREDIT, REMOVE]
  return changeTag(db, { subject, change, wanted: [tag], needs, differs: 'true', effects })
}

interface WantedTag {
  readonly subject: ChangedPackage
  readonly change: PackageChange
  /** The tag, what it is to point at, and how many bytes of metadata an owner may have. */
  readonly wanted: readonly [tag: string, version?: string, metadataBytes?: number]
  readonly needs: readonly {
    readonly sql: string
    readonly otherwise: 'version-absent' | 'tag-absent' | 'too-many-tags' | 'no-room'
  }[]
  readonly differs: string
  readonly effects: readonly string[]
}

async function changeTag(db: D1Database, { wanted, ...rest }: WantedTag): Promise<TagOutcome> {
  const outcome = await applyChange(db, { ...rest, wanted: JSON.stringify(wanted) })
  return outcome === 'changed' ? 'moved' : outcome
}

/** Of a package: each document about it names all of them. */
export const MAX_TAGS = 1000

const TAGS = `SELECT count(*) FROM package_tag WHERE package_id = (${PACKAGE})`

const POINTS_AT = `
  SELECT t.version_id FROM package_tag t WHERE t.package_id = (${PACKAGE}) AND t.name = ?4 ->> 0`

const VERSION = `
  SELECT v.id FROM package_version v WHERE v.package_id = (${PACKAGE}) AND v.version = ?4 ->> 1`

const ROOM = hasRoomFor('?1', tagBytes('?4 ->> 0'), '?4 ->> 2')

/** To come before the tag does, where it is new. */
const CHARGE = changeMetadata(
  `SELECT ${tagBytes('?4 ->> 0')} AS bytes WHERE NOT EXISTS (${POINTS_AT})`,
)

const CREDIT = changeMetadata(
  `SELECT -${tagBytes('?4 ->> 0')} AS bytes WHERE EXISTS (${POINTS_AT})`,
)

const MOVE = `
  INSERT INTO package_tag (package_id, name, version_id)
  SELECT v.package_id, ?4 ->> 0, v.id FROM package_version v
  WHERE v.package_id = (${PACKAGE}) AND v.version = ?4 ->> 1
  ON CONFLICT (package_id, name) DO UPDATE SET version_id = excluded.version_id`

const REMOVE = `
  DELETE FROM package_tag WHERE package_id = (${PACKAGE}) AND name = ?4 ->> 0`
