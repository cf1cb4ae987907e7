// The README of a package as it is kept: a text of bounded length.

export interface Readme {
  /** As it was published, such as `README.md`. */
  readonly fileName: string
  readonly text: string
}

/** Bytes; of a longer one the beginning is kept. */
export const README_BYTES = 64 * 1024
const FILE_NAME_CHARACTERS = 255

/** What is kept of a README; undefined for one without a text. */
export function keptReadme(
  text: string | undefined,
  fileName: string | undefined,
): Readme | undefined {
  if (text === undefined || text === '') return undefined
  return {
    fileName: (fileName || 'README.md').slice(0, FILE_NAME_CHARACTERS).toWellFormed(),
    text: cut(text),
  }
}

/** Between two characters. */
function cut(text: string): string {
  const bytes = new Uint8Array(README_BYTES)
  const { read, written } = new TextEncoder().encodeInto(text, bytes)
  return read < text.length
    ? new TextDecoder().decode(bytes.subarray(0, written))
    : text.toWellFormed()
}
