import type { Rest } from '../../../../src/core/packages/rest.ts'

/** Removed names take other bytes at once. */
export const NO_REST: Rest = { milliseconds: 0, over: async () => {} }
