// PURE: the quantities that are counted for each owner, and sums of them.

/** The columns of `owner_usage`, and the names that the API gives them. */
export const QUANTITIES = [
  'files',
  'metadata_bytes',
  'file_bytes',
  'repositories',
  'tokens',
] as const
export type Quantity = (typeof QUANTITIES)[number]

/** An amount of each quantity. For a change, the amounts that it adds, or subtracts if they are negative. */
export type Usage = Readonly<Record<Quantity, number>>

export const NO_USAGE: Usage = {
  files: 0,
  metadata_bytes: 0,
  file_bytes: 0,
  repositories: 0,
  tokens: 0,
}

/** The sizes by which an owner is charged for a file. */
export interface ChargedFile {
  /** Bytes of the file's metadata and properties. */
  readonly metadataBytes: number
  /** Bytes of the file itself, also if another file has the same content. */
  readonly size: number
}

export function usageOfFile({ metadataBytes, size }: ChargedFile): Usage {
  return { ...NO_USAGE, files: 1, metadata_bytes: metadataBytes, file_bytes: size }
}

export function addUsage(first: Usage, second: Usage): Usage {
  return combine(first, second, (a, b) => a + b)
}

export function subtractUsage(from: Usage, what: Usage): Usage {
  return combine(from, what, (a, b) => a - b)
}

function combine(first: Usage, second: Usage, by: (a: number, b: number) => number): Usage {
  const entries = QUANTITIES.map((each) => [each, by(first[each], second[each])] as const)
  // The entries have every quantity exactly once, which the type of fromEntries cannot express.
  return Object.fromEntries(entries) as Record<Quantity, number>
}
