// Packages, versions and files as JSON: the fields of Forgejo's API (modules/structs/package.go) with
// its names and types, and behind them what it lacks. Who published something is not shown.
import type { OwnerRow } from '../core/access/decide.ts'
import { sha256 } from '../core/digests.ts'
import type { PackageFile } from '../core/packages/detail.ts'
import type { FoundVersion } from '../core/packages/search.ts'
import {
  COUNT,
  digestSchema,
  listSchema,
  nullable,
  objectSchema,
  type Schema,
  TEXT,
  TIME,
  withExample,
} from '../http/operation.ts'
import { formatPath, packagePagePath } from '../http/path.ts'
import { packageTypes } from '../types/registration.ts'
import type { PackageType } from '../types/type.ts'
import { formatTime } from './json.ts'
import { repositoryParametersOf, repositoryPath } from './repository-path.ts'

const ID: Schema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

const USER_SCHEMA = objectSchema('PackageOwner', {
  id: ID,
  login: TEXT,
  username: TEXT,
  full_name: TEXT,
  html_url: { type: 'string', format: 'uri' },
  visibility: { type: 'string', enum: ['public', 'private'] },
})

const PACKAGE_FIELDS = objectSchema('Package', {
  id: { ...ID, description: 'Of the version.' },
  owner: USER_SCHEMA,
  repository: {
    type: 'null',
    description: 'A link to a git repository in Forgejo; there are none here.',
  },
  creator: { type: 'null', description: 'Not shown.' },
  type: TEXT,
  name: { ...TEXT, description: 'As its publisher wrote it.' },
  version: TEXT,
  html_url: { type: 'string', format: 'uri' },
  created_at: TIME,
  architectures: { ...listSchema(TEXT), description: 'That it has files for.' },
  repositories: { ...listSchema(TEXT), description: 'Names of the repositories that list it.' },
})

/** Examples are of the first type. */
export const EXAMPLE_TYPE = packageTypes[0]?.type

export const PACKAGE_SCHEMA = withExample(PACKAGE_FIELDS, {
  id: 7,
  owner: {
    ...{ id: 139184, login: 'acme', username: 'acme', full_name: '' },
    ...{ html_url: 'https://packages.example.com/acme', visibility: 'public' },
  },
  ...{ repository: null, creator: null, type: EXAMPLE_TYPE, name: 'hello', version: '1.0.0-r0' },
  html_url: `https://packages.example.com/acme/-/packages/${EXAMPLE_TYPE}/hello/1.0.0-r0`,
  created_at: '2026-11-27T12:00:00.000Z',
  ...{ architectures: ['x86_64'], repositories: ['edge/main'] },
})

function digestOf(length: number): Schema {
  return { ...nullable(digestSchema(length)), description: 'Null where the type takes none.' }
}

const FILE_FIELDS = objectSchema('PackageFile', {
  id: ID,
  size: { ...COUNT, description: 'Bytes.' },
  name: TEXT,
  md5: digestOf(32),
  sha1: digestOf(40),
  sha256: digestSchema(64),
  sha512: digestOf(128),
  architecture: nullable(TEXT),
  branch: nullable(TEXT),
  repository: nullable(TEXT),
  repository_url: { ...nullable({ type: 'string', format: 'uri' }), description: 'In this API.' },
  metadata: {
    ...nullable({ type: 'object' }),
    description:
      'What the type keeps of the file, as its index shows it; null where the files before it on ' +
      'the page have too much already: a page of fewer has it, one of a single file always.',
  },
  created_at: TIME,
})

export const FILE_SCHEMA = withExample(FILE_FIELDS, {
  ...{ id: 4711, size: 12345, name: 'hello-1.0.0-r0.apk' },
  ...{ md5: '0'.repeat(32), sha1: '0'.repeat(40), sha256: '0'.repeat(64), sha512: '0'.repeat(128) },
  ...{ architecture: 'x86_64', branch: 'edge', repository: 'main' },
  repository_url: `https://packages.example.com/api/v1/owners/acme/repositories/${EXAMPLE_TYPE}/edge/main`,
  metadata: { description: 'Says hello' },
  created_at: '2026-11-27T12:00:00.000Z',
})

/** An id of text as the number that Forgejo's clients expect: 48 bits of its digest. */
function numberOf(id: string): number {
  return Number.parseInt(sha256(id).slice(0, 12), 16)
}

export function describeVersion({ origin }: URL, owner: OwnerRow, found: FoundVersion) {
  const { id, type, shownName, shownVersion, createdAt, architectures, repositories } = found
  const { name: login, visibility } = owner
  return {
    id,
    owner: {
      ...{ id: numberOf(owner.id), login, username: login, full_name: '' },
      ...{ html_url: origin + formatPath(login), visibility },
    },
    ...{ repository: null, creator: null },
    ...{ type, name: shownName, version: shownVersion },
    html_url: origin + packagePagePath(login, type, found.name, found.version),
    created_at: formatTime(createdAt),
    ...{ architectures, repositories },
  }
}

export function describeFile(
  { origin }: URL,
  owner: OwnerRow,
  packageType: PackageType,
  file: PackageFile,
) {
  const { size, md5, sha1, sha256, sha512, architecture, repository } = file
  const place = repository === null ? undefined : repositoryParametersOf(packageType, repository)
  return {
    id: numberOf(file.id),
    ...{ size, name: file.shownName, md5, sha1, sha256, sha512 },
    architecture: architecture === '' ? null : architecture,
    branch: place?.branch ?? null,
    repository: place?.repository ?? repository,
    repository_url:
      repository === null
        ? null
        : origin + repositoryPath(owner.name, packageType.type, repository),
    metadata: file.metadata === null ? null : describeMetadata(file.metadata),
    created_at: formatTime(file.createdAt),
  }
}

/** Fields are written as everywhere in this API; what is within them is the type's. */
function describeMetadata(json: string): Readonly<Record<string, unknown>> {
  const fields: Readonly<Record<string, unknown>> = JSON.parse(json)
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [snake(name), value]))
}
