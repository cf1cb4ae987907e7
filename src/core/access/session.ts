// Writes and reads a browser's cookie, which says who signed in and proves that this registry wrote it. A
// session is the deployment admin's, or names an access token and allows what that token allows at the time.
// The signing secret is derived from the deployment's secrets, so that replacing one of these ends every
// session.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export type SessionSubject =
  | { readonly kind: 'admin' }
  | {
      readonly kind: 'token'
      readonly tokenId: string
      /** The beginning of the token's hash. A later row with the same id does not get the sessions of this token. */
      readonly hashPrefix: string
    }

export type Session = SessionSubject & {
  /** A random id, so that a sign-out ends this session and no other of the same second. */
  readonly id: string
  /** Unix milliseconds, in whole seconds. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** The session that a request came with. */
export interface RequestSession {
  readonly session: Session
  /** The value of the field `csrf` in this session's forms. */
  readonly csrfToken: string
  /** Whose token it is, by names; undefined for the admin token, and until the database was asked. */
  readonly holder?: SessionHolder | undefined
}

export interface SessionHolder {
  readonly owner: string
  readonly token: string
}

/** The longest session, whatever the token's end: a forgotten browser is signed out by the next day. */
export const SESSION_MS = 12 * 60 * 60 * 1000
const HASH_PREFIX = 16
const VERSION = '2'
const FORM =
  /^2\.([0-9a-f-]{36})\.(?:(admin)|token\.([0-9a-f-]{36})\.([0-9a-f]{16}))\.(\d{1,12})\.(\d{1,12})\.([A-Za-z0-9_-]{43})$/

/**
 * @param token the row of the access token that signs in; undefined for the deployment admin
 * @param now Unix milliseconds
 */
export function startSession(
  token:
    | { readonly id: string; readonly hash: string; readonly expiresAt: number | null }
    | undefined,
  now: number,
): Session {
  const end = Math.min(now + SESSION_MS, token?.expiresAt ?? Number.POSITIVE_INFINITY)
  const times = { issuedAt: wholeSeconds(now), expiresAt: wholeSeconds(end) }
  const id = crypto.randomUUID()
  if (token === undefined) return { kind: 'admin', id, ...times }
  const hashPrefix = token.hash.slice(0, HASH_PREFIX)
  return { kind: 'token', id, tokenId: token.id, hashPrefix, ...times }
}

/** The cookie's value: the fields and their HMAC, in characters that need no quotes. */
export function formatSession(session: Session, secret: string): string {
  const subject =
    session.kind === 'admin' ? ['admin'] : ['token', session.tokenId, session.hashPrefix]
  const times = [session.issuedAt, session.expiresAt].map((time) => String(time / 1000))
  const text = [VERSION, session.id, ...subject, ...times].join('.')
  return `${text}.${sign('session', text, secret)}`
}

/** Parses a cookie's value; undefined for one that was not signed with this secret, and for a session that is over. */
export function parseSession(value: string, secret: string, now: number): Session | undefined {
  const match = FORM.exec(value)
  if (match === null) return undefined
  const [, id = '', admin, tokenId = '', hashPrefix = '', issued, expires, mac = ''] = match
  const text = value.slice(0, -mac.length - 1)
  if (!sameText(mac, sign('session', text, secret))) return undefined
  const times = { issuedAt: Number(issued) * 1000, expiresAt: Number(expires) * 1000 }
  // An older version may have signed a longer session. It ends after SESSION_MS, too.
  if (times.expiresAt <= now || times.issuedAt + SESSION_MS <= now) return undefined
  return admin === undefined
    ? { kind: 'token', id, tokenId, hashPrefix, ...times }
    : { kind: 'admin', id, ...times }
}

/** Whether the row with the session's token id belongs to the token that signed in. */
export function isTokenOf(session: Session, hash: string): boolean {
  return session.kind === 'token' && hash.startsWith(session.hashPrefix)
}

/** The token that a session's forms carry. Only pages of this origin can read it. */
export function csrfTokenOf(cookieValue: string, secret: string): string {
  return sign('form', cookieValue, secret)
}

/** Signs by HMAC-SHA-256 in base64url, with a separate key for each purpose (HKDF, RFC 5869). */
function sign(purpose: 'session' | 'form', text: string, secret: string): string {
  const key = hkdfSync('sha256', secret, '', `cairn ${purpose} ${VERSION}`, 32)
  return createHmac('sha256', Buffer.from(key)).update(text).digest('base64url')
}

/** Whether two texts are the same. The time that it takes reveals nothing but their lengths. */
export function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000
}
