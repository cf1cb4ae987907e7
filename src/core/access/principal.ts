// Who is asking: the deployment admin, an access token, nobody, or somebody with credentials that
// are not good. The token's row arrives with the one statement that a request makes.
import { timingSafeEqual } from 'node:crypto'
import { isTokenOf, type Session } from './session.ts'
import { hashToken, isTokenText } from './token-text.ts'

export type Scope = 'read' | 'write' | 'admin'
export const SCOPES: readonly Scope[] = ['read', 'write', 'admin']

export interface TokenPrincipal {
  readonly kind: 'token'
  readonly id: string
  readonly ownerId: string
  readonly scopes: readonly Scope[]
  /** Repositories that writes are restricted to, as `type:name` (restriction.ts); null: all. */
  readonly repositories: readonly string[] | null
  /** Packages that writes are restricted to, as `type:pattern` (`*` is any text); null: all. */
  readonly packages: readonly string[] | null
}

export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin' }
  | TokenPrincipal
  | { readonly kind: 'rejected'; readonly detail: string }

/** Whether the credentials are good ones. */
export function isKnown({ kind }: Principal): boolean {
  return kind === 'admin' || kind === 'token'
}

/** Who a row says made it: the id of an access token, or `admin`. */
export function authorOf(principal: Principal): string {
  return principal.kind === 'token' ? principal.id : principal.kind
}

/** Whether that is an access token, which may end. */
export function isTokenId(author: string): boolean {
  return author !== 'admin'
}

/** A row of `access_token`, as the request's statement returns it. */
export interface TokenRow {
  readonly id: string
  readonly ownerId: string
  readonly scopes: string
  readonly repositories: string | null
  readonly packages: string | null
  readonly expiresAt: number | null
}

/** What a request sent as its password or token. */
export interface GivenSecret {
  readonly text: string
  /** As `hashToken` makes it. */
  readonly hash: string
}

export function givenSecret(text: string): GivenSecret {
  return { text, hash: hashToken(text) }
}

/**
 * @param secret undefined when the request sent none
 * @param row the token whose hash is that of the secret, if there is one
 * @param now Unix milliseconds
 */
export function identify(
  secret: GivenSecret | undefined,
  adminToken: string,
  row: TokenRow | undefined,
  now: number,
): Principal {
  if (secret === undefined) return { kind: 'anonymous' }
  if (isAdminToken(secret, adminToken)) return { kind: 'admin' }
  if (row === undefined) return { kind: 'rejected', detail: unknownDetail(secret.text) }
  if (hasExpired(row, now)) {
    return { kind: 'rejected', detail: 'the access token has expired: ask for a new one' }
  }
  return principalOf(row)
}

/**
 * Who a session is: what its token is now. One that was ended, or whose token was revoked, has expired
 * or was replaced, is nobody's.
 * @param row the token that has the session's token id, if there is one
 */
export function identifySession(
  session: Session,
  ended: boolean,
  row: (TokenRow & { readonly hash: string }) | undefined,
  now: number,
): Principal {
  if (ended) return { kind: 'anonymous' }
  if (session.kind === 'admin') return { kind: 'admin' }
  const good = row !== undefined && isTokenOf(session, row.hash) && !hasExpired(row, now)
  return good ? principalOf(row) : { kind: 'anonymous' }
}

function hasExpired({ expiresAt }: TokenRow, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

function principalOf(row: TokenRow): TokenPrincipal {
  return { kind: 'token', id: row.id, ownerId: row.ownerId, ...parseGrantColumns(row) }
}

/** What a token's row says in JSON, which only `createToken` writes. */
export function parseGrantColumns(
  row: Pick<TokenRow, 'scopes' | 'repositories' | 'packages'>,
): Pick<TokenPrincipal, 'scopes' | 'repositories' | 'packages'> {
  return {
    scopes: JSON.parse(row.scopes) as Scope[],
    repositories: row.repositories === null ? null : (JSON.parse(row.repositories) as string[]),
    packages: row.packages === null ? null : (JSON.parse(row.packages) as string[]),
  }
}

/** Whether a secret can be one of this registry's: what has not the form of its tokens is in no row. */
export function mayBeGood(secret: GivenSecret, adminToken: string): boolean {
  return isTokenText(secret.text) || isAdminToken(secret, adminToken)
}

let hashedAdminToken: GivenSecret | undefined

/** Digests have one length, so that the comparison tells nothing of the secrets' lengths either. */
function isAdminToken({ hash }: GivenSecret, adminToken: string): boolean {
  if (hashedAdminToken?.text !== adminToken) {
    hashedAdminToken = givenSecret(adminToken)
  }
  return timingSafeEqual(Buffer.from(hash), Buffer.from(hashedAdminToken.hash))
}

function unknownDetail(secret: string): string {
  return isTokenText(secret)
    ? 'the access token is not known here: it was revoked, or belongs to another registry'
    : 'the credentials are wrong: an access token begins with "cairn_" and was perhaps cut or mistyped'
}
