// PURE: makes and checks the text of an access token: `cairn_`, 41 base-62 digits (240 random bits), and 6
// digits that are a CRC-32 of all before them. The CRC-32 tells a typo from a revoked token and spares
// scanners for leaked secrets false alarms. The registry stores and compares only the text's SHA-256.
import { crc32 } from 'node:zlib'
import { sha256 } from '../digests.ts'

const PREFIX = 'cairn_'
const RANDOM_BYTES = 30
const RANDOM_DIGITS = 41
const CHECKSUM_DIGITS = 6
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_DIGITS + CHECKSUM_DIGITS}}$`)

/** Makes a token from 30 random bytes. */
export function formatToken(random: Uint8Array): string {
  if (random.length !== RANDOM_BYTES) throw new RangeError(`need ${RANDOM_BYTES} random bytes`)
  let number = 0n
  for (const byte of random) number = (number << 8n) | BigInt(byte)
  const body = PREFIX + base62(number, RANDOM_DIGITS)
  return body + checksumOf(body)
}

export function mintToken(): string {
  return formatToken(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)))
}

/** Whether the text has the form of this registry's tokens, known or not. */
export function isTokenText(text: string): boolean {
  return (
    FORM.test(text) && text.slice(-CHECKSUM_DIGITS) === checksumOf(text.slice(0, -CHECKSUM_DIGITS))
  )
}

/** The SHA-256 by which the database knows a token, in lower-case hex. */
export function hashToken(text: string): string {
  return sha256(text)
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_DIGITS)
}

function base62(number: bigint, digits: number): string {
  let text = ''
  for (let rest = number; text.length < digits; rest /= 62n) {
    text = `${DIGITS[Number(rest % 62n)]}${text}`
  }
  return text
}
