// What the pages of an owner, a repository and a version begin with, each as one JSON object in the one
// statement that decides about access: scalar queries that call the owner's row `o`. All bounded: lists
// are of the newest few, and what can be large (a file's metadata) is read apart.

import { highestVersionsOf, latestVersionIn, shownVersionOf } from './latest.ts'
import { LIST_STATES, type ListState } from './list-state.ts'

/** The choices by which an owner's packages are narrowed. */
export interface OwnerOverview extends ListState {
  readonly createdAt: number
  /** By type and name. */
  readonly repositories: readonly { readonly type: string; readonly name: string }[]
}

export const MAX_REPOSITORIES = 200

export const OWNER_OVERVIEW = `
  SELECT json_object('createdAt', o.created_at, 'states', json((${LIST_STATES})), 'repositories', (
    SELECT json_group_array(json_object('type', type, 'name', name)) FROM (
      SELECT type, name FROM repository WHERE owner_id = o.id
      ORDER BY type, name LIMIT ${MAX_REPOSITORIES})))`

/** All times are Unix milliseconds, all sizes bytes. */
export interface RepositoryOverview extends ListState {
  readonly name: string
  /** Counts the commits; 0 before the first. */
  readonly revision: number
  readonly immutable: number
  /** 1 when it can be deleted: it holds no files, and no name of it stays taken. */
  readonly isEmpty: number
  readonly createdAt: number
  readonly indexes: readonly {
    readonly path: string
    readonly size: number
    readonly sha256: string
    readonly changedAt: number
  }[]
  /** The newest first. */
  readonly changes: readonly {
    readonly revision: number
    readonly op: 'publish' | 'remove' | 'reindex'
    readonly fileName: string
    readonly architecture: string
    readonly createdAt: number
    /** Of the file, as long as it is there. */
    readonly packageName: string | null
    readonly version: string | null
  }[]
}

const SHOWN_CHANGES = 20

/** ?3 is the type and ?4 the name of the repository. */
export const REPOSITORY_OVERVIEW = `
  SELECT json_object('states', json((${LIST_STATES})), 'name', r.name, 'revision', r.revision, 'immutable', r.immutable,
    'createdAt', r.created_at, 'isEmpty',
    NOT EXISTS (SELECT 1 FROM package_file any_file WHERE repository_id = r.id)
      AND NOT EXISTS (SELECT 1 FROM retired_file WHERE repository_id = r.id),
    'indexes', (
      SELECT json_group_array(json_object('path', path, 'size', size, 'sha256', sha256,
        'changedAt', changed_at)) FROM (
        SELECT * FROM repository_index WHERE repository_id = r.id ORDER BY path)),
    'changes', (
      SELECT json_group_array(json_object('revision', latest.revision, 'op', latest.op,
        'fileName', latest.file_name, 'architecture', latest.architecture, 'createdAt', latest.created_at,
        'packageName', p.name, 'version', v.version)) FROM (
        SELECT * FROM repository_change WHERE repository_id = r.id
        ORDER BY revision DESC, change_id DESC LIMIT ${SHOWN_CHANGES}) latest
      LEFT JOIN package_file f ON f.id = latest.file_id
      LEFT JOIN package_version v ON v.id = f.version_id
      LEFT JOIN package p ON p.id = v.package_id))
  FROM repository r WHERE r.owner_id = o.id AND r.type = ?3 AND r.name = ?4`

export interface ListedVersion {
  /** What it is found by, and as its publisher wrote it. */
  readonly version: string
  readonly shownVersion: string
  readonly createdAt: number
}

/** What a repository has of a package. */
export interface RepositoryVersions {
  readonly name: string
  /** The highest, as its clients order them: the first is the one that they install. */
  readonly versions: readonly (ListedVersion & { readonly architectures: readonly string[] })[]
}

export interface PackageOverview {
  readonly packageId: number
  readonly name: string
  readonly shownName: string
  /** How many there are, and the highest of them in the order of their type. */
  readonly versionCount: number
  readonly versions: readonly ListedVersion[]
  /** Those that have it, by name, 20 at most; none of a type without repositories. */
  readonly repositories: readonly RepositoryVersions[]
  /** Null where there is no such version. */
  readonly versionId: number | null
  readonly version: string
  readonly shownVersion: string
  readonly createdAt: number
  readonly fileCount: number
  /** 1 for the version that people are shown where they ask for none. */
  readonly isLatest: number
  /** Likewise 1 for that of the repository that was asked for. */
  readonly isLatestThere: number
  /** The values of the marks that all files of the version have, by name. */
  readonly marks: Readonly<Record<string, string>>
  /** The first of those that point at the version. */
  readonly tags: readonly string[]
}

