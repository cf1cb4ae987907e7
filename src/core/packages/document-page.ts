// The rows of a document in pages, each of which one transaction of the primary gives together with the state
// of the package. So 201 means visible at once in every document.

import type { Readme } from '../../formats/text/readme.ts'
import { query, runBatch, type Statement } from '../database.ts'
import {
  type DocumentFile,
  type DocumentPackage,
  type DocumentScope,
  hasPrefix,
  type PackageState,
} from './document.ts'
import { shownVersionOf } from './latest.ts'
import { readmeOf } from './readme.ts'

const README_OF_SHOWN = readmeOf(shownVersionOf('?1'))

/** A place in the order of a document's files. */
export interface DocumentPosition {
  readonly version: string
  readonly compositeKey: string
  readonly name: string
  /** How many rows the next page looks at. */
  readonly rows: number
}

export interface DocumentPage {
  readonly package: DocumentPackage
  /** By version, composite key and name, each in the order of its bytes. */
  readonly files: readonly DocumentFile[]
  /** After which file the next page begins; undefined where this is the last one. */
  readonly next: DocumentPosition | undefined
}

const PAGE_ROWS = 1000
/**
 * Bytes of a page's rows, but that it has at least one. Each text is there several times, from D1's answer
 * to the bytes of the document. The 1,000 queries of an invocation read the 256 MB of metadata that an owner
 * may have twice, for the client and for the cache.
 */
const PAGE_BYTES = 2 * 1024 * 1024
/** Bytes of a row beside its metadata and its marks: digests, ids, names, and what JSON adds. */
const ROW_BYTES = 600

/**
 * A page of the files within the scope and the state of the package, at one instant. Tags are read with the
 * first page alone: the caller compares the states.
 * @param withReadme for the first page
 * @returns undefined where the package is gone, or has nothing within the scope
 * @throws RegistryError storage-unavailable, not-configured
 */
export async function readDocumentPage(
  db: D1Database,
  { packageId, scope }: Pick<PackageState, 'packageId' | 'scope'>,
  after?: DocumentPosition,
  withReadme = false,
): Promise<DocumentPage | undefined> {
  const rows = after?.rows ?? PAGE_ROWS
  const results = await query(() =>
    runBatch(db, [
      [packageOf(after === undefined, withReadme), packageId],
      filesWithin(packageId, scope, after, rows),
    ]),
  )
  // The one place where a statement's word is taken for the shape of its rows.
  const [[row], looked] = results.map((result) => result.results) as [PackageRow[], FileRow[]]
  const found = row && packageIn(row)
  if (found === undefined || (after === undefined && looked.length === 0)) return undefined
  const files = looked.flatMap(({ metadata, marks, ...file }) =>
    metadata === null ? [] : { ...file, metadata, marks: JSON.parse(marks) },
  ) satisfies DocumentFile[]
  const isLast = files.length === looked.length && looked.length < rows
  return {
    package: found,
    files,
    next: isLast ? undefined : positionAfter(files),
  }
}

/** The next page looks at about as many rows as fitted. */
function positionAfter(files: readonly DocumentFile[]): DocumentPosition | undefined {
  const last = files.at(-1)
  if (last === undefined) return undefined
  const { version, compositeKey, name } = last
  return { version, compositeKey, name, rows: Math.min(files.length * 2, PAGE_ROWS) }
}

interface PackageRow extends Omit<DocumentPackage, 'tags' | 'readme'> {
  /** JSON list of pairs; null where they were not asked for. A package has few enough for one value of D1. */
  readonly tags: string | null
  readonly readmeFile: string | null
  readonly readmeText: string | null
}

function packageIn({ tags, readmeFile, readmeText, ...found }: PackageRow): DocumentPackage {
  const readme: Readme | undefined =
    readmeFile === null ? undefined : { fileName: readmeFile, text: readmeText ?? '' }
  return { ...found, tags: new Map(JSON.parse(tags ?? '[]') as [string, string][]), readme }
}

