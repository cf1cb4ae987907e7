// Paging by `page` (from 1) and `limit`, with `X-Total-Count` and `Link`, as in Forgejo's API.
import { invalidRequest } from '../core/errors.ts'
import type { Page } from '../core/owners.ts'
import { MAX_OFFSET } from '../core/packages/lists.ts'
import { COUNT, type QueryParameter, type Schema, TEXT } from '../http/operation.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 100
const MAX_PAGE = 1_000_000

/**
 * A page and a size that no page has mean the nearest that one can have, as in Forgejo (modules/convert, ToCorrectPageSize):
 * its Go client asks for `limit=0` unless it is told a size, and for `page=0&limit=0` where it wants no pages.
 * @throws RegistryError invalid-request
 */
export function parsePage(url: URL): Page {
  const limit = parseLimit(url)
  const page = Math.min(Math.max(parseInteger(url, 'page', 1), 1), MAX_PAGE)
  return { limit, offset: (page - 1) * limit }
}

/** How many entries a page has. @throws RegistryError invalid-request */
export function parseLimit(url: URL): number {
  const size = parseInteger(url, 'limit', DEFAULT_LIMIT)
  return size < 1 ? DEFAULT_LIMIT : Math.min(size, MAX_LIMIT)
}

/** @throws RegistryError invalid-request */
function parseInteger(url: URL, name: string, fallback: number): number {
  const value = url.searchParams.get(name)
  if (value === null) return fallback
  if (/^-?\d+$/.test(value)) return Number(value)
  throw invalidRequest(`${name} must be an integer`)
}

const MAX_AFTER = 1000

/**
 * Of a list that goes on behind the pages that are found by number.
 * @throws RegistryError invalid-request
 */
export function parseLongPage(url: URL): Page {
  const after = url.searchParams.get('after')
  if (after === null) return parsePage(url)
  if (after === '' || after.length > MAX_AFTER) {
    throw invalidRequest('after must be as an answer gave it in Link')
  }
  return { ...parsePage(url), after }
}

const ID = /^[0-9]{1,15}$/

/** The same for lists of which an entry's place is its id. @throws RegistryError invalid-request */
export function parsePageById(url: URL): Page {
  const page = parseLongPage(url)
  if (page.after === undefined || ID.test(page.after)) return page
  throw invalidRequest('after must be as an answer gave it in Link')
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

export interface Listed {
  readonly total: number
  /** Whether more match than were counted. */
  readonly more?: boolean
  /** The place of the page's last entry, in a list that goes on behind it. */
  readonly last?: string | number | undefined
}

/**
 * What a page says of the whole list, and where the other pages are (RFC 8288): by number, and behind those by the
 * entry that they follow.
 */
export function pageHeaders(url: URL, { limit, offset }: Page, { total, more, last: end }: Listed) {
  const page = offset / limit + 1
  const last = Math.max(1, Math.ceil(total / limit))
  const reached = Math.floor(MAX_OFFSET / limit) + 1
  const before = Math.min(page - 1, last)
  const links = [
    ...(page < last && page < reached ? [link(url, page + 1, 'next')] : []),
    ...(page < last && page >= reached && end !== undefined
      ? [link(url, page + 1, 'next', String(end))]
      : []),
    ...(page < last && last <= reached ? [link(url, last, 'last')] : []),
    ...(page > 1 ? [link(url, 1, 'first')] : []),
    ...(page > 1 && before <= reached ? [link(url, before, 'prev')] : []),
  ]
  const count = { 'x-total-count': String(total), ...(more ? { 'x-total-more': 'true' } : {}) }
  return links.length === 0 ? count : { ...count, link: links.join(', ') }
}

function link(url: URL, page: number, relation: string, after?: string): string {
  const target = new URL(url)
  target.searchParams.set('page', String(page))
  target.searchParams.delete('after')
  if (after !== undefined) target.searchParams.set('after', after)
  return `<${target.href}>; rel="${relation}"`
}

/** Of lists without pages by number. */
export const LIMIT_QUERY = {
  limit: {
    description: `How many entries a page has: up to ${MAX_LIMIT}. A larger number means ${MAX_LIMIT}, and one below 1 means ${DEFAULT_LIMIT}.`,
    schema: { type: 'integer', default: DEFAULT_LIMIT },
  },
} as const

export const PAGE_QUERY: Readonly<Record<string, QueryParameter>> = {
  page: {
    description: 'Which page, from 1; a smaller number means the first one.',
    schema: { type: 'integer', default: 1 },
  },
  ...LIMIT_QUERY,
}

/** Of lists that go on behind the pages that are found by number. */
export const LONG_PAGE_QUERY = pageQuery({ type: 'string', minLength: 1, maxLength: MAX_AFTER })

/** Likewise where an entry's place is its id. */
export const PAGE_BY_ID_QUERY = pageQuery({ type: 'string', pattern: ID.source })

/** @param after what `after` can be */
function pageQuery(after: Schema): typeof PAGE_QUERY {
  const description = `Behind the first ${MAX_OFFSET} entries: the entry before the page, as \`Link\` gives it.`
  return { ...PAGE_QUERY, after: { description, schema: after } }
}

export const NEXT_HEADER = {
  Link: { description: 'The next page, where there is one.', schema: TEXT },
} as const

export const PAGE_HEADERS: Readonly<Record<string, QueryParameter>> = {
  'X-Total-Count': { description: 'How many there are on all pages.', schema: COUNT },
  'X-Total-More': {
    description: '`true` where a search stopped counting at 1,000: narrow it.',
    schema: TEXT,
  },
  Link: {
    description: 'The next, last, first and previous page, where there is one.',
    schema: TEXT,
  },
}
