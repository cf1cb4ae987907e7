// /api/v1/deployment/backup: rows for `npm run backup`, page by page.
import {
  isRepositoryTable,
  isWholeTable,
  readFileIds,
  readFilePage,
  readNamedFiles,
  readOfRepository,
  readRepositoryState,
  readTable,
} from '../core/backup/read.ts'
import { invalidRequest, RegistryError } from '../core/errors.ts'
import { quote } from '../formats/format-error.ts'
import type { Call, Endpoint } from '../http/endpoint.ts'
import {
  COUNT,
  jsonContent,
  listSchema,
  nullable,
  objectSchema,
  type Schema,
  TEXT,
  withExample,
} from '../http/operation.ts'
import { readJsonObject } from '../http/request-body.ts'
import { DEPLOYMENT } from './bucket.ts'
import { json, onlyFields } from './json.ts'

const BACKUP = `${DEPLOYMENT}/backup`

const ROW: Schema = { type: 'object', description: 'By the names of columns.' }
const NEXT: Schema = {
  ...nullable(TEXT),
  description: 'The `after` of the next page; null at the end.',
}

const ROWS_SCHEMA = objectSchema('BackupRows', { rows: listSchema(ROW), next: NEXT })
const FILES_SCHEMA = objectSchema('BackupFiles', { files: listSchema(ROW), next: NEXT })
const NAMED_SCHEMA = objectSchema('BackupNamedFiles', {
  files: listSchema(ROW),
  read: { ...COUNT, description: 'How many of the ids this answers, from the first on.' },
})
const STATE_SCHEMA = objectSchema('BackupRepository', {
  repository: nullable(ROW),
  indexes: listSchema(ROW),
  changes: listSchema(ROW),
  files: {
    ...listSchema(ROW),
    description: 'Those that the changes published and that are there.',
  },
  retired: listSchema(ROW),
  complete: { type: 'boolean', description: 'Whether no change follows these.' },
})

const AFTER = { after: { description: 'The `next` of the page before.', schema: TEXT } }
const REPOSITORY = {
  repository: { description: 'The id of a repository; without it what is in none.', schema: TEXT },
}

export const backupEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: `${BACKUP}/tables/:table`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Rows of a table, for a backup',
    operation: {
      id: 'getBackupRows',
      tag: 'deployment',
      path: { table: withExample(TEXT, 'owner') },
      query: { ...AFTER, ...REPOSITORY },
      answers: { 200: { description: 'A page', content: jsonContent(ROWS_SCHEMA) } },
      faults: ['invalid-request', 'not-found'],
    },
    handler: rows,
  },
  {
    method: 'GET',
    path: `${BACKUP}/files`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'Files with their packages, versions and contents, for a backup',
    operation: {
      id: 'getBackupFiles',
      tag: 'deployment',
      query: { ...AFTER, ...REPOSITORY },
      answers: { 200: { description: 'A page', content: jsonContent(FILES_SCHEMA) } },
      faults: ['invalid-request'],
    },
    handler: async ({ env, url }) => {
      const page = await readFilePage(env.DB, url.searchParams.get('repository'), cursorOf(url))
      return json({ files: page.files, next: formatCursor(page.next) })
    },
  },
  {
    method: 'POST',
    path: `${BACKUP}/files`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'The same of files by their ids',
    operation: {
      id: 'getNamedBackupFiles',
      tag: 'deployment',
      body: jsonContent(
        withExample(objectSchema('BackupFileIds', { ids: listSchema(TEXT) }), { ids: [] }),
      ),
      answers: { 200: { description: 'Those that are there', content: jsonContent(NAMED_SCHEMA) } },
      faults: ['invalid-request', 'body-too-large', 'body-timeout'],
    },
    handler: named,
  },
  {
    method: 'GET',
    path: `${BACKUP}/file-ids`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'The ids of the files of no repository',
    operation: {
      id: 'getBackupFileIds',
      tag: 'deployment',
      query: AFTER,
      answers: { 200: { description: 'A page', content: jsonContent(ROWS_SCHEMA) } },
      faults: ['invalid-request'],
    },
    handler: async ({ env, url }) => {
      const page = await readFileIds(env.DB, cursorOf(url))
      return json({ rows: page.rows, next: formatCursor(page.next) })
    },
  },
  {
    method: 'GET',
    path: `${BACKUP}/repositories/:id`,
    access: 'deployment-admin',
    duringRestore: true,
    summary: 'A repository at one instant, with what changed since a change that is known',
    operation: {
      id: 'getBackupRepository',
      tag: 'deployment',
      path: { id: withExample(TEXT, '0123456789abcdef0123456789abcdef') },
      query: AFTER,
      answers: { 200: { description: 'Its state', content: jsonContent(STATE_SCHEMA) } },
      faults: ['invalid-request'],
    },
    handler: async ({ env, params, url }) =>
      json(await readRepositoryState(env.DB, params.id ?? '', cursorOf(url))),
  },
]

async function rows({ env, params, url }: Call): Promise<Response> {
  const { table = '' } = params
  const repository = url.searchParams.get('repository')
  const after = cursorOf(url)
  if (isRepositoryTable(table)) {
    if (repository === null)
      throw invalidRequest(`the rows of ${table} are read by their repository`)
    const page = await readOfRepository(env.DB, table, repository, after)
    return json({ rows: page.rows, next: formatCursor(page.next) })
  }
  if (!isWholeTable(table)) {
    throw new RegistryError({ code: 'not-found', detail: `no table to back up: ${quote(table)}` })
  }
  const page = await readTable(env.DB, table, after)
  return json({ rows: page.rows, next: formatCursor(page.next) })
}

async function named(call: Call): Promise<Response> {
  const body = await readJsonObject(call)
  onlyFields(body, ['ids'])
  const { ids } = body
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) {
    throw invalidRequest('ids must be a list of the ids of files')
  }
  return json(await readNamedFiles(call.env.DB, ids))
}

/** @throws RegistryError invalid-request */
function cursorOf(url: URL): readonly string[] {
  const text = url.searchParams.get('after')
  if (text === null) return []
  try {
    const parts: unknown = JSON.parse(text)
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string')) return parts
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw invalidRequest('after is not the next of a page')
}

function formatCursor(next: readonly string[] | null): string | null {
  return next === null ? null : JSON.stringify(next)
}
