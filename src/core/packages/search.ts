// Lists of an owner's packages and of their versions, page by page. What a page reads is bounded, whatever the
// owner has: see lists.ts.
import { invalidRequest } from '../errors.ts'
import type { Page } from '../owners.ts'
import { latestVersionIn, shownVersionOf } from './latest.ts'
import type { Start } from './list-starts.ts'
import {
  type ListFilter,
  type ListPlace,
  listsOf,
  MAX_FOUND,
  MAX_OFFSET,
  type NamedFilter,
  newestVersions,
  Parameters,
  packagesByName,
  packagesNamed,
} from './lists.ts'
import { type Read, type Reader, readAll } from './reader.ts'

export interface Search extends ListFilter {
  readonly page: Page
  /** Where it is known (list-starts.ts), an entry before the page. */
  readonly start?: Start | undefined
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
  /**
   * The version that people are shown (latest.ts): by the order of its type, not by time. Of a search in a
   * repository the one that its clients install.
   */
  readonly latest: VersionName & VersionPlaces
}

export interface FoundVersion extends PackageName, VersionName, VersionPlaces {}

/** Characters. */
const SHOWN_DESCRIPTION = 200

/** How many a whole list has. */
export interface ListTotal {
  readonly total: number
  /** Whether a search stopped counting: more names match than it looks at. */
  readonly more: boolean
}

/**
 * The owner's packages, each with the version that people are shown. The newest are those of the 1,000 versions
 * that were published last.
 * @throws RegistryError invalid-request for a page behind MAX_OFFSET, storage-unavailable
 */
export async function searchPackages(
  reader: Reader,
  search: PackageSearch,
): Promise<ListTotal & { readonly packages: readonly FoundPackage[] }> {
  const bind = new Parameters()
  const place = placeOf(search)
  const page = (ids: string) => shownPackages(search, ids, bind)
  const { rows, ...total } = isNamed(search)
    ? await readNamed<PackageRow>(reader, search, bind, {
        columns: `p.id, p.name, p.type${search.sort === 'name' ? '' : `, ${NEWEST}`}`,
        total: 'count(*)',
        page: () => page(pageOfFound(search.sort, place, bind)),
        order: search.sort === 'name' ? 'name, type' : 'newest DESC',
      })
    : await readList<PackageRow>(reader, search, 'packages', [
        page(foundPackages(search, place, bind)),
        ...bind.values,
      ])
  return { packages: rows.map(packageOf), ...total }
}

/** @param ids a query for those of a page, and of the newest first also `newest` */
function shownPackages(search: PackageSearch, ids: string, bind: Parameters): string {
  const byName = search.sort === 'name'
  return `
    SELECT p.id AS packageId, p.created_at AS packageCreatedAt, p.versions,
      (SELECT substr(f.metadata ->> '$.description', 1, ${SHOWN_DESCRIPTION})
       FROM package_file f WHERE f.version_id = v.id LIMIT 1) AS description,
      ${byName ? '' : 'x.newest,'} ${VERSION_COLUMNS}
    FROM (${ids}) x
    CROSS JOIN package p ON p.id = x.id
    CROSS JOIN package_version v ON v.id = (${shownIn(search, bind)})
    ORDER BY ${byName ? 'p.name, p.type' : 'x.newest DESC'}`
}

function shownIn({ ownerId, repository }: PackageSearch, bind: Parameters): string {
  if (repository === undefined) return shownVersionOf('p.id')
  const [owner, name] = [bind.add(ownerId), bind.add(repository)]
  const id = `(SELECT id FROM repository WHERE owner_id = ${owner} AND type = p.type AND name = ${name})`
  return `SELECT coalesce((${latestVersionIn('p.id', id)}), (${shownVersionOf('p.id')}))`
}

const NEWEST = '(SELECT max(n.id) FROM package_version n WHERE n.package_id = p.id) AS newest'

function pageOfFound(sort: PackageSearch['sort'], place: ListPlace, bind: Parameters): string {
  return `SELECT * FROM found ORDER BY ${sort === 'name' ? 'name, type' : 'newest DESC'}
    LIMIT ${bind.add(place.limit)} OFFSET ${bind.add(place.offset)}`
}

function foundPackages(search: PackageSearch, place: ListPlace, bind: Parameters): string {
  if (search.sort === 'name') return packagesByName(search, place, bind)
  const newest = newestVersions(search, { limit: MAX_FOUND, offset: 0 }, bind)
  return `SELECT package_id AS id, max(id) AS newest FROM (${newest}) GROUP BY package_id
    ORDER BY newest DESC LIMIT ${bind.add(place.limit)} OFFSET ${bind.add(place.offset)}`
}

/**
 * The versions of the owner's packages, newest first. A search has at most 1,000: those of the packages that had
 * one published last.
 * @throws RegistryError invalid-request for a page behind MAX_OFFSET that follows no version, storage-unavailable
 */
export async function searchVersions(
  reader: Reader,
  search: Search,
): Promise<ListTotal & { readonly versions: readonly FoundVersion[] }> {
  const bind = new Parameters()
  const place = placeOf(search)
  const { rows, ...total } = isNamed(search)
    ? await readNamed<VersionRow>(reader, search, bind, {
        columns: `p.id, p.versions, ${NEWEST}`,
        total: 'sum(versions)',
        page: () => shownVersions(versionsOfFound(place, bind)),
        order: 'id DESC',
      })
    : await readList<VersionRow>(reader, search, 'versions', [
        shownVersions(newestVersions(search, place, bind)),
        ...bind.values,
      ])
  return { versions: rows.map(versionOf), ...total }
}

