// /api/v1/deployment/restore: rows from `npm run restore`, into an empty deployment.
import { beginRestore, completeRestore, restoreRows } from '../core/backup/restore.ts'
import { type BackedUpTable, type Row, TABLES } from '../core/backup/tables.ts'
import { invalidRequest } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'
import type { Call, Endpoint } from '../http/endpoint.ts'
import { jsonContent, listSchema, NO_CONTENT, objectSchema, TEXT } from '../http/operation.ts'
import { readJsonObject } from '../http/request-body.ts'
import { findPackageType } from '../types/registration.ts'
import { DEPLOYMENT } from './bucket.ts'
import { onlyFields } from './json.ts'

const RESTORE = `${DEPLOYMENT}/restore`

/** One row can have a value of 2 MB, of which JSON may make a multiple. */
const ROWS_LIMITS = { bodyBytes: 16 * 1024 * 1024, stallMs: 60_000, totalMs: 5 * 60_000 }

const FAULTS = ['invalid-request', 'deployment-conflict', 'body-too-large', 'body-timeout'] as const

export const restoreEndpoints: readonly Endpoint[] = [
  {
    method: 'POST',
    path: RESTORE,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Begin the restore of a backup, or go on with it',
    operation: {
      id: 'beginRestore',
      tag: 'deployment',
      description:
        'The database must be empty. Until the restore is complete nothing is swept, and everything else answers 503. With `adopt` the bucket may be one that is not known to be this database’s.',
      body: jsonContent(
        objectSchema('RestoreBeginning', { backup: TEXT, adopt: { type: 'boolean' } }, ['backup']),
      ),
      answers: { 204: NO_CONTENT },
      faults: FAULTS,
    },
    handler: async (call) => {
      const { adopt = false, ...body } = await readBody(call, ['backup', 'adopt'])
      if (typeof adopt !== 'boolean') throw invalidRequest('adopt must be true or false')
      await beginRestore(call.env.DB, call.env.BLOBS, backupOf(body), adopt)
      return done()
    },
  },
  {
    method: 'POST',
    path: `${RESTORE}/rows`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Insert rows of a backup; rows that exist already stay as they are',
    operation: {
      id: 'restoreRows',
      tag: 'deployment',
      body: jsonContent(
        objectSchema('RestoredRows', {
          backup: TEXT,
          table: { type: 'string', enum: TABLES },
          rows: listSchema({ type: 'object' }),
        }),
      ),
      answers: { 204: NO_CONTENT },
      faults: FAULTS,
    },
    handler: async (call) => {
      const body = await readBody(call, ['backup', 'table', 'rows'])
      const table = tableOf(body.table)
      const rows = withOrder(table, rowsOf(body.rows))
      await restoreRows(call.env.DB, backupOf(body), table, rows)
      return done()
    },
  },
  {
    method: 'POST',
    path: `${RESTORE}/complete`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'End a restore: the deployment serves from now on',
    operation: {
      id: 'completeRestore',
      tag: 'deployment',
      body: jsonContent(objectSchema('RestoreEnd', { backup: TEXT })),
      answers: { 204: NO_CONTENT },
      faults: FAULTS,
    },
    handler: async (call) => {
      await completeRestore(call.env.DB, backupOf(await readBody(call, ['backup'])))
      return done()
    },
  },
]

async function readBody(call: Call, fields: readonly string[]) {
  const body = await readJsonObject(call, ROWS_LIMITS)
  onlyFields(body, fields)
  return body
}

function done(): Response {
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}

function backupOf({ backup }: Readonly<Record<string, unknown>>): string {
  if (typeof backup === 'string' && /^[\w-]{1,100}$/.test(backup)) return backup
  throw invalidRequest('backup must be the id of a backup: 1 to 100 letters, digits, _ and -')
}

function tableOf(table: unknown): BackedUpTable {
  const known = TABLES.find((name) => name === table)
  if (known !== undefined) return known
  throw invalidRequest(`table ${quote(String(table))} is in no backup: use ${TABLES.join(', ')}`)
}

function rowsOf(rows: unknown): readonly Row[] {
  const isRow = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row)
  if (Array.isArray(rows) && rows.every(isRow)) return rows
  throw invalidRequest('rows must be a list of objects')
}

/** A backup from before there were order keys lacks them: the types say them. */
function withOrder(table: BackedUpTable, rows: readonly Row[]): readonly Row[] {
  if (table !== 'package_version' || rows.every((row) => row.order_key !== undefined)) return rows
  return rows.map((row) => {
    const order = findPackageType(String(row.type))?.versionOrder?.(String(row.version))
    return { ...row, order_key: order?.key ?? '', prerelease: Number(order?.prerelease ?? false) }
  })
}
