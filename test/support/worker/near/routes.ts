// How the changes of a history come into the database: through the Worker and the repository's object, or by the
// same commits without HTTP, bytes and index files, which takes a tenth of the time.
import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { ownerOf, readAccess } from '../../../../src/core/access/access-row.ts'
import type { OwnerRow } from '../../../../src/core/access/decide.ts'
import type { ResourceQuery } from '../../../../src/core/access/resource-query.ts'
import {
  addressOf,
  type Change,
  type ChangeResult,
  type RepositoryAddress,
  type RepositoryObjects,
} from '../../../../src/core/commit/change.ts'
import { commitChange } from '../../../../src/core/commit/client.ts'
import { commitGroup } from '../../../../src/core/commit/committer.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { findOwnerName } from '../../../../src/core/names.ts'
import { restOf } from '../../../../src/core/near/facts.ts'
import { Gap } from '../../../../src/core/near/gap.ts'
import { deleteOwner, putOwner, type Visibility } from '../../../../src/core/owners.ts'
import { type FileRow, findRepositoryFile } from '../../../../src/core/packages/file-row.ts'
import { removeFiles } from '../../../../src/core/packages/remove.ts'
import { deleteRepository } from '../../../../src/core/repositories.ts'
import { boundsOf } from '../../../../src/env.ts'
import { alpineIndexing } from '../../../../src/types/alpine/indexing.ts'
import { buildApk } from '../../../types/alpine/builder.ts'
import { ADMIN, answerOf, put } from '../registry.ts'
import type { Kind } from './kinds.ts'

export const TYPE = 'alpine'
export const REPOSITORY = 'edge/main'

export interface TestedFile {
  readonly part: string
  readonly name: string
  /** Which of the builds that have this name. */
  readonly content: number
}

export type FileKey = Pick<TestedFile, 'part' | 'name'>

export interface Route {
  /** Makes the owner, or changes it; also to be called after a restore. */
  putOwner(visibility: Visibility): Promise<void>
  deleteOwner(): Promise<void>
  /** @returns false where there is none */
  deleteRepository(): Promise<boolean>
  /** @returns false where a file stands in the way */
  publish(file: TestedFile): Promise<boolean>
  remove(files: readonly FileKey[]): Promise<void>
}

export const fileNameOf = (name: string) => `${name}-1-r0.apk`

const contents = new Map<string, number>()

/** What was published with this digest. */
export function contentOf(sha256: string): number {
  const content = contents.get(sha256)
  if (content === undefined) throw new Error('bytes that nobody published')
  return content
}

export function noteContent(bytes: Uint8Array | string, content: number): string {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  contents.set(sha256, content)
  return sha256
}

const built = new Map<string, Uint8Array>()

/** The same bytes in every history, since to build them costs more than to publish them. */
function buildOnce({ part, name, content }: TestedFile): Uint8Array {
  const pkgdesc = `${part} ${name} ${content}`
  const known = built.get(pkgdesc)
  if (known !== undefined) return known
  const bytes = buildApk({ name, arch: part, version: '1-r0', info: { pkgdesc } })
  built.set(pkgdesc, bytes)
  noteContent(bytes, content)
  return bytes
}

export async function askWorker(
  method: string,
  path: string,
  statuses: readonly number[],
  body: string | null = null,
): Promise<number> {
  const { status, text } = await answerOf(path, { method, headers: ADMIN, body })
  if (!statuses.includes(status)) throw new Error(`${method} ${path}: ${status} ${text}`)
  return status
}

export function ownerThroughWorker(ownerName: string): Pick<Route, 'putOwner' | 'deleteOwner'> {
  const owner = `/api/v1/owners/${ownerName}`
  return {
    putOwner: async (visibility) => {
      await askWorker('PUT', owner, [200, 201], JSON.stringify({ visibility }))
    },
    deleteOwner: async () => {
      await askWorker('DELETE', owner, [204])
    },
  }
}

/** Through HTTP. What commits take for the bound is that of the bindings. */
export function throughWorker(ownerName: string): Route {
  const place = `/api/packages/${ownerName}/${TYPE}/${REPOSITORY}`
  const repository = `/api/v1/owners/${ownerName}/repositories/${TYPE}/${REPOSITORY}`
  return {
    ...ownerThroughWorker(ownerName),
    deleteRepository: async () => (await askWorker('DELETE', repository, [204, 404])) === 204,
    publish: async (file) => {
      const { status, text } = await put(buildOnce(file), place)
      if (status !== 201 && status !== 409) throw new Error(`a publish: ${status} ${text}`)
      return status === 201
    },
    remove: async (files) => {
      for (const { part, name } of files) {
        await askWorker('DELETE', `${place}/${part}/${fileNameOf(name)}`, [204])
      }
    },
  }
}

