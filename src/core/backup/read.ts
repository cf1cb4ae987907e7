// Reads rows for a backup, in pages that each are one short statement or batch: nothing waits for them.
// A repository is read while it changes; its change log then says which of its files to read once more,
// until a batch has both the end of the log and the repository's row.
import { query, runBatch, type Statement } from '../database.ts'
import { type BackedUpTable, columnsOf, type Row } from './tables.ts'

export interface RowPage {
  readonly rows: readonly Row[]
  /** Where to go on; null at the end. */
  readonly next: readonly string[] | null
}

interface WholeTableOrder {
  readonly keys: readonly string[]
  readonly page: number
  /** Whether the first of the keys is a number: compared as the text that it came as, none would lie behind another. */
  readonly numbered?: true
}

/** Tables that are read from one end to the other, by what orders them, so many rows at a time. */
const WHOLE = {
  owner: { keys: ['id'], page: 50 },
  access_token: { keys: ['id'], page: 50 },
  ended_session: { keys: ['id'], page: 50 },
  repository: { keys: ['id'], page: 50 },
  package_tag: { keys: ['package_id', 'name'], page: 1000, numbered: true },
  // Some 64 KiB each at most.
  package_readme: { keys: ['file_id'], page: 15 },
  // A value of a mark has some kilobytes at most.
  package_mark: { keys: ['file_id', 'name'], page: 200 },
  retired_version: {
    keys: ['owner_id', 'type', 'package_name', 'version', 'composite_key', 'file_name'],
    page: 1000,
  },
  removed_file: { keys: ['id'], page: 1000, numbered: true },
} as const satisfies Readonly<Record<string, WholeTableOrder>>

export type WholeTable = keyof typeof WHOLE

export function isWholeTable(name: string): name is WholeTable {
  return Object.hasOwn(WHOLE, name)
}

/** Tables that are read for one repository, by what orders their rows within it. */
const OF_REPOSITORY = {
  retired_file: ['name', 'part'],
  repository_change: ['revision', 'change_id'],
} as const

export type RepositoryTable = keyof typeof OF_REPOSITORY

export function isRepositoryTable(name: string): name is RepositoryTable {
  return Object.hasOwn(OF_REPOSITORY, name)
}

const SMALL_PAGE_ROWS = 1000

/** What names a tag's package and version, of which D1 counted the ids; by these the tags are ordered. */
const TAGS = `(SELECT t.package_id, t.name, t.falls_back, p.owner_id, p.type, p.name AS package, v.version
  FROM package_tag t CROSS JOIN package p ON p.id = t.package_id
  CROSS JOIN package_version v ON v.id = t.version_id)`

/** @throws RegistryError storage-unavailable */
export async function readTable(
  db: D1Database,
  table: WholeTable,
  after: readonly string[],
): Promise<RowPage> {
  const { keys, page, numbered }: WholeTableOrder = WHOLE[table]
  const tags = table === 'package_tag'
  const columns = tags ? '*' : columnsOf(table).join(', ')
  const places = keys.map((_, at) => `?${at + 1}`).join(', ')
  const sql = `
    SELECT ${columns} FROM ${tags ? TAGS : table}
    WHERE (${keys.join(', ')}) > (${places}) ORDER BY ${keys.join(', ')} LIMIT ${page}`
  const from = keys.map((_, at) =>
    numbered && at === 0 ? Number(after[at] ?? 0) : (after[at] ?? ''),
  )
  const { rows, next } = pageOf(await readRows(db, [sql, ...from]), keys, page)
  return { rows: tags ? rows.map(({ package_id: _, ...row }) => row) : rows, next }
}

/** @throws RegistryError storage-unavailable */
export async function readOfRepository(
  db: D1Database,
  table: RepositoryTable,
  repositoryId: string,
  [first = '', second = '']: readonly string[],
): Promise<RowPage> {
  const keys = OF_REPOSITORY[table]
  const [one, two] = keys
  // A revision is a number: compared as the text that it came as, none would lie behind another.
  const from = table === 'repository_change' ? Number(first) : first
  const sql = `
    SELECT ${columnsOf(table).join(', ')} FROM ${table}
    WHERE repository_id = ?1 AND (${one}, ${two}) > (?2, ?3)
    ORDER BY ${one}, ${two} LIMIT ${SMALL_PAGE_ROWS}`
  const rows = await readRows(db, [sql, repositoryId, from, second])
  return pageOf(rows, keys, SMALL_PAGE_ROWS)
}

