// The digests that a client states in headers of what it sends. Those of the body (RFC 9530, and before it RFC 3230
// and 1864) are of what was sent, whatever it holds; `X-Checksum-*`, as Maven, Gradle and the clients of Artifactory
// send them, are of the file in it. Repr-Digest is the body's likewise: no other encoding of a body is taken.
// Algorithms that nobody computes here are passed over, which RFC 9530 allows.
import { Buffer } from 'node:buffer'
import { DigestPump, type Digests, type FurtherDigest } from '../core/digests.ts'
import { invalidRequest } from '../core/errors.ts'
import { type ByteSource, fromBase64 } from '../formats/bytes.ts'

export interface ClaimedDigest {
  /** The header, as messages name it. */
  readonly header: string
  readonly algorithm: keyof Digests
  /** Lower-case hex. */
  readonly value: string
}

/** Characters of the digest in hex. */
const HEX_LENGTHS: Readonly<Record<keyof Digests, number>> = {
  ...{ md5: 32, sha1: 40, sha256: 64, sha512: 128 },
}

const ALGORITHMS: ReadonlyMap<string, keyof Digests> = new Map([
  ...([['sha-256', 'sha256'] as const, ['sha-512', 'sha512'] as const] as const),
  ...([['md5', 'md5'] as const, ['sha', 'sha1'] as const] as const),
])

/** RFC 8941 3.2: a member of a dictionary whose value is a byte sequence, with parameters, which mean nothing here. */
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):(?:;[^,;]*)*$/
/** RFC 3230 4.1.1. */
const INSTANCE_DIGEST = /^([A-Za-z0-9-]+)=(\S+)$/

/**
 * Of the request's body.
 * @throws RegistryError invalid-request for a header that cannot be read
 */
export function bodyDigestsOf(headers: Headers): readonly ClaimedDigest[] {
  const md5 = headers.get('content-md5')
  return [
    ...listed(headers, 'Content-Digest', MEMBER, 'sha-256=:BASE64:'),
    ...listed(headers, 'Repr-Digest', MEMBER, 'sha-256=:BASE64:'),
    ...listed(headers, 'Digest', INSTANCE_DIGEST, 'SHA-256=BASE64'),
    ...(md5 === null ? [] : [claimBase64('Content-MD5', 'md5', md5.trim(), 'BASE64')]),
  ]
}

/**
 * Of the file that the body is or holds.
 * @throws RegistryError invalid-request for a header that cannot be read
 */
export function fileDigestsOf(headers: Headers): readonly ClaimedDigest[] {
  return (['Md5', 'Sha1', 'Sha256', 'Sha512'] as const).flatMap((name) => {
    const header = `X-Checksum-${name}`
    const value = headers.get(header)?.trim().toLowerCase()
    if (value === undefined) return []
    const algorithm = name.toLowerCase() as keyof Digests
    const length = HEX_LENGTHS[algorithm]
    if (value.length === length && /^[0-9a-f]+$/.test(value)) return [{ header, algorithm, value }]
    throw invalidRequest(
      `${header} is not ${length} hexadecimal digits: correct it or leave it out`,
    )
  })
}

/** Beside SHA-256, which is always taken. */
export function algorithmsOf(claims: readonly ClaimedDigest[]): readonly FurtherDigest[] {
  const used = claims.flatMap(({ algorithm }) => (algorithm === 'sha256' ? [] : [algorithm]))
  return [...new Set(used)]
}

/**
 * @param what the bytes that were hashed, as messages name them
 * @throws RegistryError invalid-request
 */
export function checkDigests(
  claims: readonly ClaimedDigest[],
  digests: Digests,
  what: 'file' | 'body',
): void {
  const wrong = claims.find(({ algorithm, value }) => digests[algorithm] !== value)
  if (wrong === undefined) return
  const { header, algorithm, value } = wrong
  const found = digests[algorithm]
  throw invalidRequest(
    `${header} is ${value} and the ${algorithm.toUpperCase()} of the ${what} that came is ${found}: send it again, or correct the header`,
  )
}

/** The same chunks. At their end it throws where they are not what the claims say. */
export async function* verifying(source: ByteSource, claims: readonly ClaimedDigest[]): ByteSource {
  if (claims.length === 0) return yield* source
  const pump = new DigestPump(algorithmsOf(claims))
  for await (const chunk of source) {
    pump.update(chunk)
    yield chunk
  }
  checkDigests(claims, pump.digests(), 'body')
}

function listed(headers: Headers, header: string, form: RegExp, example: string): ClaimedDigest[] {
  const value = headers.get(header)?.trim() ?? ''
  if (value === '') return []
  return value.split(',').flatMap((member) => {
    const [found, name = '', base64 = ''] = form.exec(member.trim()) ?? []
    if (found === undefined) throw unreadable(header, example)
    const algorithm = ALGORITHMS.get(name.toLowerCase())
    return algorithm === undefined ? [] : [claimBase64(header, algorithm, base64, example)]
  })
}

function claimBase64(
  header: string,
  algorithm: keyof Digests,
  base64: string,
  example: string,
): ClaimedDigest {
  const bytes = fromBase64(base64)
  if (bytes?.length !== HEX_LENGTHS[algorithm] / 2) throw unreadable(header, example)
  return { header, algorithm, value: Buffer.from(bytes).toString('hex') }
}

function unreadable(header: string, example: string): Error {
  return invalidRequest(
    `${header} holds no digest that can be read: write it as ${example}, or leave it out`,
  )
}