const shownVersions = (ids: string) => `
  SELECT ${VERSION_COLUMNS} FROM (${ids}) x
  CROSS JOIN package_version v ON v.id = x.id
  CROSS JOIN package p ON p.id = v.package_id
  ORDER BY v.id DESC`

/** What a page shows is among as many packages, and of each among as many versions, as the page reaches. */
function versionsOfFound(place: ListPlace, bind: Parameters): string {
  const reach = bind.add(Math.min(place.limit + place.offset, MAX_FOUND))
  return `SELECT id FROM (
      SELECT v.id FROM (SELECT id FROM found ORDER BY newest DESC LIMIT ${reach}) y
      CROSS JOIN package_version v ON v.package_id = y.id AND v.id IN (
        SELECT n.id FROM package_version n WHERE n.package_id = y.id ORDER BY n.id DESC LIMIT ${reach})
      LIMIT ${MAX_FOUND})
    ORDER BY id DESC LIMIT ${bind.add(place.limit)} OFFSET ${bind.add(place.offset)}`
}

function isNamed<T extends ListFilter>(search: T): search is T & NamedFilter {
  return search.text !== undefined && search.text !== ''
}

type Listed<R> = ListTotal & { readonly rows: readonly R[] }

/** A list without a text has its counts kept. */
async function readList<R>(
  reader: Reader,
  search: Search,
  column: 'packages' | 'versions',
  page: Read,
): Promise<Listed<R>> {
  const bind = new Parameters()
  const sum = `SELECT sum(${column}) AS total FROM package_list WHERE id IN (${listsOf(search, bind)})`
  const [rows, [counted]] = await readAll<[R, { total: number | null }]>(reader, [
    page,
    [sum, ...bind.values],
  ])
  const total = counted?.total ?? 0
  requireReach(search.page, total)
  return { rows, total, more: false }
}

/** Of what a text finds. Queries and expressions on the table `found`. */
interface NamedPage {
  /** Of a package `p`: what the table is to have. */
  readonly columns: string
  readonly total: string
  /** Gives the rows, in an order. */
  readonly page: () => string
  /** The same order, by the columns of the rows. */
  readonly order: string
}

interface CountRow {
  readonly total: number | null
  /** How many names the search would have to look at, up to one more than it does. */
  readonly matches: number
}

/** Page and counts in one statement: what the text finds is looked for once. A page without rows has one of nulls. */
async function readNamed<R extends { readonly id: number }>(
  reader: Reader,
  search: Search & NamedFilter,
  bind: Parameters,
  { columns, total: counted, page, order }: NamedPage,
): Promise<Listed<R>> {
  const { tables, matches } = packagesNamed(search, bind, columns)
  // Where that many are found it is known that there are more.
  const more = `iif((SELECT count(*) FROM found) > ${MAX_FOUND}, ${MAX_FOUND + 1}, ${matches})`
  const counts = `SELECT (SELECT ${counted} FROM found) AS total, ${more} AS matches`
  const sql = `WITH ${tables}
    SELECT c.total AS total, c.matches AS matches, y.* FROM (${counts}) c LEFT JOIN (${page()}) y
    ORDER BY y.${order}`
  type Row = CountRow & (R | { readonly id: null })
  const [found] = await readAll<[Row]>(reader, [[sql, ...bind.values]])
  const [first] = found
  const total = first?.total ?? 0
  requireReach(search.page, total)
  const rows = found.flatMap((row) => (row.id === null ? [] : [row]))
  return {
    rows,
    total: Math.min(total, MAX_FOUND),
    more: Math.max(first?.matches ?? 0, total) > MAX_FOUND,
  }
}

/** What is behind the reach of a page by number is not read. */
export function within({ limit, offset, after }: Page): ListPlace {
  if (after !== undefined) return { limit, offset: 0, after: Number(after) }
  return offset > MAX_OFFSET ? { limit: 0, offset: 0 } : { limit, offset }
}

function placeOf({ page, start }: Search): ListPlace {
  const place = within(page)
  if (start === undefined || page.after !== undefined || start.passed > place.offset) return place
  const { passed, ...behind } = start
  return { limit: place.limit, offset: place.offset - passed, ...behind }
}

/**
 * A page behind the end of a list is empty, and one far within it is refused: it would pass over all before it.
 * @throws RegistryError invalid-request
 */
export function requireReach({ offset, after }: Page, total: number): void {
  if (after !== undefined || offset <= MAX_OFFSET || offset >= total) return
  throw invalidRequest(
    `the page begins behind the first ${MAX_OFFSET} entries: go on with the address that the page before it gives in Link as next, or narrow the list`,
  )
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
  const { type, name, shownName, id, version, shownVersion, createdAt } = row
  return {
    ...{ type, name, shownName, id, version, shownVersion, createdAt },
    architectures: listOf(row.architectures),
    repositories: listOf(row.repositories),
  }
}

function listOf(json: string): readonly string[] {
  return (JSON.parse(json) as string[]).sort()
}

function packageOf(row: PackageRow): FoundPackage {
  const { packageId: id, packageCreatedAt: createdAt, versions, description } = row
  const { type, name, shownName, ...latest } = versionOf(row)
  return { id, type, name, shownName, createdAt, versions, description, latest }
}
