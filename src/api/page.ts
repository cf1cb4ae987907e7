// Paging by `page` (from 1) and `limit`, as in Forgejo's API.
import type { Page } from '../core/owners.ts'
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
