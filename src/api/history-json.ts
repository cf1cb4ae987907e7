// An entry of a history as JSON.
import type { HistoryEntry } from '../core/packages/history.ts'
import { versionPageOf } from '../http/history.ts'
import { nullable, objectSchema, TEXT, TIME, withExample } from '../http/operation.ts'
import { formatTime } from './json.ts'
import { EXAMPLE_TYPE } from './package-json.ts'

export const ENTRY_SCHEMA = withExample(
  objectSchema(
    'HistoryEntry',
    {
      id: TEXT,
      op: { type: 'string', enum: ['publish', 'remove', 'reindex'] },
      type: TEXT,
      repository: { ...nullable(TEXT), description: 'Null of files that are in none.' },
      package: {
        ...nullable(TEXT),
        description:
          'Null where the file is gone from its repository, whose log has its name alone.',
      },
      version: { ...nullable(TEXT), description: 'Likewise.' },
      file_name: { ...nullable(TEXT), description: 'Null of a re-indexing.' },
      architecture: nullable(TEXT),
      html_url: {
        ...nullable({ type: 'string', format: 'uri' }),
        description: 'The page of the version, as long as the file is there.',
      },
      created_at: TIME,
      token: {
        ...objectSchema('HistoryToken', {
          id: { ...TEXT, description: 'Of the access token; `admin`; empty of a re-indexing.' },
          name: { ...nullable(TEXT), description: 'Null where the token is deleted.' },
        }),
        description: "In answers to the owner's admins and the deployment admin.",
      },
    },
    [
      ...['id', 'op', 'type', 'repository', 'package', 'version', 'file_name', 'architecture'],
      ...['html_url', 'created_at'],
    ],
  ),
  {
    ...{ id: '019ac5d2-7c00-7000-8000-000000000000', op: 'publish', type: EXAMPLE_TYPE },
    ...{ repository: 'edge/main', package: 'hello', version: '1.0.0-r0' },
    ...{ file_name: 'hello-1.0.0-r0.apk', architecture: 'x86_64' },
    html_url: `https://packages.example.com/acme/-/packages/${EXAMPLE_TYPE}/hello/1.0.0-r0`,
    created_at: '2026-11-27T12:00:00.000Z',
  },
)

/** @param manages whether the token is shown */
export function describeEntry(
  { origin }: URL,
  ownerName: string,
  entry: HistoryEntry,
  manages: boolean,
) {
  const { id, op, type, repository, packageName, version, fileName, architecture, at } = entry
  const page = versionPageOf(ownerName, entry)
  return {
    ...{ id, op, type, repository, package: packageName, version },
    ...{ file_name: fileName || null, architecture: architecture || null },
    html_url: page === undefined ? null : origin + page,
    created_at: formatTime(at),
    ...(manages ? { token: { id: entry.by, name: entry.tokenName } } : {}),
  }
}
