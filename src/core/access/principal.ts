// Finds the principal of a request: the deployment admin, an access token, nobody, or somebody with wrong
// credentials. The token's row comes with the one statement that every request makes.
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
  /** The repositories that the token may write to, as `type:name` (restriction.ts); null for all. */
  readonly repositories: readonly string[] | null
  /** The packages that the token may write, as `type:pattern` (`*` is any text); null for all. */
  readonly packages: readonly string[] | null
}

export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin' }
  | TokenPrincipal
  | { readonly kind: 'rejected'; readonly detail: string }

/** Whether the request had good credentials. */
export function isKnown({ kind }: Principal): boolean {
  return kind === 'admin' || kind === 'token'
}

/** The author that rows name: the id of an access token, or `admin`. */
export function authorOf(principal: Principal): string {
  return principal.kind === 'token' ? principal.id : principal.kind
}

/** Whether the author is an access token. Unlike the admin, a token may end. */
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

/** The password or token that a request sent. */
export interface GivenSecret {
  readonly text: string
  /** The text's digest by `hashToken`. */
  readonly hash: string
}

export function givenSecret(text: string): GivenSecret {
  return { text, hash: hashToken(text) }
}

/**
 * @param secret undefined if the request sent no secret
 * @param row the token whose hash is the secret's, if there is one
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
 * Finds the principal of a session: its token, with the token's present grant. The request is anonymous if the
 * session was ended, or if its token was revoked, has expired or was replaced.
 * @param row the token with the session's token id, if there is one
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

/** Parses the JSON columns of a token's row, which only `createToken` writes. */
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

/** Compares digests: they have one length, so the comparison reveals nothing about the secrets' lengths either. */
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
