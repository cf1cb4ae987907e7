// Puts the rows of a backup into an empty database. From its beginning to its end the deployment's row
// says so: the sweep deletes nothing, everything else answers 503. Rows come in pages, each one batch;
// one that comes twice does nothing, so that a restore that broke off goes on.
import { isConstraintFailure, query, runBatch, type Statement } from '../database.ts'
import { putMarker } from '../deployment/adopt.ts'
import {
  forgetDeployment,
  freshMarker,
  NAMES_NO_OBJECT,
  readDeployment,
} from '../deployment/marker.ts'
import { invalidRequest, RegistryError } from '../errors.ts'
import { settleWithdrawn } from '../packages/latest.ts'
import { drawCollections, NEW_STATE } from '../packages/state.ts'
import { recountLogs, recountUsage } from '../quota/recount.ts'
import { withPart } from './parts.ts'
import type { Property } from './read.ts'
import { type BackedUpTable, columnsOf, type Row } from './tables.ts'

/**
 * Begins the restore of a backup, or goes on with it.
 * @param backup the id of the backup
 * @param adopt whether a bucket that is not known to be this database's may be taken
 * @throws RegistryError deployment-conflict, storage-unavailable
 */
export async function beginRestore(
  db: D1Database,
  bucket: R2Bucket,
  backup: string,
  adopt: boolean,
): Promise<void> {
  const found = await readDeployment(db, bucket)
  if (found.state === 'restoring' && found.backup === backup) return
  if (found.state === 'mismatched' && !adopt) {
    throw conflict(
      `${found.cause}; if it is the bucket to restore into, whose objects the restored rows name again, say so with --adopt`,
    )
  }
  const own = found.state === 'matched' ? found.marker : undefined
  forgetDeployment()
  const results = await query(() =>
    runBatch<{ marker: string; restoring: string | null }>(db, [
      [BEGIN, own ?? freshMarker(), backup, own === undefined ? 0 : 1],
      ['SELECT marker, restoring FROM deployment WHERE id = 1'],
    ]),
  )
  const row = results[1]?.results[0]
  if (row?.restoring !== backup) throw conflict(await reasonAgainst(db))
  // Not what was drawn here, where an earlier beginning broke off before the object was there.
  if (own === undefined) await putMarker(db, bucket, row.marker)
}

/** Into a database that has neither an owner nor an object, which the same statement sees to. */
const BEGIN = `
  INSERT INTO deployment (id, marker, placed, restoring)
  SELECT 1, ?1, ?3, ?2 WHERE NOT EXISTS (SELECT 1 FROM owner) AND ${NAMES_NO_OBJECT}
  ON CONFLICT (id) DO UPDATE SET marker = excluded.marker, placed = excluded.placed,
    restoring = excluded.restoring
  WHERE deployment.restoring IS NULL`

async function reasonAgainst(db: D1Database): Promise<string> {
  const sql = 'SELECT restoring FROM deployment WHERE id = 1'
  const other = await query(() => db.prepare(sql).first<string>('restoring'))
  return other === null
    ? 'the database is not empty: restore into a new one. A restore that broke off in its last step has ended: npm run check says whether all is good'
    : `another backup, ${other}, is being restored: end that first, or begin with a new database`
}

function conflict(detail: string): RegistryError {
  return new RegistryError({ code: 'deployment-conflict', detail })
}

/**
 * To be called before an object is stored: keys are written once, but for those of a restore.
 * @throws RegistryError deployment-conflict, storage-unavailable
 */
export async function requireRestore(db: D1Database, backup: string): Promise<void> {
  const statement = db.prepare('SELECT restoring FROM deployment WHERE id = 1')
  const found = await query(() => statement.first<string>('restoring'))
  if (found === null || found !== backup) throw conflict('no restore of this backup is under way')
}

/** The statement fails where no restore of this backup is under way. */
function guard(backup: string): Statement {
  return [
    'INSERT INTO expectation (ok) SELECT (SELECT restoring FROM deployment WHERE id = 1) IS ?1',
    backup,
  ]
}

/** D1 takes 2 MB a value. What JSON makes of a text takes a few bytes for one of its characters. */
const VALUE_BYTES = 1_500_000

/**
 * Inserts rows of one table, as many as were read into one page. Rows that are there stay as they are.
 * @throws RegistryError invalid-request for a column that the table does not have, deployment-conflict where no
 *   restore of the backup is under way or a row refers to one that is missing, storage-unavailable
 */
