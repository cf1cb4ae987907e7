// PURE: conditional and range requests (RFC 9110 13 and 14), with more distrust of client clocks.

export interface Validators {
  /** With its quotes. */
  readonly etag: string
  /** Unix milliseconds of the last change. */
  readonly changedAt: number
}

/**
 * apk sends as If-Modified-Since the local time of its own last check, not our Last-Modified
 * (apk-tools src/database.c, libfetch): a clock that runs ahead would miss changes for ever. So a
 * 304 needs a time that is past, and later than the change by the clock error that we tolerate.
 */
const CLOCK_ERROR_MS = 60 * 60 * 1000

/** Whether the client's copy is known to be current. If-None-Match rules where both are sent. */
export function isNotModified(
  headers: Headers,
  { etag, changedAt }: Validators,
  now: number,
): boolean {
  const match = headers.get('if-none-match')
  if (match !== null) return matchesEtag(match, etag)
  const since = parseDate(headers.get('if-modified-since'))
  return since !== undefined && since <= now && since >= changedAt + CLOCK_ERROR_MS
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
  return parseDate(header) === Math.floor(changedAt / 1000) * 1000
}

function matchesEtag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}

function parseDate(header: string | null): number | undefined {
  const time = header === null ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : time
}
