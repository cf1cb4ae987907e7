// What browsers and robots ask every site for.
import type { Endpoint } from '../http/endpoint.ts'
import { FAVICON } from './components/logo.tsx'

const KEEP = 'public, max-age=86400'

/** Pages may be found; searches and the API are endless and no pages. */
const ROBOTS = `User-agent: *
Disallow: /api/
Disallow: /-/
Disallow: /*?
`

export const siteEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/favicon.ico',
    access: 'open',
    summary: 'The icon of the pages, SVG',
    handler: async () => respond(FAVICON, 'image/svg+xml'),
  },
  {
    method: 'GET',
    path: '/robots.txt',
    access: 'open',
    summary: 'What robots should leave alone',
    handler: async () => respond(ROBOTS, 'text/plain; charset=utf-8'),
  },
]

function respond(text: string, contentType: string): Response {
  return new Response(text, {
    headers: { 'content-type': contentType, 'cache-control': KEEP },
  })
}