function pageOf(rows: readonly Row[], keys: readonly string[], full: number): RowPage {
  const last = rows.length < full ? undefined : rows.at(-1)
  return { rows, next: last === undefined ? null : keys.map((key) => String(last[key])) }
}

async function readRows(db: D1Database, [sql, ...parameters]: Statement): Promise<readonly Row[]> {
  const { results } = await query(() =>
    db
      .prepare(sql)
      .bind(...parameters)
      .all<Row>(),
  )
  return results
}

/** A file with all that it needs: rows of several tables, by their names. */
export interface FileRecord {
  readonly package_file: Row
  readonly package_version: Row
  readonly package: Row
  readonly package_blob: Row
  /** Names and values of the properties of the package, of the version and of the file. */
  readonly properties: Readonly<Record<'package' | 'version' | 'file', readonly Property[]>>
}

export type Property = readonly [name: string, value: string]

const PARTS = {
  package_file: 'f',
  package_version: 'v',
  package: 'p',
  package_blob: 'b',
} as const satisfies Partial<Record<BackedUpTable, string>>

const PROPERTIES = {
  package: 'q.package_id = p.id',
  version: 'q.version_id = v.id',
  file: 'q.file_id = f.id',
}

const propertyColumns = Object.entries(PROPERTIES).map(
  ([of, is]) => `
    (SELECT json_group_array(json_array(name, value)) FROM (
       SELECT name, value FROM package_property q WHERE ${is} ORDER BY name, value)) AS "properties.${of}"`,
)

const rowColumns = Object.entries(PARTS).flatMap(([table, alias]) =>
  columnsOf(table as keyof typeof PARTS).map(
    (column) => `${alias}.${column} AS "${table}.${column}"`,
  ),
)

/** @param ids a table expression whose `id` are those of files */
function selectFiles(ids: string): string {
  return `
    SELECT ${[...rowColumns, ...propertyColumns].join(', ')}
    FROM (${ids}) page
    CROSS JOIN package_file f ON f.id = page.id
    CROSS JOIN package_version v ON v.id = f.version_id
    CROSS JOIN package p ON p.id = v.package_id
    CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256`
}

/** A page has about so many bytes of rows, and one row more. */
const PAGE_BYTES = 1_000_000
const PAGE_FILES = 500

/** Properties repeat what metadata has. The plain columns and the row of the blob have some hundreds. */
const COST = '2 * octet_length(metadata) + 1000'

function costOf(metadata: unknown): number {
  return 2 * Buffer.byteLength(String(metadata)) + 1000
}

const FILES = `
  ${selectFiles(`
    SELECT id FROM (
      SELECT id, sum(cost) OVER (ORDER BY part, id) - cost AS before FROM (
        SELECT id, part, ${COST} AS cost FROM package_file
        WHERE repository_id IS ?1 AND (part, id) > (?2, ?3)
        ORDER BY part, id LIMIT ${PAGE_FILES}))
    WHERE before < ${PAGE_BYTES}`)}
  ORDER BY f.part, f.id`

export interface FilePage {
  readonly files: readonly FileRecord[]
  readonly next: readonly string[] | null
}

/**
 * Files of a repository, or of none, by part and id.
 * @throws RegistryError storage-unavailable
 */
export async function readFilePage(
  db: D1Database,
  repositoryId: string | null,
  [part = '', id = '']: readonly string[],
): Promise<FilePage> {
  const rows = await readRows(db, [FILES, repositoryId, part, id])
  const files = rows.map(recordOf)
  const bytes = files.reduce((sum, { package_file: { metadata } }) => sum + costOf(metadata), 0)
  const full = files.length === PAGE_FILES || bytes >= PAGE_BYTES
  // A page that is not full is the last: who goes on until nothing comes reads what is published meanwhile.
  const last = full ? files.at(-1)?.package_file : undefined
  return { files, next: last === undefined ? null : [String(last.part), String(last.id)] }
}

const PAGE_IDS = 5000

/** The ids of the files of no repository, which have no log that says what changed. */
export async function readFileIds(
  db: D1Database,
  [part = '', id = '']: readonly string[],
): Promise<RowPage> {
  const sql = `
    SELECT part, id FROM package_file
    WHERE repository_id IS NULL AND (part, id) > (?1, ?2)
    ORDER BY part, id LIMIT ${PAGE_IDS}`
  const rows = await readRows(db, [sql, part, id])
  return pageOf(rows, ['part', 'id'], PAGE_IDS)
}

