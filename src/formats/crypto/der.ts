// Reads and writes the DER structures of RSA keys (ITU-T X.690; RFC 8017 A.1, RFC 5208, RFC 5280
// 4.1): wraps PKCS#1 in PKCS#8, and extracts the public half of a private key as SPKI. Refuses
// lengths that are not minimal or pass their bounds, and keys that are not RSA.
import { concatBytes, equalBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

const tag = { integer: 0x02, bitString: 0x03, octetString: 0x04, sequence: 0x30 }

/** SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL } */
const rsaEncryption = Uint8Array.of(
  ...[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
)
const versionZero = Uint8Array.of(tag.integer, 1, 0)

/** Wraps a PKCS#1 RSAPrivateKey in a PKCS#8 PrivateKeyInfo. */
export function wrapRsaPrivateKey(pkcs1: Uint8Array): Uint8Array {
  readRsaPublicNumbers(pkcs1)
  const key = encode(tag.octetString, pkcs1)
  return encode(tag.sequence, concatBytes([versionZero, rsaEncryption, key]))
}

/**
 * Takes the PKCS#1 RSAPrivateKey out of a PKCS#8 PrivateKeyInfo.
 * @throws FormatError `malformed`, or `unsupported` when the key is not RSA
 */
export function unwrapRsaPrivateKey(pkcs8: Uint8Array): Uint8Array {
  const info = new DerReader(openWhole(pkcs8))
  info.read(tag.integer)
  const algorithm = encode(tag.sequence, info.read(tag.sequence))
  if (!equalBytes(algorithm, rsaEncryption)) {
    throw new FormatError(
      'unsupported',
      'the private key is not an RSA key: use an RSA key of 2048 to 4096 bits',
    )
  }
  return info.read(tag.octetString)
}

export interface RsaPublicKey {
  /** The SubjectPublicKeyInfo, which PEM labels `PUBLIC KEY`. */
  readonly spki: Uint8Array
  /** The size of the modulus. */
  readonly bits: number
}

/** The public half of a PKCS#1 RSAPrivateKey. */
export function extractRsaPublicKey(pkcs1: Uint8Array): RsaPublicKey {
  const { modulus, exponent } = readRsaPublicNumbers(pkcs1)
  const numbers = [encode(tag.integer, modulus), encode(tag.integer, exponent)]
  const publicKey = encode(tag.sequence, concatBytes(numbers))
  // The first octet of a BIT STRING counts its unused bits.
  const bitString = encode(tag.bitString, concatBytes([Uint8Array.of(0), publicKey]))
  return {
    spki: encode(tag.sequence, concatBytes([rsaEncryption, bitString])),
    bits: countBits(modulus),
  }
}

function readRsaPublicNumbers(pkcs1: Uint8Array): { modulus: Uint8Array; exponent: Uint8Array } {
  const key = new DerReader(openWhole(pkcs1))
  if (!equalBytes(key.read(tag.integer), Uint8Array.of(0))) {
    throw new FormatError('unsupported', 'the private key is not a two-prime RSA key')
  }
  return { modulus: key.read(tag.integer), exponent: key.read(tag.integer) }
}

function countBits(integer: Uint8Array): number {
  const first = integer.findIndex((byte) => byte !== 0)
  if (first < 0) return 0
  return (integer.length - first - 1) * 8 + (32 - Math.clz32(integer[first] ?? 0))
}

function openWhole(der: Uint8Array): Uint8Array {
  const reader = new DerReader(der)
  const content = reader.read(tag.sequence)
  if (!reader.done) throw broken('it goes on after its end')
  return content
}

class DerReader {
  readonly #data: Uint8Array
  #position = 0

  constructor(data: Uint8Array) {
    this.#data = data
  }

  get done(): boolean {
    return this.#position === this.#data.length
  }

  /** Reads the content of the next element, which must have this tag. */
  read(expected: number): Uint8Array {
    if (this.#byte() !== expected) throw broken('an element has another type than expected')
    const length = this.#length()
    const start = this.#position
    if (start + length > this.#data.length) throw broken('it ends too early')
    this.#position += length
    return this.#data.subarray(start, this.#position)
  }

  #byte(): number {
    const byte = this.#data[this.#position]
    if (byte === undefined) throw broken('it ends too early')
    this.#position += 1
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first - 0x80
    if (count < 1 || count > 3) throw broken('a length is not sensible')
    let length = 0
    for (let index = 0; index < count; index += 1) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 256 ** (count - 1)) throw broken('a length is not minimal')
    return length
  }
}

function broken(reason: string): FormatError {
  return new FormatError('malformed', `the key is not valid DER: ${reason}`)
}

function encode(type: number, content: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) {
    length.unshift(rest % 256)
  }
  const head = content.length < 0x80 ? [content.length] : [0x80 + length.length, ...length]
  return concatBytes([Uint8Array.of(type, ...head), content])
}
