// Links to the other pages of a list, which keep the search as it is: by number as far as a page by number reaches,
// and behind that by the entry that the next page follows.
import { MAX_OFFSET } from '../../core/packages/lists.ts'

interface PaginationProps {
  readonly url: URL
  /** From 1. */
  readonly page: number
  /** Entries of a page. */
  readonly size: number
  /** Entries of all pages; undefined where nobody counted them. */
  readonly total?: number
  /** Whether another page follows, where the total does not say so. */
  readonly more?: boolean
  /** The place of the page's last entry, in lists that go on behind the pages by number. */
  readonly last?: string | undefined
}

export function Pagination({ url, page, size, total, more = false, last }: PaginationProps) {
  const pages = total === undefined ? undefined : Math.max(1, Math.ceil(total / size))
  const follows = pages === undefined ? more : page < pages
  if (page === 1 && !follows) return null
  const reach = reachOf(size)
  const next =
    page < reach
      ? pathOf(url, page + 1)
      : last === undefined
        ? undefined
        : pathOf(url, page + 1, last)
  return (
    <nav class="pages" aria-label="Pages">
      {page > 1 && page - 1 <= reach && (
        <a class="button" rel="prev" href={pathOf(url, page - 1)}>
          Previous
        </a>
      )}
      {pages !== undefined && <Jumps url={url} pages={jumps(1, Math.min(page, reach + 1))} />}
      <span>
        Page {page.toLocaleString('en')}
        {pages !== undefined && ` of ${Math.max(pages, page).toLocaleString('en')}`}
      </span>
      {pages !== undefined && (
        <Jumps url={url} pages={jumps(page + 1, Math.min(pages, reach) + 1)} />
      )}
      {follows && next !== undefined && (
        <a class="button" rel="next" href={next}>
          Next
        </a>
      )}
    </nav>
  )
}

function Jumps({ url, pages }: { readonly url: URL; readonly pages: readonly number[] }) {
  return (
    <>
      {pages.map((page) => (
        <a href={pathOf(url, page)} aria-label={`Page ${page}`}>
          {page}
        </a>
      ))}
    </>
  )
}

/** Some of the pages from the first up to before the end: both ends, and one half of the way. */
function jumps(first: number, end: number): readonly number[] {
  const middle = Math.floor((first + end - 1) / 2)
  const chosen = [first, middle, end - 1].filter((page) => page >= first && page < end)
  return [...new Set(chosen)]
}

/** The last page that is found by its number. */
function reachOf(size: number): number {
  return Math.floor(MAX_OFFSET / size) + 1
}

export interface AskedPage {
  /** From 1. */
  readonly page: number
  readonly offset: number
  /** The entry that the page follows; then the number is for people alone. */
  readonly after?: string
}

const MAX_AFTER = 1000

/**
 * The page that the address names: the first for what is no number, and the last that is found by its number.
 * @param size entries of a page
 * @param follows whether a page of the list may follow an entry
 */
export function parsePage({ searchParams }: URL, size: number, follows = false): AskedPage {
  const text = searchParams.get('page') ?? ''
  const after = searchParams.get('after') ?? ''
  const page = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 1
  if (follows && after !== '' && after.length <= MAX_AFTER) return { page, offset: 0, after }
  const reached = Math.min(page, reachOf(size))
  return { page: reached, offset: (reached - 1) * size }
}

function pathOf(url: URL, page: number, after?: string): string {
  const query = new URLSearchParams(url.search)
  query.delete('page')
  query.delete('after')
  if (page > 1) query.set('page', String(page))
  if (after !== undefined) query.set('after', after)
  const text = query.toString()
  return text === '' ? url.pathname : `${url.pathname}?${text}`
}