/** Of the ids, a beginning whose files make a page: at least one. */
const NAMED_FILES = selectFiles(`
  SELECT id FROM (
    SELECT f.id, sum(${COST}) OVER (ORDER BY j.key) - (${COST}) AS before
    FROM json_each(?1) j CROSS JOIN package_file f ON f.id = j.value)
  WHERE before < ${PAGE_BYTES}`)

export interface NamedFiles {
  readonly files: readonly FileRecord[]
  /** How many of the ids were looked at, from the first on. */
  readonly read: number
}

/** Those of the ids that are there still. */
export async function readNamedFiles(db: D1Database, ids: readonly string[]): Promise<NamedFiles> {
  const files = (await readRows(db, [NAMED_FILES, JSON.stringify(ids)])).map(recordOf)
  const found = new Set(files.map((file) => file.package_file.id))
  const last = ids.findLastIndex((id) => found.has(id))
  // Those behind the last one found are gone, or did not fit: they are asked for once more.
  return { files, read: last < 0 ? ids.length : last + 1 }
}

/** A repository at one instant, and what was committed to it since an earlier one. */
export interface RepositoryState {
  /** Null when there is no such repository any more. */
  readonly repository: Row | null
  readonly indexes: readonly Row[]
  readonly changes: readonly Row[]
  /** The files that these changes published, as far as they are there still. */
  readonly files: readonly FileRecord[]
  /** The names that these changes took for good. */
  readonly retired: readonly Row[]
  /** Whether no change follows these. */
  readonly complete: boolean
}

const PAGE_CHANGES = 200

/** The changes after ?2 and ?3, as many as make a page. */
const SINCE = `
  SELECT revision, change_id, file_id, file_name FROM (
    SELECT c.revision, c.change_id, c.file_id, c.file_name,
      sum(coalesce(${COST}, 0)) OVER (ORDER BY c.revision, c.change_id) - coalesce(${COST}, 0) AS before
    FROM (
      SELECT * FROM repository_change
      WHERE repository_id = ?1 AND (revision, change_id) > (?2, ?3)
      ORDER BY revision, change_id LIMIT ${PAGE_CHANGES}) c
    LEFT JOIN package_file f ON f.id = c.file_id)
  WHERE before < ${PAGE_BYTES}`

/** Whether there are more changes after ?2 and ?3 than a page can have, or how many. */
const COUNT_SINCE = `
  SELECT count(*) AS count FROM (
    SELECT 1 FROM repository_change
    WHERE repository_id = ?1 AND (revision, change_id) > (?2, ?3) LIMIT ${PAGE_CHANGES + 1})`

/**
 * One batch, so that all of it is of one instant.
 * @param since revision and id of the last change that is known
 * @throws RegistryError storage-unavailable
 */
export async function readRepositoryState(
  db: D1Database,
  repositoryId: string,
  [revision = '0', changeId = '']: readonly string[],
): Promise<RepositoryState> {
  const columns = (table: BackedUpTable) => columnsOf(table).join(', ')
  const since = [repositoryId, Number(revision), changeId] as const
  const statements: Statement[] = [
    [`SELECT ${columns('repository')} FROM repository WHERE id = ?1`, repositoryId],
    [
      `SELECT ${columns('repository_index')} FROM repository_index WHERE repository_id = ?1 ORDER BY path`,
      repositoryId,
    ],
    [
      `SELECT ${columns('repository_change')} FROM repository_change
       WHERE change_id IN (SELECT change_id FROM (${SINCE})) ORDER BY revision, change_id`,
      ...since,
    ],
    [selectFiles(`SELECT DISTINCT file_id AS id FROM (${SINCE})`), ...since],
    [
      `SELECT ${columns('retired_file')} FROM retired_file
       WHERE repository_id = ?1 AND name IN (SELECT file_name FROM (${SINCE}))`,
      ...since,
    ],
    [COUNT_SINCE, ...since],
  ]
  const results = await query(() => runBatch<Row>(db, statements))
  const [[repository] = [], indexes = [], changes = [], files = [], retired = [], [count] = []] =
    results.map((result) => result.results)
  return {
    repository: repository ?? null,
    indexes,
    changes,
    files: files.map(recordOf),
    retired,
    complete: repository === undefined || changes.length === count?.count,
  }
}

function recordOf(row: Row): FileRecord {
  const parts: Record<string, Record<string, unknown>> = {}
  for (const [name, value] of Object.entries(row)) {
    const [table = '', column = ''] = name.split('.')
    const cell: unknown = table === 'properties' ? JSON.parse(String(value)) : value
    parts[table] = { ...parts[table], [column]: cell }
  }
  // The statement has a column for each member.
  return parts as unknown as FileRecord
}
