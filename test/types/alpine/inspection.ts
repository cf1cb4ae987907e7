// Packages built and inspected, as the tests of single rules need them.
import { generateKeyPairSync } from 'node:crypto'
import {
  inspectPackage,
  type PackageLimits,
  packageLimits,
} from '../../../src/types/alpine/format/package.ts'
import type { InspectedPackage } from '../../../src/types/alpine/format/package-info.ts'
import { chunked } from '../../unit/formats/streams.ts'
import { type ApkSignature, type ApkSpec, buildApk } from './builder.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

export const sign: ApkSignature = { privateKeyPem, keyName: 'me@example.org-1.rsa.pub' }

export function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** @param size bytes of the chunks that the package comes in */
export function inspect(
  bytes: Uint8Array,
  limits: Partial<PackageLimits> = {},
  size = 65_536,
): Promise<InspectedPackage> {
  return inspectPackage(chunked(bytes, size), { ...packageLimits, ...limits })
}

export function build(spec: ApkSpec, limits?: Partial<PackageLimits>): Promise<InspectedPackage> {
  return inspect(buildApk(spec), limits)
}
