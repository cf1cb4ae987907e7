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
} from '../http/operation.ts'
import { formatPath, packagePagePath } from '../http/path.ts'
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

export const PACKAGE_SCHEMA = objectSchema('Package', {
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

function digestOf(length: number): Schema {
  return { ...nullable(digestSchema(length)), description: 'Null where the type takes none.' }
}

export const FILE_SCHEMA = objectSchema('PackageFile', {
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
