// Lists of an owner's packages and of their versions. What a list of N packages with V versions reads:
// entries of covering indexes (N names; for the newest and for versions V versions too), and rows only
// of the page; with a repository also the rows of its files, without their metadata. Of 25,000 packages
// D1 counts 25,000 rows read by name, 126,000 newest first, 51,000 for a text, 176,000 in a repository
// and 175,000 for versions: 5 to 50 ms on the local runtime.
import type { Page } from '../owners.ts'
import { shownVersionOf } from './latest.ts'
import { type Parameter, type Read, type Reader, readAll } from './reader.ts'

export interface Search {
  readonly ownerId: string
  readonly type?: string | undefined
  /** A part of the name, in any case of its ASCII letters. */
  readonly text?: string | undefined
  /** The name of a repository that lists a file of the package. */
  readonly repository?: string | undefined
  readonly page: Page
}

export interface PackageSearch extends Search {
  /** By name, or what had a version published last. */
  readonly sort: 'name' | 'newest'
}

/** What is shown is as its publisher wrote it; `name` is what it is found by. */
export interface PackageName {
  readonly type: string
  readonly name: string
  readonly shownName: string
}

export interface VersionName {
  /** Unique, and growing in the order of publishing. */
  readonly id: number
  readonly version: string
  readonly shownVersion: string
  /** Unix milliseconds. */
  readonly createdAt: number
}

export interface VersionPlaces {
  /** Sorted; those of the first 100 files. */
  readonly architectures: readonly string[]
  /** Names of the repositories that list it, likewise. */
  readonly repositories: readonly string[]
}

export interface FoundPackage extends PackageName {
  readonly id: number
  /** Unix milliseconds. */
  readonly createdAt: number
  readonly versions: number
  /** Of the version below, where its type keeps one; cut. */
  readonly description: string | null
  /** The version that people are shown (latest.ts): by the order of its type, not by time. */
  readonly latest: VersionName & VersionPlaces
}

export interface FoundVersion extends PackageName, VersionName, VersionPlaces {}

/** Characters. */
const SHOWN_DESCRIPTION = 200

/** The owner's packages, each with the version that people are shown; `total` is without paging. */
export async function searchPackages(
  reader: Reader,
  search: PackageSearch,
): Promise<{ readonly packages: readonly FoundPackage[]; readonly total: number }> {
  const order = search.sort === 'name' ? 'p.name, p.type' : `(${newestOf('p.id')}) DESC`
  const [rows, totals] = await readAll<[PackageRow, { total: number }]>(reader, [
    select(
      search,
      (found) => `
        SELECT p.id AS packageId, p.created_at AS packageCreatedAt,
          (SELECT count(*) FROM package_version c WHERE c.package_id = p.id) AS versions,
          (SELECT substr(f.metadata ->> '$.description', 1, ${SHOWN_DESCRIPTION})
           FROM package_file f WHERE f.version_id = v.id LIMIT 1) AS description,
          ${VERSION_COLUMNS}
        FROM (${found}) x
        CROSS JOIN package p ON p.id = x.id
        CROSS JOIN package_version v ON v.id = (${shownVersionOf('p.id')})
        ORDER BY ${order}`,
      `SELECT p.id FROM package p WHERE`,
      `ORDER BY ${order}`,
    ),
    count(search, 'FROM package p WHERE'),
  ])
  return { packages: rows.map(packageOf), total: totals[0]?.total ?? 0 }
}

const OF_VERSIONS = 'FROM package p CROSS JOIN package_version v ON v.package_id = p.id WHERE'

/** The versions of the owner's packages, newest first; `total` is without paging. */
export async function searchVersions(
  reader: Reader,
  search: Search,
): Promise<{ readonly versions: readonly FoundVersion[]; readonly total: number }> {
  const [rows, totals] = await readAll<[VersionRow, { total: number }]>(reader, [
    select(
      search,
      (found) => `
        SELECT ${VERSION_COLUMNS} FROM (${found}) x
        CROSS JOIN package_version v ON v.id = x.id
        CROSS JOIN package p ON p.id = v.package_id
        ORDER BY v.id DESC`,
      `SELECT v.id ${OF_VERSIONS}`,
      'ORDER BY v.id DESC',
    ),
    count(search, OF_VERSIONS),
  ])
  return { versions: rows.map(versionOf), total: totals[0]?.total ?? 0 }
}