const TAGS = `
  SELECT json_group_array(json_array(name, version)) FROM (
    SELECT t.name, coalesce(v.display_version, v.version) AS version
    FROM package_tag t CROSS JOIN package_version v ON v.id = t.version_id
    WHERE t.package_id = ?1 ORDER BY t.name)`

const packageOf = (withTags: boolean, withReadme: boolean) => `
  SELECT p.name, coalesce(p.display_name, p.name) AS displayName, p.state, p.created_at AS createdAt,
    p.changed_at AS changedAt, p.changes, ${withTags ? `(${TAGS})` : 'NULL'} AS tags,
    ${withReadme ? 'readme.fileName' : 'NULL'} AS readmeFile, ${withReadme ? 'readme.text' : 'NULL'} AS readmeText
  FROM package p ${withReadme ? `LEFT JOIN (${README_OF_SHOWN}) readme` : ''} WHERE p.id = ?1`

interface FileRow extends Omit<DocumentFile, 'metadata' | 'marks'> {
  /** Null for the first file that the page has no room for. */
  readonly metadata: string | null
  /** JSON object. */
  readonly marks: string
}

/** Of a file that the page leaves out nothing is read but its key and what it weighs. */
const filesOf = (candidates: string) => `
  SELECT f.id, v.version, coalesce(v.display_version, v.version) AS displayVersion, f.name,
    coalesce(f.display_name, f.name) AS displayName, f.composite_key AS compositeKey, f.architecture,
    b.size, b.sha256, b.sha1, b.sha512, b.md5, f.created_at AS createdAt,
    iif(page.bytes <= ${PAGE_BYTES} OR page.bytes = page.length, f.metadata, NULL) AS metadata,
    (SELECT json_group_object(m.name, m.value) FROM package_mark m WHERE m.file_id = f.id) AS marks
  FROM (
    SELECT id, length, sum(length) OVER (ORDER BY version, composite_key, name) AS bytes
    FROM (${candidates})) page
  CROSS JOIN package_file f ON f.id = page.id
  CROSS JOIN package_version v ON v.id = f.version_id
  CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE page.bytes - page.length <= ${PAGE_BYTES}
  ORDER BY page.bytes`

const CANDIDATES = `
  SELECT f.id, v.version, f.composite_key, f.name, octet_length(f.metadata) + ${ROW_BYTES} + coalesce(
    (SELECT sum(octet_length(m.value)) FROM package_mark m WHERE m.file_id = f.id), 0) AS length
  FROM package_version v CROSS JOIN package_file f ON f.version_id = v.id
  WHERE v.package_id = ?1`

/** The rest of the version in which the page before ended, then, of a whole package, the versions after it. */
function filesWithin(
  packageId: number,
  scope: DocumentScope,
  after: DocumentPosition | undefined,
  rows: number,
): Statement {
  const parameters: (string | number)[] = [packageId, rows]
  const bind = (value: string) => `?${parameters.push(value)}`
  const rest = after
    ? `AND (f.composite_key, f.name) > (${bind(after.compositeKey)}, ${bind(after.name)})`
    : ''
  const candidates = (): string => {
    if (scope === 'package') {
      if (after === undefined) return CANDIDATES
      const version = bind(after.version)
      return `${CANDIDATES} AND v.version = ${version} ${rest}
        UNION ALL ${CANDIDATES} AND v.version > ${version}`
    }
    if ('tag' in scope) {
      const tagged = `SELECT version_id FROM package_tag WHERE package_id = ?1 AND name = ${bind(scope.tag)}`
      return `${CANDIDATES} AND v.id = (${tagged}) ${rest}`
    }
    const prefix =
      scope.keyPrefix === undefined
        ? ''
        : `AND ${hasPrefix(bind(after?.compositeKey ?? scope.keyPrefix), bind(scope.keyPrefix))}`
    return `${CANDIDATES} AND v.version = ${bind(scope.version)} ${prefix} ${rest}`
  }
  const sql = filesOf(`${candidates()} ORDER BY version, composite_key, name LIMIT ?2`)
  return [sql, ...parameters]
}
