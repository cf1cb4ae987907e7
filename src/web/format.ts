// PURE: how pages write sizes, times and counts. Packages bring numbers of any size, and a page says
// what it has: none of these throws.

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const

/** What a page says in the place of a number or a date that is none. */
const UNKNOWN = 'unknown'

/** `999 bytes`, `12.3 kB`, `1.2 MB`: units of 1000, three digits. */
export function formatBytes(size: number): string {
  if (!(Number.isFinite(size) && size >= 0)) return UNKNOWN
  if (size === 1) return '1 byte'
  if (size < 1000) return `${size} bytes`
  let value = size
  let unit: string = 'bytes'
  for (const next of UNITS) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** As HTML has it, of the years 0 to 9999. @param at Unix milliseconds */
export function formatMachineTime(at: number): string | undefined {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return undefined
  const text = date.toISOString()
  // Other years have six digits and a sign.
  return /^[0-9]{4}-/.test(text) ? text : undefined
}

/** `2026-11-23`, UTC, or `unknown`. @param at Unix milliseconds */
export function formatDate(at: number): string {
  return formatMachineTime(at)?.slice(0, 10) ?? UNKNOWN
}

/** `2026-11-23 09:05 UTC`, or `unknown`. @param at Unix milliseconds */
export function formatInstant(at: number): string {
  const text = formatMachineTime(at)
  return text === undefined ? UNKNOWN : `${text.slice(0, 16).replace('T', ' ')} UTC`
}

/** `1 package`, `2 packages`. */
export function formatCount(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`
}
