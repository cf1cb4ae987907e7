// Removal over HTTP, for every type: of a file, a version or a package.
import { authorOf } from '../core/access/principal.ts'
import { RegistryError } from '../core/errors.ts'
import {
  type FileSelection,
  findRemovableFiles,
  REMOVED_AT_ONCE,
  type RemovableFile,
  removeFiles,
} from '../core/packages/remove.ts'
import { objectsOf } from '../env.ts'
import type { OwnedCall } from './endpoint.ts'
import { forgetRepository } from './near.ts'
import { requireWritable } from './publication.ts'

/** Versions of more files than this many rounds take are no one's; it keeps a request finite. */
const ROUNDS = 50

/**
 * Removes files that a resource query found already.
 * @param absent what to say when there is none, or none any more
 * @throws RegistryError not-found, forbidden, outcome-unknown
 */
export async function removeFound(
  call: OwnedCall,
  type: string,
  files: readonly RemovableFile[],
  absent: string,
): Promise<Response> {
  for (const { repository, packageName } of files) {
    requireWritable(call, { type, repository, packageName })
  }
  const { env, owner, principal } = call
  const removal = { db: env.DB, objects: objectsOf(env), owner, type, files }
  const repositories = new Set(files.map((file) => file.repository ?? undefined))
  let removed: number
  try {
    removed = await removeFiles({ ...removal, removedBy: authorOf(principal) })
  } finally {
    // Of several some may be gone, and one of which nobody knows it may be.
    for (const repository of repositories) {
      await forgetRepository(call, { ownerName: owner.name, type, repository })
    }
  }
  if (removed === 0) throw new RegistryError({ code: 'not-found', detail: absent })
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}

/**
 * Removes all that a selection names, in rounds where there is much of it. What spans repositories
 * goes one after the other: after a failure the same request removes the rest.
 * @throws RegistryError not-found, forbidden, outcome-unknown
 */
export async function removeSelected(
  call: OwnedCall,
  type: string,
  selection: FileSelection,
  absent: string,
): Promise<Response> {
  let response: Response | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const place = { ownerId: call.owner.id, type }
    const files = await findRemovableFiles(call.env.DB, place, selection)
    if (files.length === 0 && response !== undefined) break
    response = await removeFound(call, type, files, absent)
    if (files.length < REMOVED_AT_ONCE) break
  }
  return response ?? Promise.reject(new Error('a removal without a round'))
}
