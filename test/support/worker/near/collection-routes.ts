// How the changes of a history of generic files come into the database: through the Worker, or by the same batches
// without HTTP and bytes.
import { env } from 'cloudflare:workers'
import type { OwnerRow } from '../../../../src/core/access/decide.ts'
import { timeOrderedId } from '../../../../src/core/ids.ts'
import { findOwnerName } from '../../../../src/core/names.ts'
import { restOf } from '../../../../src/core/near/facts.ts'
import { deleteOwner, putOwner } from '../../../../src/core/owners.ts'
import { createFile } from '../../../../src/core/packages/create.ts'
import { findVersionFile } from '../../../../src/core/packages/file-row.ts'
import type { NewFile } from '../../../../src/core/packages/new-file.ts'
import { removeFiles } from '../../../../src/core/packages/remove.ts'
import { limitsOf } from '../../../../src/env.ts'
import {
  askWorker,
  type FileKey,
  noteContent,
  ownerThroughWorker,
  type Route,
  readFile,
  type TestedFile,
} from './routes.ts'

export const GENERIC = 'generic'
/** Of each version of each package one. */
export const FILE_NAME = 'file'

const bytesOf = ({ part, name, content }: TestedFile) => `${part} ${name} ${content}`

/** A part is a version of the package of the name. */
export function findCollectionFile({ part: version, name: packageName }: FileKey) {
  return findVersionFile({ type: GENERIC, packageName, version, fileName: FILE_NAME })
}

export function collectionThroughWorker(ownerName: string): Route {
  const pathOf = ({ part, name }: FileKey) =>
    `/api/packages/${ownerName}/${GENERIC}/${name}/${part}/${FILE_NAME}`
  return {
    ...ownerThroughWorker(ownerName),
    deleteRepository: async () => false,
    publish: async (file) => {
      noteContent(bytesOf(file), file.content)
      return (await askWorker('PUT', pathOf(file), [201, 409], bytesOf(file))) === 201
    },
    remove: async (files) => {
      for (const file of files) await askWorker('DELETE', pathOf(file), [204])
    },
  }
}

/** @param bound milliseconds */
export function collectionThroughBatches(ownerName: string, db: D1Database, bound: number): Route {
  const name = findOwnerName(ownerName)
  if (name === undefined) throw new Error(`no name of an owner: ${ownerName}`)
  let owner: OwnerRow | undefined
  const theOwner = () => owner ?? Promise.reject(new Error('the owner was deleted'))
  const rest = { milliseconds: restOf(bound), over: async () => {} }
  return {
    putOwner: async (visibility) => {
      owner = (await putOwner(db, name, { visibility })).owner
    },
    deleteOwner: async () => {
      await deleteOwner(db, (await theOwner()).id, name)
      owner = undefined
    },
    deleteRepository: async () => false,
    publish: async (file) => {
      const place = { ownerId: (await theOwner()).id, type: GENERIC }
      const rules = { creation: 'any-version' } as const
      const creating = { place, rules, file: newFileOf(file), limits: limitsOf(env), rest }
      const { outcome } = await createFile(db, creating)
      if (outcome !== 'created' && outcome !== 'exists') throw new Error(`a publish: ${outcome}`)
      return outcome === 'created'
    },
    remove: async (keys) => {
      const find = (key: FileKey) => readFile(db, ownerName, key, findCollectionFile(key))
      const files = await Promise.all(keys.map(find))
      const { REPOSITORY: objects } = env
      const removal = { db, objects, owner: await theOwner(), type: GENERIC, removedBy: 'admin' }
      const removed = await removeFiles({ ...removal, files })
      if (removed !== keys.length) throw new Error(`${removed} of ${keys.length} were removed`)
    },
  }
}

function newFileOf(file: TestedFile): NewFile {
  const now = Date.now()
  const sha256 = noteContent(bytesOf(file), file.content)
  const further = { md5: '', sha1: '', sha512: '' }
  return {
    changeId: timeOrderedId(now),
    ...{ packageName: file.name, version: file.part, fileName: FILE_NAME },
    ...{ architecture: '', compositeKey: '', metadata: '{}', properties: {}, createdBy: 'admin' },
    blob: { r2Key: `blobs/${crypto.randomUUID()}`, size: 1, stagedAt: now, sha256, ...further },
  }
}
