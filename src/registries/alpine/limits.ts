// What an upload may weigh; what a package may hold is said in format/package.ts. The README lists
// both under Limits.
import type { BodyLimits } from '../../core/blobs/body.ts'

/** Cloudflare takes 100 MB on its Free and Pro plans and refuses more before the Worker runs. */
export const BODY_LIMITS: BodyLimits = { bodyBytes: 100_000_000, stallMs: 60_000 }
