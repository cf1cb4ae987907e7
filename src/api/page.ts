// Paging by `page` (from 1) and `limit`, with `X-Total-Count` and `Link`, as in Forgejo's API.
import { invalidRequest } from '../core/errors.ts'
import type { Page } from '../core/owners.ts'
import { COUNT, type QueryParameter, TEXT } from '../http/operation.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 100
const MAX_PAGE = 1_000_000

/** @throws RegistryError invalid-request */
export function parsePage(url: URL): Page {
  const limit = parseNumber(url, 'limit', { fallback: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT })
  const page = parseNumber(url, 'page', { fallback: 1, min: 1, max: MAX_PAGE })
  return { limit, offset: (page - 1) * limit }
}

interface NumberRange {
  readonly fallback: number
  readonly min: number
  readonly max: number
}

/** @throws RegistryError invalid-request */
export function parseNumber(url: URL, name: string, { fallback, min, max }: NumberRange): number {
  const value = url.searchParams.get(name)
  if (value === null) return fallback
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw invalidRequest(`${name} must be a number from ${min} to ${max}`)
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
