// A dialect: how the clients of a package type send credentials and read faults. A type has one for all
// of its paths, those without an endpoint included, and an endpoint may have one of its own.
import type { Fault } from '../core/errors.ts'
import type { CredentialPlace } from './credentials.ts'

export interface Dialect {
  /** Where its clients send a token beside Basic, Bearer and `token`, which always count first. */
  readonly credentials?: readonly CredentialPlace[]
  /** The WWW-Authenticate of a 401; absent: that of Basic. Must not throw. */
  readonly challenge?: (request: FaultRequest) => string
  /** The media type of the bodies of its faults, whatever the request accepts. */
  readonly contentType: string
  /** Pure, and must not throw: internal errors and outages are told by it too. */
  readonly fault: (fault: Fault, told: ToldFault) => FaultAnswer
}

/** What is said of a fault elsewhere, for the dialect to put into its client's form. */
export interface ToldFault {
  readonly status: number
  /** The one line; of an internal error with the id of the request. */
  readonly text: string
  readonly request: FaultRequest
}

/** What a dialect may know of a request. The query is not in it, since it may hold a secret. */
export interface FaultRequest {
  readonly method: string
  /** Scheme, host and port, as the client has them. */
  readonly origin: string
  /** The path as it was sent. */
  readonly pathname: string
}

/**
 * A JSON client gets its own members beside those of the problem document (RFC 9457, with `code` and
 * `request_id`), which are always there. Other clients get a whole body.
 */
export type FaultAnswer = FaultHead &
  ({ readonly members: ClientMembers } | { readonly body: string })

interface FaultHead {
  /** Beside those that every such fault has; those win. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where its clients take another status to mean the same. */
  readonly status?: number
  /**
   * The reason phrase, for clients that show nothing else. What is not printable ASCII becomes `?`, and
   * it is cut at 300 characters. HTTP/2 has none, so the body says the same.
   */
  readonly statusText?: string
}

type ClientMembers = Readonly<Record<string, unknown>> & {
  readonly [member in 'type' | 'title' | 'status' | 'detail' | 'code' | 'request_id']?: never
}

/** By the word of the type, as paths have it. */
export type Dialects = ReadonlyMap<string, Dialect>

/** The dialect of the type under whose paths this one lies, whether it has an endpoint or not. */
export function findDialect(dialects: Dialects, path: string): Dialect | undefined {
  const [, api, packages, , type = ''] = path.split('/', 5)
  return api === 'api' && packages === 'packages' ? dialects.get(type) : undefined
}
