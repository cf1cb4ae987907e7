// What an index entry may weigh; what a package may hold is said in format/package.ts, and how large
// an upload may be in http/body-limits.ts. The README lists all of them under Limits.

/**
 * Bytes of an index entry as D1 gets it, in JSON within JSON. D1 takes 2 MB per parameter, and the
 * largest entries of Alpine stay below 100 kB.
 */
export const METADATA_BYTES = 512 * 1024
