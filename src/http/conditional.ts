// PURE: conditional and range requests (RFC 9110 13 and 14).

export interface Validators {
  /** With its quotes. */
  readonly etag: string
  /** Unix milliseconds of the last change. */
  readonly changedAt: number
  /**
   * For clients that send the time of their own clock as If-Modified-Since, not our Last-Modified: by how
   * many milliseconds that clock may be wrong.
   */
  readonly clockErrorMs?: number | undefined
}

/**
 * Whether the client's copy is known to be current. If-None-Match rules where both are sent. A date counts
 * where it is the very Last-Modified that we sent: one of a client's own making, by a clock that runs
 * ahead, would miss changes for ever. With `clockErrorMs` it counts where it is past, and later than the
 * change by that much. Accepted: two contents that had one name within one second have one date.
 * @param now Unix milliseconds
 */
export function isNotModified(
  headers: Headers,
  { etag, changedAt, clockErrorMs }: Validators,
  now: number,
): boolean {
  const match = headers.get('if-none-match')
  if (match !== null) return matchesEtag(match, etag)
  const since = parseDate(headers.get('if-modified-since'))
  if (since === undefined) return false
  if (clockErrorMs === undefined) return since === lastModified(changedAt)
  return since <= now && since >= changedAt + clockErrorMs
}

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/**
 * The one range asked for; undefined for the whole file, which is also the answer to several
 * ranges, to another unit and to an If-Range that does not hold.
 */
export function parseRange(
  headers: Headers,
  size: number,
  validators: Validators,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range')?.trim() ?? '')
  if (match === null || !holdsIfRange(headers.get('if-range'), validators)) return undefined
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { offset: size - length, length }
  }
  const offset = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < offset) return undefined
  return offset >= size ? 'unsatisfiable' : { offset, length: end - offset + 1 }
}

function holdsIfRange(header: string | null, { etag, changedAt }: Validators): boolean {
  if (header === null) return true
  if (header.includes('"')) return header.trim() === etag
  return parseDate(header) === lastModified(changedAt)
}

/** A header has whole seconds. */
function lastModified(changedAt: number): number {
  return Math.floor(changedAt / 1000) * 1000
}

function matchesEtag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}

function parseDate(header: string | null): number | undefined {
  const time = header === null ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : time
}
