// What an upload may weigh; what a package may hold is said in format/package.ts. The README lists
// both under Limits.
import type { BodyLimits } from '../../core/blobs/body.ts'

/** Cloudflare takes 100 MB on its Free and Pro plans and refuses more before the Worker runs. */
export const BODY_LIMITS: BodyLimits = {
  bodyBytes: 100_000_000,
  stallMs: 60_000,
  totalMs: 45 * 60_000,
}

/**
 * Bytes of an index entry as D1 gets it, in JSON within JSON. D1 takes 2 MB per parameter, and the
 * largest entries of Alpine stay below 100 kB.
 */
export const METADATA_BYTES = 512 * 1024
