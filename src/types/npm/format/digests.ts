// The digests that a client claims of its tarball (`dist` of a manifest): SRI texts as in package-lock.json
// (https://www.w3.org/TR/SRI/), and the SHA-1 of older clients. A claim that is wrong means a file that was
// damaged on its way.
import { Buffer } from 'node:buffer'
import { fromBase64, toHex } from '../../../formats/bytes.ts'
import { type FormatError, invalidField, quote } from '../../../formats/format-error.ts'
import { isJsonObject, kindOf, memberOf } from '../../../formats/text/json-value.ts'

type Algorithm = keyof typeof LENGTHS

/** Bytes of a digest. */
const LENGTHS = { sha1: 20, sha256: 32, sha512: 64 } as const

export interface Claim {
  /** `dist.integrity`, as messages call it. */
  readonly field: string
  readonly algorithm: Algorithm
  /** Lower-case hex. */
  readonly hex: string
}

/** In lower-case hex. */
export type Digests = Readonly<Record<Algorithm, string>>

/**
 * @param dist of a manifest; it may be absent, and so may each claim
 * @throws FormatError `invalid-field`
 */
export function parseClaims(dist: unknown): readonly Claim[] {
  if (dist === undefined) return []
  if (!isJsonObject(dist))
    throw invalidField('dist', `dist is ${kindOf(dist)}`, 'make it an object')
  return [...parseIntegrity(memberOf(dist, 'integrity')), ...parseShasum(memberOf(dist, 'shasum'))]
}

/** @throws FormatError `invalid-field` */
export function checkClaims(claims: readonly Claim[], digests: Digests): void {
  const wrong = claims.find(({ algorithm, hex }) => digests[algorithm] !== hex)
  if (wrong === undefined) return
  const { field, algorithm, hex } = wrong
  const found = `${field} says ${algorithm} ${hex} and the tarball has ${digests[algorithm]}`
  throw invalidField(field, found, 'it was changed or damaged on its way, publish it again')
}

/** Digests of kinds that nobody computes here, such as sha384, are no claims. */
function parseIntegrity(value: unknown): readonly Claim[] {
  const field = 'dist.integrity'
  if (value === undefined) return []
  if (typeof value !== 'string') {
    throw invalidField(field, `${field} is ${kindOf(value)}`, 'make it a text such as "sha512-…"')
  }
  return value
    .split(/\s+/)
    .filter((item) => item !== '')
    .flatMap((item) => {
      const [, algorithm, base64] = /^([a-z0-9]+)-([^?]+)(?:\?.*)?$/.exec(item) ?? []
      const digest = fromBase64(base64 ?? '')
      if (algorithm === undefined || digest === undefined) throw notDigest(field, item)
      if (!isKnown(algorithm)) return []
      if (digest.length !== LENGTHS[algorithm]) throw notDigest(field, item)
      return { field, algorithm, hex: toHex(digest) }
    })
}

function parseShasum(value: unknown): readonly Claim[] {
  const field = 'dist.shasum'
  if (value === undefined) return []
  if (typeof value === 'string' && /^[0-9A-Fa-f]{40}$/.test(value)) {
    return [{ field, algorithm: 'sha1', hex: value.toLowerCase() }]
  }
  throw notDigest(field, typeof value === 'string' ? value : kindOf(value))
}

function isKnown(algorithm: string): algorithm is Algorithm {
  return Object.hasOwn(LENGTHS, algorithm)
}

function notDigest(field: string, value: string): FormatError {
  return invalidField(
    field,
    `${field} has ${quote(value)}, which is no digest`,
    'let the client write it',
  )
}

/** As documents and lock files have it. @param hex of SHA-512 */
export function formatIntegrity(hex: string): string {
  return `sha512-${Buffer.from(hex, 'hex').toString('base64')}`
}
