// Moves and removes tags: names that point at a version of a package, and go with it.
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

/** Never throws. @param version as it is found by */
export function moveTag(
  db: D1Database,
  subject: ChangedPackage,
  tag: string,
  version: string,
  change: PackageChange,
): Promise<TagOutcome> {
  const needs = [
    { sql: `EXISTS (${VERSION})`, otherwise: 'version-absent' },
    { sql: `EXISTS (${POINTS_AT}) OR (${TAGS}) < ${MAX_TAGS}`, otherwise: 'too-many-tags' },
  ] as const
  const differs = `(${POINTS_AT}) IS NOT (${VERSION})`
  return changeTag(db, { subject, change, wanted: [tag, version], needs, differs, effect: MOVE })
}

/** Never throws. */
export function removeTag(
  db: D1Database,
  subject: ChangedPackage,
  tag: string,
  change: PackageChange,
): Promise<TagOutcome> {
  const needs = [{ sql: `EXISTS (${POINTS_AT})`, otherwise: 'tag-absent' }] as const
  return changeTag(db, { subject, change, wanted: [tag], needs, differs: 'true', effect: REMOVE })
}

interface WantedTag {
  readonly subject: ChangedPackage
  readonly change: PackageChange
  /** The tag, and what it is to point at. */
  readonly wanted: readonly [tag: string, version?: string]
  readonly needs: readonly {
    readonly sql: string
    readonly otherwise: 'version-absent' | 'tag-absent' | 'too-many-tags'
  }[]
  readonly differs: string
  readonly effect: string
}

async function changeTag(
  db: D1Database,
  { wanted, effect, ...rest }: WantedTag,
): Promise<TagOutcome> {
  const outcome = await applyChange(db, {
    ...rest,
    wanted: JSON.stringify(wanted),
    effects: [effect],
  })
  return outcome === 'changed' ? 'moved' : outcome
}

/** Of a package: each document about it names all of them. */
export const MAX_TAGS = 1000

const TAGS = `SELECT count(*) FROM package_tag WHERE package_id = (${PACKAGE})`

const POINTS_AT = `
  SELECT t.version_id FROM package_tag t WHERE t.package_id = (${PACKAGE}) AND t.name = ?4 ->> 0`

const VERSION = `
  SELECT v.id FROM package_version v WHERE v.package_id = (${PACKAGE}) AND v.version = ?4 ->> 1`

const MOVE = `
  INSERT INTO package_tag (package_id, name, version_id)
  SELECT v.package_id, ?4 ->> 0, v.id FROM package_version v
  WHERE v.package_id = (${PACKAGE}) AND v.version = ?4 ->> 1
  ON CONFLICT (package_id, name) DO UPDATE SET version_id = excluded.version_id`

const REMOVE = `
  DELETE FROM package_tag WHERE package_id = (${PACKAGE}) AND name = ?4 ->> 0`
