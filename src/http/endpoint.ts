// What an endpoint declares: method, path, who may call it, and the handler. A descriptor without
// `access` does not compile, and the handler of one about an owner is given an owner.
import type { Access, OwnerRow } from '../core/access/decide.ts'
import type { Principal } from '../core/access/principal.ts'
import type { ResourceQuery } from '../core/access/resource-query.ts'
import type { RequestSession } from '../core/access/session.ts'
import type { NearPath } from '../core/near/place.ts'
import type { OwnerQuota } from '../core/quota/quota.ts'
import type { Env } from '../env.ts'
import type { ByteSource } from '../formats/bytes.ts'
import type { Dialect } from './dialect.ts'
import type { Operation } from './operation.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
export type Params = Readonly<Record<string, string>>

export interface Call<R = unknown> {
  /** Without what the dialect's clients send as a secret in the query, as `url` is. */
  readonly request: Request
  readonly env: Env
  readonly url: URL
  /** The path's segments by name, percent-decoded once and not validated. */
  readonly params: Params
  readonly principal: Principal
  readonly owner: OwnerRow | undefined
  /** The session that a browser signed in with. */
  readonly session: RequestSession | undefined
  /** What the owner has and may have, a few seconds ago; undefined where `access` is of less than `write`. */
  readonly quota: OwnerQuota | undefined
  /** Bytes that the database takes, a few seconds ago. */
  readonly databaseBytes: number
  /** What the resource query found. */
  readonly resource: R | undefined
  /** The file that is uploaded, where a page's form sends it among others; else it is in the body. */
  readonly file?: ByteSource
  /** When it was found out who asks, Unix milliseconds. */
  readonly authorizedAt: number
  /** Whether the place answers by itself, without the database. */
  readonly near: boolean
  /** How long the one statement of the request took, in milliseconds. */
  readonly databaseMs: number
  /** Keeps the isolate alive for work after the response. */
  readonly waitUntil: (work: Promise<unknown>) => void
}

export interface OwnedCall<R = unknown> extends Call<R> {
  readonly owner: OwnerRow
}

interface Description {
  readonly method: Method
  /** Hono's syntax; the owner's name is `:owner`. */
  readonly path: string
  /** Further paths that mean the same. */
  readonly aliases?: readonly string[]
  /** One line for people and for the API's description. */
  readonly summary: string
  /** Its body means nothing here: whatever its encoding, it is read and not looked at. */
  readonly ignoresBody?: true
  /**
   * A page or a form of the web, where a browser's session counts whatever it does. Elsewhere it
   * counts for reading alone.
   */
  readonly session?: true
  /**
   * A list, a page, a search or a check, which people ask for and no client installs by: readers without good
   * credentials are counted by address.
   */
  readonly countsReaders?: true
  /** How its clients send credentials and read faults; of a type's endpoint absent: the type's. */
  readonly dialect?: Dialect
  /** What the API's document says of it; every endpoint under /api has it. */
  readonly operation?: Operation
}

export interface OpenEndpoint extends Description {
  readonly access: Extract<Access, 'open' | 'deployment-admin'>
  /** A health check answers without the configuration that everything else needs. */
  readonly unconfigured?: true
  /** Answers while a backup is being restored, when everything else is 503. */
  readonly duringRestore?: true
  readonly handler: (call: Call) => Promise<Response>
}

export interface OwnedEndpoint<R> extends Description {
  readonly access: Extract<Access, 'read' | 'write' | 'owner-admin'>
  /**
   * Its handler ends in a publish, whose batch asks for owner and token again: to begin, what was found out a
   * few seconds ago will do. It has no `resource`, which would be that of another request.
   */
  readonly recheckedByCommit?: true
  /**
   * @param query of the address, for what is chosen there
   * @throws RegistryError for parameters that cannot name anything
   */
  readonly resource?: (params: Params, query: URLSearchParams) => ResourceQuery
  /**
   * Of a GET of a file that is never replaced under its name: which path of which repository it is, so that places
   * on the edge may answer for it (core/near). Its resource has the file's `id`. Without a path: of an index or a
   * document, which tells the place of the last commits. Undefined for names that nothing can have.
   */
  readonly near?: (params: Params) => Omit<NearPath, 'ownerName'> | undefined
  readonly handler: (call: OwnedCall<R>) => Promise<Response>
}

export type Endpoint = OpenEndpoint | OwnedEndpoint<unknown>

/** Whether what it is sent is a body; that of others is passed over. */
export function takesBody({ method }: Pick<Endpoint, 'method'>): boolean {
  return method === 'PUT' || method === 'POST' || method === 'PATCH'
}

/** An endpoint whose resource query returns JSON of the shape R. */
export function ownedEndpoint<R>(endpoint: OwnedEndpoint<R>): Endpoint {
  // The one place where the query's word is taken for the shape of what it returns.
  return endpoint as OwnedEndpoint<unknown>
}
