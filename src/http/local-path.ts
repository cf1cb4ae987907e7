// PURE: where to go after signing in, which a link may say: a path of this origin and nothing else.

const LONGEST = 2000

/** The path and query that `value` names, undefined for what could lead anywhere else. */
export function parseLocalPath(value: string | null, url: URL): string | undefined {
  if (value === null || value.length > LONGEST || !/^\/[^\\\p{C}\s]*$/u.test(value))
    return undefined
  const target = URL.canParse(value, url.origin) ? new URL(value, url.origin) : undefined
  // Dots are taken out on the way, which can leave two slashes, and after those comes a host.
  if (target?.origin !== url.origin || target.pathname.startsWith('//')) return undefined
  return `${target.pathname}${target.search}`
}
