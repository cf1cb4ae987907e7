// What the body of an upload may weigh, whatever its type. docs/operate.md lists it under Limits.
import type { BodyLimits } from '../core/blobs/body.ts'

/** Cloudflare takes 100 MB on its Free and Pro plans and refuses more before the Worker runs. */
export const UPLOAD_LIMITS: BodyLimits = {
  bodyBytes: 100_000_000,
  stallMs: 60_000,
  totalMs: 45 * 60_000,
}
