// PURE: what an owner has and may have, in the quantities that are counted for each owner.

/** The columns of `owner_usage`, and the names that the API gives them. */
export const QUANTITIES = [
  'files',
  'metadata_bytes',
  'file_bytes',
  'repositories',
  'tokens',
] as const
export type Quantity = (typeof QUANTITIES)[number]

/** How much of each; of a change, how much more or, below zero, less. */
export type Usage = Readonly<Record<Quantity, number>>

export const NO_USAGE: Usage = {
  files: 0,
  metadata_bytes: 0,
  file_bytes: 0,
  repositories: 0,
  tokens: 0,
}

/** What a file is charged for. */
export interface ChargedFile {
  /** Of its metadata and its properties. */
  readonly metadataBytes: number
  /** Bytes of the file itself, whether another one has the same or not. */
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
  // Of every quantity exactly one, which fromEntries cannot know.
  return Object.fromEntries(entries) as Record<Quantity, number>
}
