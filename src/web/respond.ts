// A page as a response: its security policy, and how long whom may keep it.
import { sha256 } from '../core/digests.ts'
import { isNotModified } from '../http/conditional.ts'
import type { Call } from '../http/endpoint.ts'
import { formatDocument, type PageContent } from './layout.tsx'
import { viewerOf } from './viewer.ts'

/** Nothing but this origin's style and script, and nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  // The upload's progress.
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  // Forms of a page without it would come from an origin "null".
  'referrer-policy': 'same-origin',
  vary: 'Accept, Authorization, Cookie',
}

/** What a form did, said on the page that it leads to. */
const NOTICES: ReadonlyMap<string | null, string> = new Map([
  ['removed', 'Removed.'],
  ['revoked', 'The token is revoked: it is dead from now on.'],
  ['changed', 'Changed.'],
  ['deleted', 'The owner is deleted.'],
])

/** After a form that did what it should. */
export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}

/** The page for whoever asks, with the header that says who they are. */
export function pageResponse(call: Call, content: PageContent, status = 200): Response {
  const { request, url, owner, principal } = call
  const here = `${url.pathname}${url.search}`
  const notice = NOTICES.get(url.searchParams.get('notice'))
  const text = formatDocument({ ...content, notice, viewer: viewerOf(call), here })
  const open = principal.kind === 'anonymous' && owner?.visibility !== 'private'
  const headers = new Headers({
    ...PAGE_HEADERS,
    'cache-control': open ? 'public, no-cache' : 'private, no-store',
    'server-timing': `db;dur=${call.databaseMs}`,
  })
  if (!open || status !== 200) return new Response(text, { status, headers })
  const etag = `"${sha256(text).slice(0, 32)}"`
  // Weak, since what stands between may compress it.
  headers.set('etag', `W/${etag}`)
  const fresh = isNotModified(request.headers, { etag, changedAt: Number.POSITIVE_INFINITY }, 0)
  return fresh ? new Response(null, { status: 304, headers }) : new Response(text, { headers })
}
