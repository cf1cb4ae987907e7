// Paging by `page` (from 1) and `limit`, with `X-Total-Count` and `Link`, as in Forgejo's API.
import type { Page } from '../core/owners.ts'
import { COUNT, type QueryParameter, TEXT } from '../http/operation.ts'
import { invalid } from './json.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 100
const MAX_PAGE = 1_000_000

/** @throws RegistryError invalid-request */
export function parsePage(url: URL): Page {
  const limit = parseNumber(url, 'limit', DEFAULT_LIMIT, MAX_LIMIT)
  return { limit, offset: (parseNumber(url, 'page', 1, MAX_PAGE) - 1) * limit }
}

function parseNumber(url: URL, name: string, fallback: number, max: number): number {
  const value = url.searchParams.get(name)
  if (value === null) return fallback
  const number = /^\d{1,9}$/.test(value) ? Number(value) : 0
  if (number >= 1 && number <= max) return number
  throw invalid(`${name} must be a number from 1 to ${max}`)
}

/** What a page says of the whole list, and where the other pages are (RFC 8288). */
export function pageHeaders(url: URL, { limit, offset }: Page, total: number) {
  const page = offset / limit + 1
  const last = Math.max(1, Math.ceil(total / limit))
  const links = [
    ...(page < last ? [link(url, page + 1, 'next'), link(url, last, 'last')] : []),
    ...(page > 1 ? [link(url, 1, 'first'), link(url, Math.min(page - 1, last), 'prev')] : []),
  ]
  const count = { 'x-total-count': String(total) }
  return links.length === 0 ? count : { ...count, link: links.join(', ') }
}

function link(url: URL, page: number, relation: string): string {
  const target = new URL(url)
  target.searchParams.set('page', String(page))
  return `<${target.href}>; rel="${relation}"`
}

export const PAGE_QUERY: Readonly<Record<string, QueryParameter>> = {
  page: {
    description: 'Which page, from 1.',
    schema: { type: 'integer', minimum: 1, maximum: MAX_PAGE, default: 1 },
  },
  limit: {
    description: 'How many a page has.',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
  },
}

export const PAGE_HEADERS: Readonly<Record<string, QueryParameter>> = {
  'X-Total-Count': { description: 'How many there are on all pages.', schema: COUNT },
  Link: {
    description: 'The next, last, first and previous page, where there is one.',
    schema: TEXT,
  },
}
