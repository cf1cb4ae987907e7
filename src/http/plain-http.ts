// What came over plain http, which anybody on the way could read and answer: a custom domain passes it on unless its
// zone does not. Nothing is answered to it but where to go. `npm start`, which has no certificate, allows it.
import { RegistryError } from '../core/errors.ts'
import type { Env } from '../env.ts'
import type { CredentialPlace } from './credentials.ts'
import { hasSession } from './session.ts'

/** Browsers and clients that have seen it for a year use https by themselves (RFC 6797). */
export const HSTS = 'max-age=31536000'

export function isPlain({ url }: Pick<Request, 'url'>): boolean {
  return url.startsWith('http:')
}

/**
 * Where a reader without credentials goes. 301 and not 308, which old clients do not know, and which means the same
 * for GET and HEAD.
 * @param places where the clients of this path send a token beside Authorization
 * @returns undefined where the request may be answered
 * @throws RegistryError https-required for what may have brought a secret, or a body
 */
export function redirectToHttps(
  request: Request,
  { PLAIN_HTTP }: Env,
  places: readonly CredentialPlace[] = [],
): Response | undefined {
  if (!isPlain(request) || PLAIN_HTTP === 'allow') return undefined
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const { hostname, pathname, search, searchParams } = new URL(request.url)
  if (!reads || bringsCredentials(request, searchParams, places)) {
    throw new RegistryError({ code: 'https-required' })
  }
  // A port of http answers no https.
  const location = `https://${hostname}${pathname}${search}`
  return new Response(null, { status: 301, headers: { location, 'cache-control': 'no-store' } })
}

/** Also such as are wrong: somebody meant them. */
function bringsCredentials(
  { headers }: Request,
  query: URLSearchParams,
  places: readonly CredentialPlace[],
): boolean {
  if (headers.has('authorization') || hasSession(headers)) return true
  return places.some((place) => {
    if (typeof place === 'string') return false
    return 'header' in place ? headers.has(place.header) : query.has(place.query)
  })
}
