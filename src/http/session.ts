// The session's cookie and what protects its forms. A session counts for reading, and for pages that
// say so; whatever else changes something takes the Authorization header alone.
import { csrfTokenOf, parseSession, type RequestSession, sameText } from '../core/access/session.ts'
import { RegistryError } from '../core/errors.ts'
import { type Env, requireSessionSecret } from '../env.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { readFields } from './request-body.ts'
import { refuseRevoked } from './revocation.ts'

/** The prefix makes browsers refuse a cookie that another host or a path set (RFC 6265bis 4.1.3). */
const SECURE_NAME = '__Host-cairn_session'
/** Over http, which only a registry on the own machine speaks, browsers keep no such cookie. */
const PLAIN_NAME = 'cairn_session'

/** The session that the request has, if the endpoint takes one. The Authorization header wins. */
export function findSession(
  endpoint: Endpoint,
  request: Request,
  env: Env,
): RequestSession | undefined {
  const reads = endpoint.method === 'GET' && endpoint.access === 'read'
  if (!reads && endpoint.session !== true) return undefined
  if (request.headers.has('authorization')) return undefined
  const value = readCookie(request.headers, cookieName(request))
  if (value === undefined) return undefined
  const secret = requireSessionSecret(env)
  const session = parseSession(value, secret, Date.now())
  return session && { session, csrfToken: csrfTokenOf(value, secret) }
}

/**
 * Refuses a form that another site's page sent. Browsers say where a form comes from: all of today by
 * Sec-Fetch-Site over https and on the own machine, and older ones by Origin.
 * @throws RegistryError forbidden
 */
export function refuseForeignForm({ headers, url }: Request): void {
  const site = headers.get('sec-fetch-site')
  const own = site === null ? headers.get('origin') === new URL(url).origin : site === 'same-origin'
  if (!own) throw forbidden("forms are taken from this registry's own pages alone")
}

/**
 * Refuses credentials in a header for a form: whoever can write headers has the API.
 * @throws RegistryError forbidden
 */
export function requireSession(session: RequestSession | undefined): RequestSession {
  if (session !== undefined) return session
  throw forbidden('sign in with a browser to send this form')
}

/**
 * Refuses a form whose page was not made for the session that it is sent with.
 * @param given the field `csrf`
 * @throws RegistryError forbidden
 */
export function requireCsrfToken(session: RequestSession | undefined, given: string | null): void {
  if (given !== null && sameText(given, requireSession(session).csrfToken)) return
  throw forbidden('this form was made for another session')
}

/**
 * The fields of a form of the web, sent from a page of the session.
 * @throws RegistryError forbidden, invalid-credentials, invalid-request, body-too-large
 */
export async function readSessionForm(call: Call): Promise<URLSearchParams> {
  const fields = await readFields(call.request)
  requireCsrfToken(call.session, fields.get('csrf'))
  await refuseRevoked(call)
  return fields
}

function forbidden(what: string): RegistryError {
  const detail = `${what}: open its page again, and send it from there`
  return new RegistryError({ code: 'forbidden', detail })
}

/** @param value of the session, or empty to end it */
export function sessionCookie(request: Request, value: string, seconds: number): string {
  const secure = isSecure(request) ? '; Secure' : ''
  const age = `Max-Age=${Math.max(0, seconds)}`
  return `${cookieName(request)}=${value}; Path=/; ${age}; HttpOnly; SameSite=Lax${secure}`
}

function cookieName(request: Request): string {
  return isSecure(request) ? SECURE_NAME : PLAIN_NAME
}

function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === 'https:'
}

/** Whether the cookie of a session was sent, be it a good one. Other cookies of the domain are none of this host's. */
export function hasSession(headers: Headers): boolean {
  return [SECURE_NAME, PLAIN_NAME].some((name) => readCookie(headers, name) !== undefined)
}

/** The first of the name: a browser sends the one with the longest path first, and ours has none. */
function readCookie(headers: Headers, name: string): string | undefined {
  for (const pair of (headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at >= 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
