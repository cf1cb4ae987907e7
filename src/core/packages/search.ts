// Lists of an owner's packages and of their versions, page by page. What a page reads is bounded, whatever the
// owner has: see lists.ts.
import { invalidRequest } from '../errors.ts'
import type { Page } from '../owners.ts'
import { latestVersionIn, shownVersionOf } from './latest.ts'
import type { Start } from './list-starts.ts'
import {
  countNewest,
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
  packagesNewest,
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
  /** `after` is a `packageAfter`, of a list by name without a text alone. */
  readonly page: Page
}

/** The place of a package in a list by name, as a page may follow it. */
export function packageAfter({ type, name }: Pick<PackageName, 'type' | 'name'>): string {
  return `${type} ${name}`
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
  /** Sorted; those of the first 100 files. Of a search in a repository those that the repository has. */
  readonly architectures: readonly string[]
  /** Names of the repositories that list it, likewise. */
  readonly repositories: readonly string[]
}

interface PlacesWithSize extends VersionPlaces {
  /** Bytes of the files whose architectures are named; null of a search in no repository. */
  readonly size: number | null
}

export interface FoundPackage extends PackageName {
  readonly id: number
  /** Unix milliseconds. */
  readonly createdAt: number
  /** How many it has; of a search in a repository how many the repository has. */
  readonly versions: number
  /** Of the version below, where its type keeps one; cut. */
  readonly description: string | null
  /**
   * The version that people are shown (latest.ts): by the order of its type, not by time. Of a search in a
   * repository the one that its clients install.
   */
  readonly latest: VersionName & PlacesWithSize
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

/** A list of packages may end before all of them: the newest first are those of the versions published last. */
export interface PackageTotal extends ListTotal {
  /** How many packages the pages of the list have together. */
  readonly listed: number
}

/**
 * The owner's packages, each with the version that people are shown. The newest are those of the 1,000 versions
 * that were published last.
 * @throws RegistryError invalid-request for a page behind MAX_OFFSET that follows no package, storage-unavailable
 */
export async function searchPackages(
  reader: Reader,
  search: PackageSearch,
): Promise<PackageTotal & { readonly packages: readonly FoundPackage[] }> {
  const bind = new Parameters()
  const place = placeByName(search)
  const page = (ids: string) => shownPackages(search, ids, bind)
  const { rows, ...total } = isNamed(search)
    ? await readNamed<PackageRow>(reader, search, bind, {
        columns: `p.id, p.name, p.type${search.sort === 'name' ? '' : `, ${NEWEST}`}`,
        total: 'count(*)',
        page: () => page(pageOfFound(search.sort, place, bind)),
        order: search.sort === 'name' ? 'name, type' : 'newest DESC',
      })
    : await readList<PackageRow>(
        reader,
        search,
        'packages',
        [page(foundPackages(search, place, bind)), ...bind.values],
        search.sort === 'newest' ? countNewest : undefined,
      )
  const listed = Math.min(total.total, total.listed ?? total.total)
  return { packages: rows.map(packageOf), ...total, listed }
}

/** @param ids a query for those of a page, and of the newest first also `newest` */
function shownPackages(search: PackageSearch, ids: string, bind: Parameters): string {
  const byName = search.sort === 'name'
  const repository = repositoryIn(search, 'p.type', bind)
  const versions = repository === undefined ? 'p.versions' : versionsIn(repository)
  return `
    SELECT p.id AS packageId, p.created_at AS packageCreatedAt, ${versions} AS versions,
      (SELECT substr(f.metadata ->> '$.description', 1, ${SHOWN_DESCRIPTION})
       FROM package_file f WHERE f.version_id = v.id LIMIT 1) AS description,
      ${byName ? '' : 'page.newest,'} ${versionColumns(repository)}
    FROM (${ids}) page
    CROSS JOIN package p ON p.id = page.id
    CROSS JOIN package_version v ON v.id = (${shownIn(repository)})
    ORDER BY ${byName ? 'p.name, p.type' : 'page.newest DESC'}`
}

/** A query for the id of the repository that a search is about, of a type. @param type in SQL */
function repositoryIn({ ownerId, repository }: ListFilter, type: string, bind: Parameters) {
  if (repository === undefined) return undefined
  const [owner, name] = [bind.add(ownerId), bind.add(repository)]
  return `(SELECT id FROM repository WHERE owner_id = ${owner} AND type = ${type} AND name = ${name})`
}

/** How many versions of a package `p` a repository has. */
function versionsIn(repository: string): string {
  return `(SELECT m.versions FROM package_list l CROSS JOIN listed_package m
    ON m.list_id = l.id AND m.name = p.name AND m.package_id = p.id WHERE l.key = ${repository})`
}

function shownIn(repository: string | undefined): string {
  const shown = shownVersionOf('p.id')
  if (repository === undefined) return shown
  return `SELECT coalesce((${latestVersionIn('p.id', repository)}), (${shown}))`
}

const NEWEST = '(SELECT max(n.id) FROM package_version n WHERE n.package_id = p.id) AS newest'

function pageOfFound(sort: PackageSearch['sort'], place: ListPlace, bind: Parameters): string {
  return `SELECT * FROM found ORDER BY ${sort === 'name' ? 'name, type' : 'newest DESC'}
    LIMIT ${bind.add(place.limit)} OFFSET ${bind.add(place.offset)}`
}

function foundPackages(search: PackageSearch, place: ListPlace, bind: Parameters): string {
  const list = search.sort === 'name' ? packagesByName : packagesNewest
  return list(search, place, bind)
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
        columns: `p.id, p.type, ${versionsOf(search, bind)} AS versions, ${NEWEST}`,
        total: 'sum(versions)',
        page: () => shownVersions(versionsOfFound(search, place, bind)),
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

function versionsOf(search: Search, bind: Parameters): string {
  const repository = repositoryIn(search, 'p.type', bind)
  return repository === undefined ? 'p.versions' : versionsIn(repository)
}

/**
 * What a page shows is among as many packages, and of each among as many versions, as the page reaches. Of a
 * repository the highest versions of each package are looked at, since the repository has them in that order.
 */
function versionsOfFound(search: Search, place: ListPlace, bind: Parameters): string {
  const reach = bind.add(Math.min(place.limit + place.offset, MAX_FOUND))
  const repository = repositoryIn(search, 'y.type', bind)
  const versions =
    repository === undefined
      ? `SELECT n.id FROM package_version n WHERE n.package_id = y.id ORDER BY n.id DESC LIMIT ${reach}`
      : `SELECT i.version_id FROM repository_version i
         WHERE i.package_id = y.id AND i.list_id = (SELECT id FROM package_list WHERE key = ${repository})
         ORDER BY i.standing DESC, i.order_key DESC LIMIT ${MAX_FOUND}`
  return `SELECT id FROM (
      SELECT v.id FROM (SELECT id, type FROM found ORDER BY newest DESC LIMIT ${reach}) y
      CROSS JOIN package_version v ON v.package_id = y.id AND v.id IN (${versions})
      LIMIT ${MAX_FOUND})
    ORDER BY id DESC LIMIT ${bind.add(place.limit)} OFFSET ${bind.add(place.offset)}`
}

function isNamed<T extends ListFilter>(search: T): search is T & NamedFilter {
  return search.text !== undefined && search.text !== ''
}

interface Listed<R> extends ListTotal {
  readonly rows: readonly R[]
  /** How many are on all pages of a list that ends before all of them. */
  readonly listed?: number | null | undefined
}

interface KeptCount {
  readonly total: number | null
  readonly listed: number | null
}

/** A list without a text has its counts kept. @param countListed of a list that ends before all of them */
async function readList<R>(
  reader: Reader,
  search: Search,
  column: 'packages' | 'versions',
  page: Read,
  countListed?: (filter: ListFilter, bind: Parameters) => string,
): Promise<Listed<R>> {
  const bind = new Parameters()
  const sum = `SELECT sum(${column}) FROM package_list WHERE id IN (${listsOf(search, bind)})`
  const listed = countListed === undefined ? 'NULL' : `(${countListed(search, bind)})`
  const [rows, [counted]] = await readAll<[R, KeptCount]>(reader, [
    page,
    [`SELECT (${sum}) AS total, ${listed} AS listed`, ...bind.values],
  ])
  const total = counted?.total ?? 0
  requireReach(search.page, total)
  return { rows, total, more: false, listed: counted?.listed }
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

/** Likewise in a list of packages, of which a page follows a package. */
function placeByName(search: PackageSearch): ListPlace {
  const { after, limit } = search.page
  if (after === undefined) return placeOf(search)
  const end = after.indexOf(' ')
  const [type, name] = [after.slice(0, Math.max(end, 0)), after.slice(end + 1)]
  return { limit, offset: 0, afterName: [name, type] }
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

/** A version of more files is described by these. */
const DESCRIBED_FILES = 100
/** Likewise of a repository, whose files may come behind those of others. */
const LOOKED_AT = 400

/**
 * Of a package `p` and its version `v`.
 * @param repository a query for the id of the repository whose files alone are looked at
 */
function versionColumns(repository?: string): string {
  const [members, size, limit] =
    repository === undefined
      ? ['', 'NULL', DESCRIBED_FILES]
      : [
          `CROSS JOIN package_blob b ON b.sha256 = described.blob_sha256
           WHERE described.repository_id = ${repository}`,
          'sum(b.size)',
          LOOKED_AT,
        ]
  return `
  p.type, p.name, coalesce(p.display_name, p.name) AS shownName,
  v.id, v.version, coalesce(v.display_version, v.version) AS shownVersion,
  v.created_at AS createdAt,
  (SELECT json_object('architectures', json_group_array(DISTINCT described.architecture),
     'repositories', json_group_array(DISTINCT coalesce(r.name, '')), 'size', ${size})
   FROM (SELECT architecture, repository_id, blob_sha256 FROM package_file
     WHERE version_id = v.id LIMIT ${limit}) described
   LEFT JOIN repository r ON r.id = described.repository_id ${members}) AS places`
}

export const VERSION_COLUMNS = versionColumns()

export interface VersionRow extends PackageName, VersionName {
  /** JSON. */
  readonly places: string
}

interface PackageRow extends VersionRow {
  readonly packageId: number
  readonly packageCreatedAt: number
  readonly versions: number
  readonly description: string | null
}

export function versionOf(row: VersionRow): FoundVersion {
  const { type, name, shownName, id, version, shownVersion, createdAt } = row
  const { architectures, repositories } = placesOf(row)
  return {
    ...{ type, name, shownName, id, version, shownVersion, createdAt },
    ...{ architectures, repositories },
  }
}

/** An empty name stands for none. */
function placesOf({ places }: VersionRow): PlacesWithSize {
  const { architectures, repositories, size } = JSON.parse(places) as PlacesWithSize
  const sorted = (names: readonly string[]) => names.filter((name) => name !== '').sort()
  return { architectures: sorted(architectures), repositories: sorted(repositories), size }
}

function packageOf(row: PackageRow): FoundPackage {
  const { packageId: id, packageCreatedAt: createdAt, versions, description } = row
  const { type, name, shownName, ...latest } = versionOf(row)
  const { size } = placesOf(row)
  return {
    id,
    type,
    name,
    shownName,
    createdAt,
    versions,
    description,
    latest: { ...latest, size },
  }
}
