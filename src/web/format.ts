// PURE: how pages write sizes, times and counts.

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const

/** `999 bytes`, `12.3 kB`, `1.2 MB`: units of 1000, three digits. */
export function formatBytes(size: number): string {
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

/** `2026-11-23`, UTC. @param at Unix milliseconds */
export function formatDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** `2026-11-23 09:05 UTC`. @param at Unix milliseconds */
export function formatInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `1 package`, `2 packages`. */
export function formatCount(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`
}