export async function restoreRows(
  db: D1Database,
  backup: string,
  table: BackedUpTable,
  rows: readonly Row[],
): Promise<void> {
  const drawn = rows.map((row) => drawAnew(table, withPart(table, row)))
  const [first] = drawn
  if (first === undefined) return
  const insert = insertInto(table, first)
  // A page is one value, unless that would be too long; then each row is one, and a long one its own values.
  const pages = bytesOf(drawn) <= VALUE_BYTES ? [drawn] : drawn.map((row) => [row])
  const inserts = pages.flatMap((page) => insert(page))
  try {
    await query(() => runGuarded(db, backup, inserts))
  } catch (error) {
    const cause = error instanceof RegistryError ? error.cause : error
    if (!isConstraintFailure(cause)) throw error
    throw isConstraintFailure(cause, 'stale_repository')
      ? conflict('no restore of this backup is under way: begin it first')
      : conflict(`a row of ${table} refers to one that is not there, or breaks a rule of the table`)
  }
}

/** D1 runs 1,000 statements in a request; these are some for each row in the worst case. */
function runGuarded(db: D1Database, backup: string, inserts: readonly Statement[]) {
  return runBatch(db, [guard(backup), ...inserts, ['DELETE FROM expectation']])
}

function bytesOf(rows: readonly Row[]): number {
  return new TextEncoder().encode(JSON.stringify(rows)).length
}

/** What caches are keyed by is another one after a restore: the same id may have meant other rows since. */
function drawAnew(table: BackedUpTable, row: Row): Row {
  return table === 'repository' ? { ...row, head: crypto.randomUUID() } : row
}

/** Columns by which rows of a backup name what they belong to; D1 counted the ids of that. */
const NAMED_BY: Partial<Record<BackedUpTable, readonly string[]>> = {
  package: ['properties'],
  package_version: ['owner_id', 'type', 'package', 'properties'],
  package_tag: ['owner_id', 'type', 'package', 'version'],
  package_file: ['owner_id', 'type', 'package', 'version', 'properties'],
}

function insertInto(
  table: BackedUpTable,
  { ...first }: Row,
): (rows: readonly Row[]) => Statement[] {
  const known = columnsOf(table)
  const names = Object.keys(first)
  const further = NAMED_BY[table] ?? []
  const unknown = names.find((name) => !known.includes(name) && !further.includes(name))
  if (unknown !== undefined) {
    throw invalidRequest(
      `the table ${table} has no column ${unknown}: deploy the version that made the backup, or a later one`,
    )
  }
  // A backup of an earlier version lacks columns that were added since: they get their defaults.
  const columns = known.filter((name) => names.includes(name))
  return (rows) => [insertRows(table, columns, rows), ...insertProperties(table, rows)]
}

/** The rows as one value of JSON, or one row as a value for each of its columns. */
interface Given {
  readonly from: string
  readonly value: (column: string) => string
  readonly parameters: readonly (string | number | null)[]
}

function give(rows: readonly Row[], columns: readonly string[]): Given {
  const [row] = rows
  const json = JSON.stringify(rows)
  if (row === undefined || rows.length > 1 || bytesOf(rows) <= VALUE_BYTES) {
    return {
      from: 'json_each(?1) j',
      value: (column) => `j.value ->> '${column}'`,
      parameters: [json],
    }
  }
  return {
    from: '(SELECT 1) j',
    value: (column) => `?${columns.indexOf(column) + 1}`,
    parameters: columns.map((column) => parameterOf(row[column])),
  }
}

function parameterOf(value: unknown): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

const ITS_PACKAGE = (value: Given['value']) =>
  `CROSS JOIN package p ON p.owner_id = ${value('owner_id')} AND p.type = ${value('type')} AND p.name = ${value('package')}`

const ITS_VERSION = (value: Given['value']) =>
  `${ITS_PACKAGE(value)} CROSS JOIN package_version v ON v.package_id = p.id AND v.version = ${value('version')}`

/** The columns that a restore works out or draws, with their values and where these come from. */
function referenceOf(table: BackedUpTable, value: Given['value']) {
  switch (table) {
    case 'package':
      return { reference: 'state, ', id: `${NEW_STATE}, `, join: '' }
    case 'package_version':
      return { reference: 'package_id, ', id: 'p.id, ', join: ITS_PACKAGE(value) }
    case 'package_tag':
      return { reference: 'package_id, version_id, ', id: 'p.id, v.id, ', join: ITS_VERSION(value) }
    case 'package_file':
      return { reference: 'version_id, ', id: 'v.id, ', join: ITS_VERSION(value) }
    default:
      return { reference: '', id: '', join: '' }
  }
}

