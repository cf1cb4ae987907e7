// One package and one version in full. Who published a file is not among what is read.

import type { Readme } from '../../formats/text/readme.ts'
import type { Page } from '../owners.ts'
import { type Read, type Reader, readAll } from './reader.ts'
import { readmeOf } from './readme.ts'
import {
  type FoundVersion,
  requireReach,
  VERSION_COLUMNS,
  type VersionRow,
  versionOf,
  within,
} from './search.ts'

/** Whose package, by which name: as it was asked for, and folded as its type folds names. */
export interface PackageKey {
  readonly ownerId: string
  readonly type: string
  readonly name: string
  readonly foldedName: string
}

export interface VersionKey extends PackageKey {
  readonly version: string
  readonly foldedVersion: string
}

export interface PackageFile {
  readonly id: string
  /** What it is found by, and as its publisher wrote it. */
  readonly name: string
  readonly shownName: string
  /** What tells files of one name apart; they are listed by it. */
  readonly compositeKey: string
  /** Where the bytes are. */
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  /** Lower-case hex; null for those that no type took of the content. */
  readonly md5: string | null
  readonly sha1: string | null
  readonly sha256: string
  readonly sha512: string | null
  /** Empty for types that have none. */
  readonly architecture: string
  /** The name of the repository that lists it; null for types without an index. */
  readonly repository: string | null
  /** JSON of the type; null where the files before it on the page have too much of it already. */
  readonly metadata: string | null
  /** Unix milliseconds. */
  readonly createdAt: number
}

/** An exact name goes before one that only matches folded. */
const PACKAGE = `
  SELECT id FROM package WHERE owner_id = ?1 AND type = ?2 AND name IN (?3, ?4)
  ORDER BY name = ?3 DESC LIMIT 1`

const VERSION = `
  SELECT id FROM package_version WHERE package_id = (${PACKAGE}) AND version IN (?5, ?6)
  ORDER BY version = ?5 DESC LIMIT 1`

const VERSIONS = `
  SELECT ${VERSION_COLUMNS} FROM package p CROSS JOIN package_version v ON v.package_id = p.id
  WHERE p.id = (${PACKAGE}) AND v.id < ?7 ORDER BY v.id DESC LIMIT ?5 OFFSET ?6`

const packageKey = ({ ownerId, type, name, foldedName }: PackageKey) =>
  [ownerId, type, name, foldedName] as const

/**
 * A package's versions, newest first; `total` is without paging, and 0 where there is no such
 * package, since none is without a version.
 * @throws RegistryError invalid-request for a page behind MAX_OFFSET that follows no version, storage-unavailable
 */
export async function readPackageVersions(
  reader: Reader,
  key: PackageKey,
  page: Page,
): Promise<{ readonly versions: readonly FoundVersion[]; readonly total: number }> {
  const { limit, offset } = within(page)
  const after = page.after === undefined ? Number.MAX_SAFE_INTEGER : Number(page.after)
  const [rows, totals] = await readAll<[VersionRow, { total: number }]>(reader, [
    [VERSIONS, ...packageKey(key), limit, offset, after],
    [`SELECT versions AS total FROM package WHERE id = (${PACKAGE})`, ...packageKey(key)],
  ])
  const total = totals[0]?.total ?? 0
  requireReach(page, total)
  return { versions: rows.map(versionOf), total }
}

/** The version that was published last. */
export async function findLatestVersion(
  reader: Reader,
  key: PackageKey,
): Promise<FoundVersion | undefined> {
  const { versions } = await readPackageVersions(reader, key, { limit: 1, offset: 0 })
  return versions[0]
}

/** A version and, of all `total`, a page of its files, by name. */
export interface VersionDetail {
  readonly version: FoundVersion
  readonly files: readonly PackageFile[]
  readonly total: number
}

/** Bytes of metadata on a page of files: each may have half a megabyte, and most have a few hundred. */
export const LISTED_METADATA_BYTES = 4 * 1024 * 1024