const SHOWN_VERSIONS = 20
const SHOWN_REPOSITORIES = 20
/** Of each repository. */
const VERSIONS_THERE = 3
/** Of each version. */
const FILES_THERE = 100
const SHOWN_TAGS = 20
/** More files than a version of a type with marks has. */
const MARKED_FILES = 100

const OF_NAME = '(SELECT id FROM repository WHERE owner_id = o.id AND type = ?3 AND name = ?8)'

/**
 * Of a package `p`. Each step of `latest` looks up the list behind the one before, so that a repository costs the
 * same however many versions it has.
 */
const REPOSITORIES_OF = `
  SELECT json_group_array(json_object('name', name, 'versions', json(versions))) FROM (
    WITH RECURSIVE latest(id) AS (
      SELECT min(list_id) FROM repository_version WHERE package_id = p.id
      UNION ALL
      SELECT (SELECT min(n.list_id) FROM repository_version n WHERE n.package_id = p.id AND n.list_id > latest.id)
      FROM latest WHERE latest.id IS NOT NULL LIMIT ${SHOWN_REPOSITORIES + 1})
    SELECT r.name, (
      SELECT json_group_array(json_object('version', w.version,
        'shownVersion', coalesce(w.display_version, w.version), 'createdAt', w.created_at,
        'architectures', (
          SELECT json_group_array(architecture) FROM (
            SELECT DISTINCT architecture FROM (
              SELECT architecture, repository_id FROM package_file WHERE version_id = w.id LIMIT ${FILES_THERE})
            WHERE repository_id = r.id AND architecture <> '' ORDER BY architecture))))
      FROM (
        SELECT i.version_id AS id FROM repository_version i WHERE i.package_id = p.id AND i.list_id = l.id
        ORDER BY i.standing DESC, i.order_key DESC, i.version_id DESC LIMIT ${VERSIONS_THERE}) page
      CROSS JOIN package_version w ON w.id = page.id) AS versions
    FROM latest CROSS JOIN package_list l ON l.id = latest.id
    CROSS JOIN repository r ON r.id = l.repository_id ORDER BY r.name LIMIT ${SHOWN_REPOSITORIES})`

/**
 * ?3 is the type, ?4 the package's name as it was asked for and ?5 as its type folds names, ?6 and ?7
 * likewise the version; ?6 is empty for the one that people
 * are shown where they ask for none: that of the repository ?8, if it has the package.
 */
export const PACKAGE_OVERVIEW = `
  SELECT json_object('packageId', p.id, 'name', p.name,
    'shownName', coalesce(p.display_name, p.name),
    'versionCount', p.versions,
    'versions', (
      SELECT json_group_array(json_object('version', version,
        'shownVersion', coalesce(display_version, version), 'createdAt', created_at))
      FROM (${highestVersionsOf('p.id', SHOWN_VERSIONS)})),
    'repositories', json((${REPOSITORIES_OF})),
    'versionId', v.id, 'version', v.version,
    'shownVersion', coalesce(v.display_version, v.version), 'createdAt', v.created_at,
    'fileCount', coalesce(v.files, 0),
    'isLatest', v.id IS (${shownVersionOf('p.id')}),
    'isLatestThere', v.id IS NOT NULL AND v.id IS (${latestVersionIn('p.id', OF_NAME)}),
    'marks', (
      SELECT json_group_object(name, value) FROM (
        SELECT m.name, max(m.value) AS value
        FROM (SELECT id FROM package_file WHERE version_id = v.id LIMIT ${MARKED_FILES}) latest
        CROSS JOIN package_mark m ON m.file_id = latest.id GROUP BY m.name
        HAVING count(*) = min(v.files, ${MARKED_FILES}))),
    'tags', (
      SELECT json_group_array(name) FROM (
        SELECT name FROM package_tag WHERE version_id = v.id ORDER BY name LIMIT ${SHOWN_TAGS})))
  FROM package p LEFT JOIN package_version v ON v.id = iif(?6 = '',
    coalesce((${latestVersionIn('p.id', OF_NAME)}), (${shownVersionOf('p.id')})),
    (SELECT id FROM package_version WHERE package_id = p.id AND version IN (?6, ?7)
     ORDER BY version = ?6 DESC LIMIT 1))
  WHERE p.id = (
    SELECT id FROM package WHERE owner_id = o.id AND type = ?3 AND name IN (?4, ?5)
    ORDER BY name = ?4 DESC LIMIT 1)`
