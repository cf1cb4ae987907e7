// Answers a GET of an index file of a repository. The repository signs its index files anew when the keys
// of its owner changed, and writes them anew when their objects are gone.
import { readResource } from '../core/access/access-row.ts'
import { addressOf } from '../core/commit/change.ts'
import { commitChange } from '../core/commit/client.ts'
import { RegistryError } from '../core/errors.ts'
import { timeOrderedId } from '../core/ids.ts'
import { findIndexFile, type IndexFileRow, type IndexPlace } from '../core/packages/index-file.ts'
import { objectsOf } from '../env.ts'
import type { OwnedCall } from './endpoint.ts'
import { type FileContent, fileResponse } from './file-response.ts'
import { keysOf } from './owner-keys.ts'

export type IndexAnswer = Pick<FileContent, 'contentType' | 'clockErrorMs'>

/**
 * @param call with the row that `findIndexFile` found for the place
 * @returns undefined where the repository has no such file
 * @throws RegistryError range-not-satisfiable, object-missing, storage-unavailable
 */
export async function indexResponse(
  call: OwnedCall<IndexFileRow>,
  place: IndexPlace,
  answer: IndexAnswer,
): Promise<Response | undefined> {
  const row = await signedByToday(call, place)
  if (row === undefined) return undefined
  try {
    return await respond(call, row, answer)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.fault.code !== 'object-missing') throw error
    // A database that was taken back in time names index files that were swept since.
    const rebuilt = await rebuild(call, place, '')
    if (rebuilt === undefined) throw error
    return respond(call, rebuilt, answer)
  }
}

function respond(call: OwnedCall, row: IndexFileRow, answer: IndexAnswer): Promise<Response> {
  return fileResponse(call, { ...row, ...answer, immutable: false })
}

/** After a change of keys the first GET has the repository sign its index files anew, and waits. */
async function signedByToday(
  call: OwnedCall<IndexFileRow>,
  place: IndexPlace,
): Promise<IndexFileRow | undefined> {
  const { env, owner, resource: row } = call
  if (row === undefined) return undefined
  const keys = keysOf(env, owner)
  return row.keySet === keys.id ? row : rebuild(call, place, keys.id)
}

/** Has the index files written anew, unless this set of keys signed them all, and reads the row. */
async function rebuild(
  { env, owner }: OwnedCall,
  place: IndexPlace,
  keySet: string,
): Promise<IndexFileRow | undefined> {
  await commitChange({
    objects: objectsOf(env),
    address: addressOf(owner, place.type, place.repository),
    change: { op: 'reindex', changeId: timeOrderedId(Date.now()), keySet },
  })
  return (await readResource(env.DB, owner, findIndexFile(place))) as IndexFileRow | undefined
}
