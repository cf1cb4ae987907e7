// PURE: writes words for a shell and for YAML. Their texts were checked before (place.ts) and need no
// quotes. Quoting is the second barrier, in case somebody widens a grammar later.

/** Words that a shell and YAML read as they stand. Neither `~` nor `=` may come first. */
const PLAIN = /^[A-Za-z0-9_./:@%+-][A-Za-z0-9_./:@%+=~-]*$/

/** Writes one word for a shell, with quotes where the text needs them. */
export function quoteShell(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * Writes a scalar of YAML, always in quotes: a bare one can be read as a number, a boolean or a date.
 * @throws Error for text of several lines, which single quotes would fold
 */
export function quoteYaml(text: string): string {
  if (/[\n\r]/.test(text)) throw new Error('the text for YAML has more than one line')
  return `'${text.replaceAll("'", "''")}'`
}
