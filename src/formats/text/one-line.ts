/**
 * Makes a text fit for lists, which clients print on terminals. Blanks replace control characters, line
 * separators and the characters that turn the direction of text.
 */
export function oneLine(text: string): string {
  const printable = text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    ' ',
  )
  return printable.replace(/ +/g, ' ').trim()
}