/** The row of a file as the statement of a request finds it. */
export function findFile({ part, name }: FileKey, ...further: string[]) {
  const fileName = fileNameOf(name)
  const parts = [part, ...further] as const
  return findRepositoryFile({ type: TYPE, repository: REPOSITORY, fileName, parts })
}

/** @param rest milliseconds */
export function throughCommits(ownerName: string, db: D1Database, bound: number): Route {
  const name = findOwnerName(ownerName)
  if (name === undefined) throw new Error(`no name of an owner: ${ownerName}`)
  let owner: OwnerRow | undefined
  const theOwner = () => owner ?? Promise.reject(new Error('the owner was deleted'))
  const objects = commitsOf(db, bound)
  return {
    putOwner: async (visibility) => {
      owner = (await putOwner(db, name, { visibility })).owner
    },
    deleteOwner: async () => {
      await deleteOwner(db, (await theOwner()).id, name)
      owner = undefined
    },
    deleteRepository: async () => {
      const { id } = await theOwner()
      return deleteRepository(db, id, TYPE, REPOSITORY).then(
        () => true,
        () => false,
      )
    },
    publish: async (file) => {
      const address = addressOf(await theOwner(), TYPE, REPOSITORY)
      const { outcome } = await commitChange({ objects, address, change: publishOf(file) })
      return outcome === 'committed'
    },
    remove: async (keys) => {
      const find = (key: FileKey) => readFile(db, ownerName, key, findFile(key))
      const files = await Promise.all(keys.map(find))
      const removal = { db, objects, owner: await theOwner(), type: TYPE, removedBy: 'admin' }
      const removed = await removeFiles({ ...removal, files })
      if (removed !== keys.length) throw new Error(`${removed} of ${keys.length} were removed`)
    },
  }
}

export async function readFile(
  db: D1Database,
  ownerName: string,
  key: FileKey,
  found: ResourceQuery,
): Promise<FileRow> {
  const token = { column: 'hash', value: null } as const
  const nobody = { ownerName, token, session: undefined, quota: false }
  const { resource } = await readAccess(db, { ...nobody, resource: found })
  if (resource === null) throw new Error(`there is no ${key.part}/${key.name}`)
  // The shape is that of the query.
  return JSON.parse(resource) as FileRow
}

function publishOf(file: TestedFile): Change {
  const { part, name, content } = file
  const now = Date.now()
  const sha256 = noteContent(`${part} ${name} ${content}`, content)
  const further = { md5: '', sha1: '', sha512: '' }
  const r2Key = `blobs/${crypto.randomUUID()}`
  return {
    op: 'publish',
    changeId: timeOrderedId(now),
    packageName: name,
    version: '1-r0',
    fileName: fileNameOf(name),
    architecture: part,
    compositeKey: `${REPOSITORY}/${part}`,
    metadata: '{}',
    properties: {},
    blob: { r2Key, size: 1, stagedAt: now, sha256, ...further },
    createdBy: 'admin',
  }
}

/** As the deployment's objects, but that no index is written. */
function commitsOf(db: D1Database, bound: number): RepositoryObjects {
  const rest = restOf(bound)
  const gaps = new Map<string, Gap>()
  const getByName = (name: string) => {
    const gap = gaps.get(name) ?? new Gap()
    gaps.set(name, gap)
    const commit = async (address: RepositoryAddress, change: Change): Promise<ChangeResult> => {
      const [result] = await commitGroup(
        {
          db,
          address,
          rules: alpineIndexing,
          bounds: () => boundsOf(env),
          rest,
          gapOf: (snapshot) => gap.left(snapshot, rest, Date.now()),
          stageIndexes: async (snapshot) => ({
            files: [],
            dropped: [],
            committed: (head) => gap.followed(snapshot.head, head),
          }),
          dropDuplicates: () => {},
          discard: () => {},
        },
        [change],
      )
      return result ?? { outcome: 'unknown' }
    }
    return { commit }
  }
  // Of a stub, commits use no more.
  return { getByName } as unknown as RepositoryObjects
}

/** What the statement of a request finds of the owner and its repository, or its collection. */
export async function askHome(
  db: D1Database,
  ownerName: string,
  { type, repository, findFile: find }: Kind,
  key: FileKey | undefined,
) {
  const row = await readAccess(db, {
    ownerName,
    token: { column: 'hash', value: null },
    session: undefined,
    resource: key && find(key),
    quota: false,
    repository: { type, repository },
  })
  return { row, owner: ownerOf(row) }
}
