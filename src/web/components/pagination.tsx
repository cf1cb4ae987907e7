// Links to the page before and after, which keep the search as it is.

interface PaginationProps {
  readonly url: URL
  /** From 1. */
  readonly page: number
  readonly more: boolean
}

export function Pagination({ url, page, more }: PaginationProps) {
  if (page === 1 && !more) return null
  return (
    <nav class="pages" aria-label="Pages">
      {page > 1 && (
        <a class="button" rel="prev" href={pathOf(url, page - 1)}>
          Previous
        </a>
      )}
      <span>Page {page}</span>
      {more && (
        <a class="button" rel="next" href={pathOf(url, page + 1)}>
          Next
        </a>
      )}
    </nav>
  )
}

/** Deeper pages are asked for by a search, which has an index. */
const MAX_PAGE = 200

/** The page that the address names, 1 for what is no number. */
export function parsePageNumber(url: URL): number {
  const text = url.searchParams.get('page') ?? ''
  return /^[1-9]\d{0,2}$/.test(text) ? Math.min(Number(text), MAX_PAGE) : 1
}

function pathOf(url: URL, page: number): string {
  const query = new URLSearchParams(url.search)
  query.delete('page')
  if (page > 1) query.set('page', String(page))
  const text = query.toString()
  return text === '' ? url.pathname : `${url.pathname}?${text}`
}
