import type { Digests } from '../digests.ts'

/** Bytes that lie in R2 under a fresh key and are not visible yet. */
export interface StagedBlob extends Digests {
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  /** Unix milliseconds. */
  readonly stagedAt: number
}
