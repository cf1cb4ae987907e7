// What a history is about: a repository of a type with an index, or the collection of a type without. The same is
// promised of both.
import type { ResourceQuery } from '../../../../src/core/access/resource-query.ts'
import type { Statement } from '../../../../src/core/database.ts'
import { DATABASE_NOW } from '../../../../src/core/near/resting.ts'
import { nearVersionFile } from '../../../../src/core/packages/file-row.ts'
import { drawCollections, NEW_STATE } from '../../../../src/core/packages/state.ts'
import {
  collectionThroughBatches,
  collectionThroughWorker,
  FILE_NAME,
  findCollectionFile,
  GENERIC,
} from './collection-routes.ts'
import {
  type FileKey,
  findFile,
  REPOSITORY,
  type Route,
  TYPE,
  throughCommits,
  throughWorker,
} from './routes.ts'

export interface Kind {
  readonly title: string
  readonly type: string
  /** Undefined for a collection. */
  readonly repository: string | undefined
  /** Under which a name can be, in each once; where `noarch` is one of them, it is in all others too. */
  readonly parts: readonly string[]
  /** The row of a file as the statement of a request finds it. */
  readonly findFile: (key: FileKey) => ResourceQuery
  /** By what places remember it. */
  readonly pathOf: (key: FileKey) => string | undefined
  /** Through HTTP. What changes take for the bound is that of the bindings. */
  readonly throughWorker: (ownerName: string) => Route
  /** Without it. @param bound milliseconds */
  readonly throughCommits: (ownerName: string, db: D1Database, bound: number) => Route
  /** What code commits that keeps no list of commits, beside the rows of files. */
  readonly olderCommit: (ownerId: string) => readonly Statement[]
  /** As a list is cut that grew too long. @param length characters */
  readonly cut: (length: number) => Statement
  /** As the command for backups draws heads anew, and knows of no list. */
  readonly drawHeads: readonly Statement[]
}

const repository: Kind = {
  title: 'repository',
  type: TYPE,
  repository: REPOSITORY,
  parts: ['x86_64', 'aarch64', 'noarch'],
  findFile: (key) => findFile(key, 'noarch'),
  pathOf: ({ part, name }) => `${part}/${name}`,
  throughWorker,
  throughCommits,
  olderCommit: (ownerId) => [
    [
      `UPDATE repository SET head = ?1, revision = revision + 1
       WHERE owner_id = ?2 AND type = ?3 AND name = ?4`,
      ...[crypto.randomUUID(), ownerId, TYPE, REPOSITORY],
    ],
  ],
  cut: (length) => [
    'UPDATE repository SET recent = substr(recent, 1, ?1) WHERE type = ?2',
    ...[length, TYPE],
  ],
  drawHeads: [["UPDATE repository SET head = lower(hex(randomblob(16))), recent = ''"]],
}

/** Triggers have the database's own clock, which no test moves; the row of the last one is the newest. */
const REST_NOW: Statement = [
  `UPDATE resting_name SET removed_at = ${DATABASE_NOW}
   WHERE name = '' AND id = (SELECT max(id) FROM resting_name)`,
]

const collection: Kind = {
  title: 'collection',
  type: GENERIC,
  repository: undefined,
  parts: ['x86_64', 'aarch64'],
  findFile: findCollectionFile,
  pathOf: ({ part, name }) =>
    nearVersionFile({ type: GENERIC, packageName: name, version: part, fileName: FILE_NAME }).path,
  throughWorker: collectionThroughWorker,
  throughCommits: collectionThroughBatches,
  olderCommit: (ownerId) => [
    [
      `UPDATE package_collection SET state = ${NEW_STATE} WHERE owner_id = ?1 AND type = ?2`,
      ...[ownerId, GENERIC],
    ],
    REST_NOW,
  ],
  cut: (length) => [
    'UPDATE package_collection SET recent = substr(recent, 1, ?1) WHERE type = ?2',
    ...[length, GENERIC],
  ],
  drawHeads: [
    ['DELETE FROM package_collection'],
    [drawCollections('?1 > 0', '?1'), 1000],
    REST_NOW,
  ],
}

export const KINDS = [repository, collection] as const
