// What a request about one file needs to know of it, as part of the one statement that it makes.
import type { ResourceQuery } from '../access/resource-query.ts'
import type { NearPath } from '../near/place.ts'
import type { RemovableFile } from './remove.ts'

export interface FileRow extends RemovableFile {
  /** As its publisher wrote it. */
  readonly displayName: string
  /** 1 when the name will never carry other bytes. */
  readonly immutable: number
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  /** Unix milliseconds. */
  readonly changedAt: number
}

/**
 * A JSON object of the shape of FileRow, for a query that calls package_file `f`, package_blob `b`,
 * package_version `v`, package `p` and repository `r` (joined, or left joined for types without).
 */
const FILE_ROW = `json_object('id', f.id, 'name', f.name,
  'displayName', coalesce(f.display_name, f.name), 'architecture', f.architecture,
  'packageName', p.name, 'version', v.version, 'repository', r.name,
  'immutable', coalesce(r.immutable, 0), 'r2Key', b.r2_key, 'size', b.size, 'sha256', b.sha256,
  'changedAt', f.created_at)`

export interface RepositoryFileName {
  readonly type: string
  /** The repository's name within its owner. */
  readonly repository: string
  readonly fileName: string
  /** The lists of the repository in which it can be; a repository has a name in one of them at most. */
  readonly parts: readonly [string, ...string[]]
}

/** A FileRow: of the file of this name in a repository. */
export function findRepositoryFile({
  type,
  repository,
  fileName,
  parts,
}: RepositoryFileName): ResourceQuery {
  const listed = parts.map((_, at) => `?${at + 6}`).join(', ')
  return {
    sql: `SELECT ${FILE_ROW}
          FROM repository r
          JOIN package_file f ON f.repository_id = r.id AND f.name = ?5
            AND f.part IN (${listed})
          JOIN package_blob b ON b.sha256 = f.blob_sha256
          JOIN package_version v ON v.id = f.version_id
          JOIN package p ON p.id = v.package_id
          WHERE r.owner_id = o.id AND r.type = ?3 AND r.name = ?4 LIMIT 1`,
    parameters: [type, repository, fileName, ...parts],
  }
}

/** Each as it is found by: folded where the type's names match without case. */
export interface VersionFileName {
  readonly type: string
  readonly packageName: string
  readonly version: string
  readonly fileName: string
}

/** A FileRow: of the file of this name in a version, for types whose files are in no repository. */
export function findVersionFile({
  type,
  packageName,
  version,
  fileName,
}: VersionFileName): ResourceQuery {
  return {
    sql: `SELECT ${FILE_ROW}
          FROM package p
          JOIN package_version v ON v.package_id = p.id AND v.version = ?5
          JOIN package_file f ON f.version_id = v.id AND f.composite_key = '' AND f.name = ?6
          JOIN package_blob b ON b.sha256 = f.blob_sha256
          LEFT JOIN repository r ON r.id = f.repository_id
          WHERE p.owner_id = o.id AND p.type = ?3 AND p.name = ?4`,
    parameters: [type, packageName, version, fileName],
  }
}

/** What places on the edge remember a file of these names by, which no publish replaces. */
export function nearVersionFile({
  type,
  packageName,
  version,
  fileName,
}: VersionFileName): Omit<NearPath, 'ownerName'> {
  return nearCollection(type, JSON.stringify([packageName, version, fileName]))
}

/** Of documents and indexes of a type without repositories: they tell the place of its last commits. */
export function nearDocument(type: string): Omit<NearPath, 'ownerName'> {
  return nearCollection(type, undefined)
}

function nearCollection(type: string, path: string | undefined) {
  return { type, repository: undefined, path }
}
