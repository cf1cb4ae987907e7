// The tags that come with a publish, as a part of its batch: they point at the version from the instant on at
// which it is visible. The batch fails as a whole when it is sent again, so a move is never repeated.
import type { Statement } from '../database.ts'
import type { NewFile, NewTag } from './new-file.ts'
import type { PackagePlace } from './place.ts'

/** To come behind the statements that insert packages and versions, which give the packages their new state. */
export function pointTags(place: PackagePlace, files: readonly NewFile[]): Statement[] {
  return [
    ...pointThose(place, files, ({ onlyIfAbsent }) => !onlyIfAbsent, MOVE),
    ...pointThose(place, files, ({ onlyIfAbsent }) => onlyIfAbsent === true, 'DO NOTHING'),
  ]
}

const MOVE = 'DO UPDATE SET version_id = excluded.version_id'

/** @param existing what is done to a tag that the package has */
function pointThose(
  { ownerId, type }: PackagePlace,
  files: readonly NewFile[],
  belongs: (tag: NewTag) => boolean,
  existing: string,
): Statement[] {
  const wanted = files.flatMap(({ tags = [], packageName, version }) =>
    tags.filter(belongs).map(({ name }) => [packageName, version, name]),
  )
  if (wanted.length === 0) return []
  return [
    [
      `INSERT INTO package_tag (package_id, name, version_id)
       SELECT p.id, j.value ->> 2, v.id FROM json_each(?3) j
       CROSS JOIN package p ON p.owner_id = ?1 AND p.type = ?2 AND p.name = j.value ->> 0
       CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 1
       WHERE true ON CONFLICT (package_id, name) ${existing}`,
      ownerId,
      type,
      JSON.stringify(wanted),
    ],
  ]
}
