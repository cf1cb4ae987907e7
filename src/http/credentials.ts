// PURE: the one secret that a request carries. It parses and decides nothing: what is in none of the
// places counts as no credentials.
import { isTokenText } from '../core/access/token-text.ts'

/**
 * Where the clients of a package type send a token, beside the Authorization header as everybody
 * sends it.
 * - `header`: the whole value of a header
 * - `query`: a parameter of the query, which handlers never see (`removeQuerySecrets`)
 * - `bare`: Authorization without a scheme, as cargo sends it
 * - `basic-user`: the user name of Basic, where the password is empty or absent
 *
 * The last two count only where the text has the shape of an access token (core/access/token-text.ts):
 * any word could stand there.
 */
export type CredentialPlace =
  | { readonly header: string }
  | { readonly query: string }
  | 'bare'
  | 'basic-user'

/**
 * The secret of the first place that holds one: Authorization in a standard scheme, then the places in
 * their order. What further places hold is not looked at, so that a request tests one guess, which
 * the limiter counts. Different secrets are no 400: NuGet's users send a word that means nothing as
 * API key beside the Basic of their configuration. Authorization wins because it is the one place
 * that caches and proxies know to hold credentials (RFC 9111 3.5).
 */
export function findCredentials(
  { headers, url }: Pick<Request, 'headers' | 'url'>,
  places: readonly CredentialPlace[] = [],
): string | undefined {
  const authorization = headers.get('authorization')
  const standard = parseCredentials(authorization)
  if (standard !== undefined) return standard
  for (const place of places) {
    const found = findIn(place, authorization ?? '', headers, url)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Takes out of an address what clients send as a secret in its query.
 * @returns whether there was such a parameter, be it empty
 */
export function removeQuerySecrets(url: URL, places: readonly CredentialPlace[] = []): boolean {
  let found = false
  for (const place of places) {
    if (typeof place === 'string' || !('query' in place)) continue
    if (!url.searchParams.has(place.query)) continue
    url.searchParams.delete(place.query)
    found = true
  }
  return found
}

/**
 * The secret of an Authorization header in the three spellings that clients use: the password of Basic
 * (apk, curl, netrc; any user name), the token of Bearer, or that of `token`, as Gitea's scripts send it.
 */
export function parseCredentials(header: string | null): string | undefined {
  const match = /^\s*(basic|bearer|token)\s+(\S+)\s*$/i.exec(header ?? '')
  const value = match?.[2]
  if (match === null || value === undefined) return undefined
  if (match[1]?.toLowerCase() !== 'basic') return value
  return parseBasic(value)?.password || undefined
}

function findIn(
  place: CredentialPlace,
  authorization: string,
  headers: Headers,
  url: string,
): string | undefined {
  if (place === 'bare') return tokenIn(authorization.trim())
  if (place === 'basic-user') {
    const [, value] = /^\s*basic\s+(\S+)\s*$/i.exec(authorization) ?? []
    const basic = value === undefined ? undefined : parseBasic(value)
    return basic === undefined || basic.password !== '' ? undefined : tokenIn(basic.user)
  }
  if ('header' in place) return headers.get(place.header)?.trim() || undefined
  return new URL(url).searchParams.getAll(place.query).find((value) => value !== '')
}

function tokenIn(text: string): string | undefined {
  return isTokenText(text) ? text : undefined
}

const STRICT = { fatal: true, ignoreBOM: true }

/** RFC 7617: everything after the first colon is the password; a user name alone has none. */
function parseBasic(
  base64: string,
): { readonly user: string; readonly password: string } | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const text = new TextDecoder('utf-8', STRICT).decode(bytes)
    const colon = text.indexOf(':')
    if (colon < 0) return { user: text, password: '' }
    return { user: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch {
    return undefined
  }
}
