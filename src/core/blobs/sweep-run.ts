// What one run of the sweep works on and counts.

/** What a run did, for the log and the bill. */
export interface SweepReport {
  /** R2 lists, of up to 1,000 keys each. */
  lists: number
  /** Keys that the lists named. */
  listed: number
  /** Objects that were staged and never committed. */
  abandoned: number
  /** Contents without a file whose rows were deleted. */
  unreferenced: number
  /** Objects deleted in all, each with its list. */
  deleted: number
}

export interface SweepRun {
  readonly db: D1Database
  readonly bucket: R2Bucket
  /** What database and bucket both carried when the run began (core/deployment). */
  readonly marker: string
  /** Unix milliseconds. */
  readonly now: number
  readonly report: SweepReport
}

/**
 * Batches of rows that a run takes of each kind: D1 answers 1,000 queries an invocation, and what is staged
 * has to have its turn. What is left waits for the next run.
 */
export const BATCHES_PER_RUN = 50
