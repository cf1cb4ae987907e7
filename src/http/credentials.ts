// PURE: the Authorization header, in the three spellings that clients use. It parses and decides
// nothing: what is not one of them counts as no credentials.

/**
 * The secret that the request carries: the password of Basic (apk, curl, netrc; any user name), the
 * token of Bearer, or that of `token`, as Gitea's scripts send it.
 */
export function parseCredentials(header: string | null): string | undefined {
  const match = /^\s*(basic|bearer|token)\s+(\S+)\s*$/i.exec(header ?? '')
  const value = match?.[2]
  if (match === null || value === undefined) return undefined
  return match[1]?.toLowerCase() === 'basic' ? parseBasic(value) : value
}

const STRICT = { fatal: true, ignoreBOM: true }

/** RFC 7617: everything after the first colon is the password; a user name alone has none. */
function parseBasic(base64: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const text = new TextDecoder('utf-8', STRICT).decode(bytes)
    const colon = text.indexOf(':')
    return colon < 0 || colon === text.length - 1 ? undefined : text.slice(colon + 1)
  } catch {
    return undefined
  }
}
