// Packages as large as the registry takes, of bytes that do not compress.
import { randomBytes } from 'node:crypto'
import { buildApk } from './builder.ts'

export const largeSize: number = 90 * 1024 * 1024

/** A right package with one file of that size; a second call gives other bytes. */
export function buildLargeApk(name: string, size: number = largeSize): Uint8Array {
  // Repeated, since random bytes cost more than what the tests do with them. Farther apart than
  // gzip looks back, so it cannot make them small.
  const block = randomBytes(1024 * 1024)
  const content = Buffer.concat(Array.from({ length: Math.ceil(size / block.length) }, () => block))
  const files = [{ path: 'usr/share/large', content: content.subarray(0, size) }]
  // What level 1 makes of such bytes, 2 s of processor time sooner.
  return buildApk({ name, files, gzip: { level: 0 } })
}
