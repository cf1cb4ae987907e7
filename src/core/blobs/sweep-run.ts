// The inputs and the counts of one run of the sweep.

/** The work of one run, for the log and the bill. */
export interface SweepReport {
  /** Calls of R2's list, of up to 1,000 keys each. */
  lists: number
  /** Keys that those calls returned. */
  listed: number
  /** Objects deleted that were staged and never committed. */
  abandoned: number
  /** Blobs without a file, of which the run deleted the rows. */
  unreferenced: number
  /** Objects deleted in all, each with its list of contents. */
  deleted: number
}

export interface SweepRun {
  readonly db: D1Database
  readonly bucket: R2Bucket
  /** The marker that database and bucket carried when the run began (core/deployment). */
  readonly marker: string
  /** Unix milliseconds. */
  readonly now: number
  readonly report: SweepReport
}

/**
 * Batches of rows that a run takes of each kind: D1 answers 1,000 queries an invocation, and staged objects
 * need some of them. The next run takes the remaining rows.
 */
export const BATCHES_PER_RUN = 50
