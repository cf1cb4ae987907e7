// The changes that a repository's Durable Object takes, and its results. They cross RPC, which does not
// preserve classes, so they are plain data.
import type { OwnerRow } from '../access/decide.ts'
import type { Fault } from '../errors.ts'
import type { NewFile } from '../packages/new-file.ts'

/** Identifies a repository. */
export interface RepositoryAddress {
  readonly ownerId: string
  readonly ownerName: string
  readonly type: string
  /** Unique within owner and type, for Alpine `branch/repository`. */
  readonly name: string
}

export function addressOf(
  { id: ownerId, name: ownerName }: OwnerRow,
  type: string,
  name: string,
): RepositoryAddress {
  return { ownerId, ownerName, type, name }
}

export interface PublishChange extends NewFile {
  readonly op: 'publish'
}

export interface RemoveChange {
  readonly op: 'remove'
  readonly changeId: string
  /** The file to remove. Another file that took its name meanwhile stays. */
  readonly fileId: string
  readonly fileName: string
  /** The id of an access token, or `admin`. */
  readonly createdBy: string
}

/** Writes every index file anew, unless all are signed by this set of keys already. */
export interface ReindexChange {
  readonly op: 'reindex'
  readonly changeId: string
  /** The id of the key set; empty to write the index files in any case. */
  readonly keySet: string
  /** Whether to make the copy from the rows first, and every index file for which there are rows. */
  readonly fromRows?: true
}

export type Change = PublishChange | RemoveChange | ReindexChange

export type ChangeResult =
  | { readonly outcome: 'committed'; readonly revision: number }
  /** The file name is taken, by the same bytes or by others, in this part of the repository. */
  | {
      readonly outcome: 'exists'
      readonly sameBytes: boolean
      readonly part: string
      readonly revision: number
    }
  /** The name was removed from an immutable repository and may only carry its old bytes again. */
  | { readonly outcome: 'retired'; readonly part: string }
  /** The name was removed a moment ago and takes no other bytes yet. The caller may send the change again then. */
  | { readonly outcome: 'resting'; readonly milliseconds: number }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'refused'; readonly fault: Fault }
  /** The change may have been applied, so nothing that it staged may be deleted. */
  | { readonly outcome: 'unknown' }

/** The Durable Object's methods for RPC. */
export interface RepositoryStub extends Rpc.DurableObjectBranded {
  commit(address: RepositoryAddress, change: Change): Promise<ChangeResult>
  ping(): Promise<void>
}

/** The objects by their names. The first call for a name makes the object, and decides where. */
export interface RepositoryObjects {
  getByName(name: string): DurableObjectStub<RepositoryStub>
}
