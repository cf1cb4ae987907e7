// A fault as a page, for browsers: what is wrong, and where to go from there, which is never the same fault again.
// Readers who may not see the pages of an owner are asked to sign in, the same whether the owner is private or does not
// exist.

import { findOwnerName } from '../core/names.ts'
import type { PageProblem } from '../http/problem.ts'
import { sentence } from './components/form.tsx'
import { EmptyState } from './components/pieces.tsx'
import { formatDocument } from './layout.tsx'
import { ownerPath, searchPath, signInPath } from './paths.ts'
import { PAGE_HEADERS } from './respond.ts'

const TITLES: Readonly<Record<number, string>> = {
  400: 'That does not work',
  401: 'Please sign in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'That does not work here',
  409: 'That clashes',
  413: 'Too large',
  429: 'Too many attempts',
  503: 'Not available right now',
}

/** The response without the headers that the fault itself asks for. */
export function problemPage({ fault, status, text, request }: PageProblem): Response {
  const url = new URL(request.url)
  const here = `${url.pathname}${url.search}`
  const ownerName = ownerIn(url)
  const get = request.method === 'GET' || request.method === 'HEAD'
  if (
    fault.code === 'unauthorized' &&
    get &&
    (ownerName !== undefined || url.pathname.startsWith('/-/'))
  ) {
    const location = signInPath(here)
    return new Response(null, { status: 303, headers: { location } })
  }
  const shown = fault.code === 'unauthorized' && get ? NOT_FOUND : { status, text }
  const isUnknownOwner = fault.code === 'not-found' && fault.owner === true
  const title = TITLES[shown.status] ?? 'Something went wrong'
  const body = (
    <EmptyState title={title} level={1}>
      <p>{sentence(shown.text)}</p>
      {isUnknownOwner && (
        <p>
          The name may be mistyped, or the owner private: then a token of {ownerName ?? 'it'} shows
          its pages.
        </p>
      )}
      <p>
        {LINKS_TO_OWNER.includes(shown.status) && ownerName !== undefined && !isUnknownOwner && (
          <>
            <a href={ownerPath(ownerName)}>All packages of {ownerName}</a>
            {' · '}
          </>
        )}
        {(shown.status === 401 || shown.status === 403 || isUnknownOwner) && (
          <>
            <a href={signInPath(get ? here : undefined)}>
              Sign in{shown.status === 401 ? '' : ' with another token'}
            </a>
            {' · '}
          </>
        )}
        <a href={isUnknownOwner ? searchPath(ownerName ?? '') : '/'}>
          {isUnknownOwner ? 'Search the public owners' : 'All public owners'}
        </a>
      </p>
    </EmptyState>
  )
  const page = formatDocument({ title, here, body })
  return new Response(page, { status: shown.status, headers: PAGE_HEADERS })
}

/** The page of the owner is there, whatever was refused of it. */
const LINKS_TO_OWNER: readonly number[] = [403, 404, 409]

/** A path whose owner nobody can be: signing in would change nothing. */
const NOT_FOUND = { status: 404, text: 'there is nothing at this path' }

function ownerIn(url: URL): string | undefined {
  const [, first = ''] = url.pathname.split('/')
  return findOwnerName(first)
}