function insertRows(
  table: BackedUpTable,
  columns: readonly string[],
  rows: readonly Row[],
): Statement {
  const names = (NAMED_BY[table] ?? []).filter(
    (name) => name !== 'properties' && !columns.includes(name),
  )
  const { from, value, parameters } = give(rows, [...columns, ...names])
  const values = columns.map(value)
  const { reference, id, join } = referenceOf(table, value)
  return [
    `INSERT INTO ${table} (${reference}${columns.join(', ')})
     SELECT ${id}${values.join(', ')} FROM ${from} ${join} WHERE true ON CONFLICT DO NOTHING`,
    ...parameters,
  ]
}

const SUBJECT: Partial<Record<BackedUpTable, readonly [column: string, id: string, join: string]>> =
  {
    package: [
      'package_id',
      'p.id',
      'CROSS JOIN package p ON p.owner_id = j.value ->> 0 AND p.type = j.value ->> 1 AND p.name = j.value ->> 2',
    ],
    package_version: [
      'version_id',
      'v.id',
      `CROSS JOIN package p ON p.owner_id = j.value ->> 0 AND p.type = j.value ->> 1 AND p.name = j.value ->> 2
     CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 3`,
    ],
    package_file: ['file_id', 'j.value ->> 2', ''],
  }

function insertProperties(table: BackedUpTable, rows: readonly Row[]): Statement[] {
  const subject = SUBJECT[table]
  if (subject === undefined) return []
  const [column, id, join] = subject
  const list = rows.flatMap((row) => {
    const names =
      table === 'package'
        ? [row.name, null]
        : table === 'package_version'
          ? [row.package, row.version]
          : [row.id, null]
    // The shape is that of a backup's row; what is no text or number becomes null, which D1 refuses.
    return ((row.properties ?? []) as readonly Property[]).map(([name, value]) => [
      ...[row.owner_id, row.type, ...names, name, value],
    ])
  })
  return inPages(list).map((page) => [
    `INSERT INTO package_property (owner_id, ${column}, name, value)
     SELECT j.value ->> 0, ${id}, j.value ->> 4, j.value ->> 5 FROM json_each(?1) j ${join}
     WHERE true ON CONFLICT DO NOTHING`,
    JSON.stringify(page),
  ])
}

/** Of properties, none of which is long: so many that their JSON is within what D1 takes. */
function inPages<T>(list: readonly T[]): T[][] {
  const pages: T[][] = []
  let length = Number.POSITIVE_INFINITY
  for (const item of list) {
    const own = JSON.stringify(item).length * 3
    if (length + own > VALUE_BYTES) {
      pages.push([])
      length = 0
    }
    pages.at(-1)?.push(item)
    length += own
  }
  return pages
}

const UNDER_WAY = 'EXISTS (SELECT 1 FROM deployment WHERE id = 1 AND restoring = ?1)'

/** The last commit of a repository's log has the id that was drawn for its head. */
const NAME_LAST_COMMITS = `
  UPDATE repository_change SET commit_id = r.head FROM repository r
  WHERE repository_change.repository_id = r.id AND repository_change.revision = r.revision
    AND ${UNDER_WAY}`

/**
 * Ends a restore: from now on the deployment serves, and the sweep runs.
 * @throws RegistryError deployment-conflict where no restore of the backup is under way
 */
export async function completeRestore(db: D1Database, backup: string): Promise<void> {
  const results = await query(() =>
    runBatch<{ restoring: string | null }>(db, [
      [NAME_LAST_COMMITS, backup],
      [recountLogs(UNDER_WAY), backup],
      [recountUsage(UNDER_WAY), backup],
      [drawCollections(UNDER_WAY, '?2'), backup, Date.now()],
      [settleWithdrawn(UNDER_WAY), backup],
      ['UPDATE deployment SET restoring = NULL WHERE restoring = ?1', backup],
      ['SELECT restoring FROM deployment WHERE id = 1'],
    ]),
  )
  const [updated, row] = results.slice(-2)
  forgetDeployment()
  if ((updated?.meta.changes ?? 0) > 0) return
  // Sent again after its answer was lost, it has nothing left to do.
  if (row?.results[0]?.restoring === null) return
  throw conflict('no restore of this backup is under way')
}
