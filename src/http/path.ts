// PURE: paths of pages and of the API, made of names that may hold anything.

/** The document of the API, and its reference, where problems are explained too. */
export const DOCUMENT_PATH = '/api/v1/openapi.json'
export const PROBLEMS_PATH = '/api/v1/docs'

/** A path of these segments, each percent-encoded. */
export function formatPath(...segments: readonly string[]): string {
  return `/${segments.map(encodeSegment).join('/')}`
}

/** `@`, `+`, `:` and `,` may stand in a path as they are (RFC 3986 3.3), and are easier to read so. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/%(40|2B|3A|2C)/g, decodeURIComponent)
}

/** The page of a package's latest version, or of the one that is named, where Forgejo has it too. */
export function packagePagePath(
  owner: string,
  type: string,
  name: string,
  version?: string,
): string {
  const rest = version === undefined ? [] : [version]
  return formatPath(owner, '-', 'packages', type, name, ...rest)
}
