// Bounds the README that the registry keeps of a package.

export interface Readme {
  /** The file's name as it was published, such as `README.md`. */
  readonly fileName: string
  readonly text: string
}

/** Bytes of a README, at most. The registry keeps the beginning of a longer one. */
export const README_BYTES = 64 * 1024
const FILE_NAME_CHARACTERS = 255

/** The part of a README that the registry keeps; undefined without a text. */
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

/** Cuts the text at README_BYTES, never inside a character. */
function cut(text: string): string {
  const bytes = new Uint8Array(README_BYTES)
  const { read, written } = new TextEncoder().encodeInto(text, bytes)
  return read < text.length
    ? new TextDecoder().decode(bytes.subarray(0, written))
    : text.toWellFormed()
}
