// The tags that come with a publish, as a part of its batch: they point at the version from the instant on at
// which it is visible. The batch fails as a whole when it is sent again, so a move is never repeated.
import { type Condition, query, type Statement } from '../database.ts'
import type { Usage } from '../quota/quantities.ts'
import { changeMetadata } from '../quota/statements.ts'
import { tagBytes, tagBytesOf } from '../quota/weights.ts'
import type { NewFile, NewTag } from './new-file.ts'
import type { PackagePlace } from './place.ts'
import { MAX_TAGS } from './tags.ts'

/** To come behind the statements that insert packages and versions, which give the packages their new state. */
export function pointTags(place: PackagePlace, files: readonly NewFile[]): Statement[] {
  return [
    ...chargeTags(place, files),
    ...pointThose(place, files, ({ onlyIfAbsent }) => !onlyIfAbsent, MOVE),
    ...pointThose(place, files, ({ onlyIfAbsent }) => onlyIfAbsent === true, 'DO NOTHING'),
  ]
}

/** Of those that the packages do not have yet. */
function chargeTags({ ownerId, type }: PackagePlace, files: readonly NewFile[]): Statement[] {
  const wanted = new Set(
    files.flatMap(({ tags = [], packageName }) =>
      tags.map(({ name }) => JSON.stringify([packageName, name])),
    ),
  )
  if (wanted.size === 0) return []
  const sql = changeMetadata(`
    SELECT ${tagBytes('j.value ->> 1')} AS bytes FROM json_each(?3) j
    CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0
    WHERE NOT EXISTS (
      SELECT 1 FROM package_tag t WHERE t.package_id = p.id AND t.name = j.value ->> 1)`)
  return [[sql, ownerId, type, `[${[...wanted]}]`]]
}

/** The usage and that of the tags of a file, as if the package had none of them: the database knows which it has. */
export function withTags(usage: Usage, { tags = [] }: NewFile): Usage {
  const bytes = tags.reduce((sum, { name }) => sum + tagBytesOf(name), 0)
  return { ...usage, metadata_bytes: usage.metadata_bytes + bytes }
}

const MOVE = 'DO UPDATE SET version_id = excluded.version_id, falls_back = excluded.falls_back'

/** @param existing what is done to a tag that the package has */
function pointThose(
  { ownerId, type }: PackagePlace,
  files: readonly NewFile[],
  belongs: (tag: NewTag) => boolean,
  existing: string,
): Statement[] {
  const wanted = files.flatMap(({ tags = [], packageName, version }) =>
    tags
      .filter(belongs)
      .map(({ name, fallsBack }) => [packageName, version, name, Number(fallsBack ?? false)]),
  )
  if (wanted.length === 0) return []
  return [
    [
      `INSERT INTO package_tag (package_id, name, version_id, falls_back)
       SELECT p.id, j.value ->> 2, v.id, j.value ->> 3 FROM json_each(?3) j
       CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0
       CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 1
       WHERE true ON CONFLICT (package_id, name) ${existing}`,
      ownerId,
      type,
      JSON.stringify(wanted),
    ],
  ]
}

/** Whether the package has no more tags than it may, with those of ?4. */
const HAS_ROOM = `(
  SELECT count(*) FROM (
    SELECT t.name FROM package_tag t WHERE t.package_id = (
      SELECT id FROM package WHERE owner_id = ?1 AND type = ?2 AND name = ?3)
    UNION SELECT value FROM json_each(?4))) <= ${MAX_TAGS}`

function valuesOf({ ownerId, type }: PackagePlace, { packageName, tags = [] }: NewFile) {
  return [ownerId, type, packageName, JSON.stringify(tags.map(({ name }) => name))] as const
}

/** What has to hold before the tags of a file are written. */
export function roomForTags(place: PackagePlace, file: NewFile): Condition[] {
  if ((file.tags ?? []).length === 0) return []
  return [{ sql: HAS_ROOM, parameters: valuesOf(place, file) }]
}

/** @throws RegistryError storage-unavailable */
export async function hasRoomForTags(
  db: D1Database,
  place: PackagePlace,
  file: NewFile,
): Promise<boolean> {
  if ((file.tags ?? []).length === 0) return true
  const statement = db.prepare(`SELECT ${HAS_ROOM} AS it`).bind(...valuesOf(place, file))
  return (await query(() => statement.first<number>('it'))) === 1
}