/** The page is found by an index; of what is left out nothing is read but its length. */
const filesOf = (
  version: string,
  [limit, offset, key, name]: readonly string[],
  withReadme = false,
) => `
  SELECT f.id, f.name, coalesce(f.display_name, f.name) AS shownName,
    f.composite_key AS compositeKey, b.r2_key AS r2Key, b.size, nullif(b.md5, '') AS md5, nullif(b.sha1, '') AS sha1, b.sha256,
    nullif(b.sha512, '') AS sha512, f.architecture, r.name AS repository,
    iif(page.bytes <= ${LISTED_METADATA_BYTES}, f.metadata, NULL) AS metadata,
    f.created_at AS createdAt${withReadme ? ', m.file_name AS readmeName, m.text AS readmeText' : ''}
  FROM (
    SELECT id, sum(length) OVER (ORDER BY composite_key, name) AS bytes,
      row_number() OVER (ORDER BY composite_key, name) AS place FROM (
      SELECT id, composite_key, name, octet_length(metadata) AS length FROM package_file
      WHERE version_id = (${version}) AND (composite_key, name) > (${key}, ${name})
      ORDER BY composite_key, name LIMIT ${limit} OFFSET ${offset})) page
  CROSS JOIN package_file f ON f.id = page.id
  CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256
  LEFT JOIN repository r ON r.id = f.repository_id
  ${withReadme ? 'LEFT JOIN package_readme m ON m.file_id = iif(page.place = 1, f.id, NULL)' : ''}
  ORDER BY f.composite_key, f.name`

/** A file's place in the order of its version, as a page may follow it. */
export function positionOf({ compositeKey, name }: PackageFile): string {
  return `${compositeKey}\n${name}`
}

function placeOf(page: Page): readonly [number, number, string, string] {
  const [key = '', name = ''] = page.after?.split('\n') ?? []
  const { limit, offset } = within(page)
  return [limit, offset, key, name]
}

interface FileAndReadme extends PackageFile {
  readonly readmeName: string | null
  readonly readmeText: string | null
}

/** A page of the files of a version that was found before, by name, and the README of the first of them. */
export async function readFilesAndReadme(
  reader: Reader,
  versionId: number,
  page: Page,
): Promise<{ readonly files: readonly PackageFile[]; readonly readme: Readme | undefined }> {
  const [rows] = await readAll<[FileAndReadme]>(reader, [
    [filesOf('?1', ['?2', '?3', '?4', '?5'], true), versionId, ...placeOf(page)],
  ])
  const files = rows.map(({ readmeName: _, readmeText: __, ...file }) => file)
  const { readmeName: fileName = null, readmeText: text = null } = rows[0] ?? {}
  return { files, readme: fileName === null || text === null ? undefined : { fileName, text } }
}

/** The README of a version that was found before. */
export async function readReadme(reader: Reader, versionId: number): Promise<Readme | undefined> {
  const [[readme]] = await readAll<[Readme]>(reader, [[readmeOf('?1'), versionId]])
  return readme
}

interface CountedVersionRow extends VersionRow {
  readonly files: number
}

/**
 * Undefined where there is no such version.
 * @throws RegistryError invalid-request for a page behind MAX_OFFSET that follows no file, storage-unavailable
 */
export async function findVersion(
  reader: Reader,
  key: VersionKey,
  page: Page,
): Promise<VersionDetail | undefined> {
  const parameters = [...packageKey(key), key.version, key.foldedVersion] as const
  const found: Read = [
    `SELECT ${VERSION_COLUMNS},
v.files FROM package_version v CROSS JOIN package p ON p.id = v.package_id WHERE v.id = (${VERSION})`,
    ...parameters,
  ]
  const [[row], files] = await readAll<[CountedVersionRow, PackageFile]>(reader, [
    found,
    [filesOf(VERSION, ['?7', '?8', '?9', '?10']), ...parameters, ...placeOf(page)],
  ])
  if (row === undefined) return undefined
  const { files: total, ...version } = row
  requireReach(page, total)
  return { version: versionOf(version), files, total }
}