function newestOf(packageId: string): string {
  return `SELECT max(n.id) FROM package_version n WHERE n.package_id = ${packageId}`
}

/** A page of ids by covering indexes alone, and around it what makes rows of them. */
function select(
  search: Search,
  around: (found: string) => string,
  from: string,
  order: string,
): Read {
  const { conditions, parameters } = conditionsOf(search)
  const [limit, offset] = [parameters.length + 1, parameters.length + 2]
  const found = `${from} ${conditions} ${order} LIMIT ?${limit} OFFSET ?${offset}`
  return [around(found), ...parameters, search.page.limit, search.page.offset]
}

function count(search: Search, from: string): Read {
  const { conditions, parameters } = conditionsOf(search)
  return [`SELECT count(*) AS total ${from} ${conditions}`, ...parameters]
}

function conditionsOf({ ownerId, type, text, repository }: Search) {
  const parameters: Parameter[] = [ownerId]
  const conditions = ['p.owner_id = ?1']
  const add = (condition: (parameter: string) => string, value: string) => {
    conditions.push(condition(`?${parameters.push(value)}`))
  }
  if (type !== undefined) add((parameter) => `p.type = ${parameter}`, type)
  // LIKE takes patterns of 50 bytes at most on D1.
  if (text) add((parameter) => `instr(lower(p.name), lower(${parameter}))`, text)
  if (repository !== undefined) {
    add((parameter) => listedIn(parameter, type !== undefined), repository)
  }
  return { conditions: conditions.join(' AND '), parameters }
}

/** Begins with the files of the repository: a search in each package for one of them costs more. */
function listedIn(name: string, typed: boolean): string {
  return `p.id IN (
    SELECT w.package_id FROM repository r
    CROSS JOIN package_file f ON f.repository_id = r.id
    CROSS JOIN package_version w ON w.id = f.version_id
    WHERE r.owner_id = ?1 ${typed ? 'AND r.type = ?2' : ''} AND r.name = ${name})`
}

/** More files than a version has in any repository; a version of many is described by these. */
const DESCRIBED_FILES = 100

const filesOf = (columns: string) =>
  `(SELECT ${columns} FROM package_file f WHERE f.version_id = v.id LIMIT ${DESCRIBED_FILES})`

/** Of a package `p` and its version `v`. */
export const VERSION_COLUMNS = `
  p.type, p.name, coalesce(p.display_name, p.name) AS shownName,
  v.id, v.version, coalesce(v.display_version, v.version) AS shownVersion,
  v.created_at AS createdAt,
  (SELECT json_group_array(DISTINCT architecture) FROM ${filesOf('architecture')} d
   WHERE architecture <> '') AS architectures,
  (SELECT json_group_array(DISTINCT r.name) FROM ${filesOf('repository_id')} d
   CROSS JOIN repository r ON r.id = d.repository_id) AS repositories`

export interface VersionRow extends PackageName, VersionName {
  /** JSON arrays. */
  readonly architectures: string
  readonly repositories: string
}

interface PackageRow extends VersionRow {
  readonly packageId: number
  readonly packageCreatedAt: number
  readonly versions: number
  readonly description: string | null
}

export function versionOf(row: VersionRow): FoundVersion {
  const { architectures, repositories, ...names } = row
  return { ...names, architectures: listOf(architectures), repositories: listOf(repositories) }
}

function listOf(json: string): readonly string[] {
  return (JSON.parse(json) as string[]).sort()
}

function packageOf(row: PackageRow): FoundPackage {
  const { packageId: id, packageCreatedAt: createdAt, versions, description, ...version } = row
  const { type, name, shownName, ...latest } = versionOf(version)
  return { id, type, name, shownName, createdAt, versions, description, latest }
}
