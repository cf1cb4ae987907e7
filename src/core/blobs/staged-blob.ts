/** Bytes that lie in R2 under a fresh key and are not visible yet. */
export interface StagedBlob {
  readonly r2Key: string
  /** Bytes. */
  readonly size: number
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
  readonly sha512: string
  /** Unix milliseconds. */
  readonly stagedAt: number
}
