// PURE: words for a shell and for YAML. What reaches them was checked before (place.ts) and needs no
// quotes; they are the second lock, for the day on which a grammar is widened.

/** Words that a shell and YAML read as they stand. Neither `~` nor `=` may come first. */
const PLAIN = /^[A-Za-z0-9_./:@%+-][A-Za-z0-9_./:@%+=~-]*$/

/** One word of a shell, whatever it holds. */
export function quoteShell(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * A scalar of YAML, always in quotes: bare ones can be numbers, booleans or dates.
 * @throws Error for text of several lines, which single quotes would fold
 */
export function quoteYaml(text: string): string {
  if (/[\n\r]/.test(text)) throw new Error('more than a line of YAML')
  return `'${text.replaceAll("'", "''")}'`
}
