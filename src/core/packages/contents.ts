// Where the bytes of a version's file are, which lead to the list of what it holds: one JSON
// object in the one statement that decides about access, a scalar query that calls the owner's row `o`.

export interface ContentsPlace {
  readonly r2Key: string
}

/** ?3 is the type, ?4 and ?5 the name, ?6 and ?7 the version, as asked for and folded; ?8 the SHA-256. */
export const CONTENTS_PLACE = `
  SELECT json_object('r2Key', b.r2_key)
  FROM package p
  CROSS JOIN package_version v ON v.package_id = p.id AND v.version IN (?6, ?7)
  CROSS JOIN package_file f ON f.version_id = v.id AND f.blob_sha256 = ?8
  CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE p.owner_id = o.id AND p.type = ?3 AND p.name IN (?4, ?5)
  ORDER BY p.name = ?4 DESC, v.version = ?6 DESC LIMIT 1`

export interface ContentsOverview extends ContentsPlace {
  readonly name: string
  readonly shownName: string
  readonly version: string
  readonly shownVersion: string
  /** A file of each content, of the version's first 100 files. */
  readonly files: readonly {
    readonly name: string
    readonly architecture: string
    readonly repository: string | null
    readonly sha256: string
  }[]
}

const LISTED_FILES = 100

/** By the same parameters. */
export const CONTENTS_OVERVIEW = `
  SELECT json_object('r2Key', b.r2_key, 'name', p.name, 'shownName', coalesce(p.display_name, p.name),
    'version', v.version, 'shownVersion', coalesce(v.display_version, v.version), 'files', (
      SELECT json_group_array(json_object('name', shown, 'architecture', architecture,
        'repository', (SELECT name FROM repository WHERE id = repository_id), 'sha256', blob_sha256)) FROM (
        SELECT coalesce(display_name, name) AS shown, architecture, repository_id, blob_sha256 FROM (
          SELECT * FROM package_file WHERE version_id = v.id
          ORDER BY composite_key, name LIMIT ${LISTED_FILES})
        GROUP BY blob_sha256 ORDER BY min(composite_key))))
  FROM package p
  CROSS JOIN package_version v ON v.package_id = p.id AND v.version IN (?6, ?7)
  CROSS JOIN package_file f ON f.version_id = v.id AND f.blob_sha256 = ?8
  CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE p.owner_id = o.id AND p.type = ?3 AND p.name IN (?4, ?5)
  ORDER BY p.name = ?4 DESC, v.version = ?6 DESC LIMIT 1`
