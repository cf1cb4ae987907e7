// The tags that come with a publish, as a part of its batch: they point at the version from the instant on at
// which it is visible. The batch fails as a whole when it is sent again, so a move is never repeated.
import type { Statement } from '../database.ts'
import type { NewFile } from './new-file.ts'
import type { PackagePlace } from './place.ts'

/** To come behind the statements that insert packages and versions, which give the packages their new state. */
export function pointTags(
  { ownerId, type }: PackagePlace,
  files: readonly NewFile[],
  now: number,
): Statement[] {
  const wanted = files.flatMap(({ tags = [], changeId, packageName, version, createdBy }) =>
    tags.map(({ name, onlyIfAbsent }) => ({
      ...{ packageName, version, tag: name, createdBy },
      changeId: `${changeId}/${name}`,
      onlyIfAbsent: onlyIfAbsent === true,
    })),
  )
  if (wanted.length === 0) return []
  const json = JSON.stringify(wanted)
  return [
    [
      `INSERT INTO package_tag_change (change_id, package_id, tag, version, created_by, created_at)
       SELECT j.value ->> 'changeId', p.id, j.value ->> 'tag', j.value ->> 'version',
         j.value ->> 'createdBy', ?3
       FROM json_each(?4) j
       CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 'packageName'
       WHERE NOT j.value ->> 'onlyIfAbsent' OR NOT EXISTS (SELECT 1 FROM package_tag t
         WHERE t.package_id = p.id AND t.name = j.value ->> 'tag')`,
      ownerId,
      type,
      now,
      json,
    ],
    [
      `INSERT INTO package_tag (package_id, name, version_id)
       SELECT c.package_id, c.tag, v.id FROM json_each(?1) j
       CROSS JOIN package_tag_change c ON c.change_id = j.value ->> 'changeId'
       CROSS JOIN package_version v ON v.package_id = c.package_id AND v.version = c.version
       WHERE true
       ON CONFLICT (package_id, name) DO UPDATE SET version_id = excluded.version_id`,
      json,
    ],
  ]
}
