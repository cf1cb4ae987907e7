// The keys that sign an owner's indexes, read from secrets: the current one and, during a rotation,
// the previous. Importing costs half a millisecond, so the imported keys stay with the isolate.

import { Buffer } from 'node:buffer'
import { createPrivateKey, createSign, type KeyObject } from 'node:crypto'
import {
  extractRsaPublicKey,
  unwrapRsaPrivateKey,
  wrapRsaPrivateKey,
} from '../formats/crypto/der.ts'
import { formatPem, parsePem } from '../formats/crypto/pem.ts'
import { FormatError } from '../formats/format-error.ts'
import { sha256 } from './digests.ts'
import { RegistryError } from './errors.ts'
import { unusableSecret } from './unusable-secret.ts'

export type SignatureHash = 'SHA-1' | 'SHA-256'

export interface SigningKey {
  /** What an operator called it, else its owner and the begin of its fingerprint: `acme@0123…`. */
  readonly name: string
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicPem: string
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly fingerprint: string
  /** Begins a signature over bytes that come in parts. */
  startSignature(hash: SignatureHash): Signature
}

/** RSASSA-PKCS1-v1_5 (RFC 8017 8.2). WebCrypto would want all bytes at once. */
export interface Signature {
  update(part: Uint8Array): void
  /** Ends it. */
  finish(): Uint8Array
}

export interface KeySet {
  /** Changes whenever a key or its name does. */
  readonly id: string
  /** The current key first; never empty. */
  readonly keys: readonly [SigningKey, ...SigningKey[]]
}

/** Reads a secret of the Worker by its binding's name. */
export type FindSecret = (name: string) => string | undefined

const DEFAULT_BINDING = 'SIGNING_KEY'
export const OWN_BINDING = /^SIGNING_KEY_[A-Z0-9_]{1,40}$/
const NAME = /^[A-Za-z0-9][A-Za-z0-9@._+-]{0,96}$/
const MIN_BITS = 2048
const MAX_BITS = 4096

/** Whether an owner may name this binding as that of its own key. */
export function isKeyBinding(name: string): boolean {
  return OWN_BINDING.test(name) && !/_(PREVIOUS|NAME)$/.test(name)
}

/**
 * The keys of an owner. `binding` is the one that the owner's row names, null for the deployment's.
 * @throws RegistryError not-configured when a secret is missing or unreadable
 */
export function loadKeySet(
  findSecret: FindSecret,
  binding: string | null,
  ownerName: string,
): KeySet {
  const name = binding ?? DEFAULT_BINDING
  const current = loadKey(findSecret, name, ownerName)
  if (current === undefined) throw unusableSecret(name)
  const previous = loadKey(findSecret, `${name}_PREVIOUS`, ownerName)
  const both = previous !== undefined && previous.name !== current.name
  const keys: KeySet['keys'] = both ? [current, previous] : [current]
  return {
    keys,
    // Every request loads keys to see that they are there; few need the id, which costs a digest.
    get id() {
      return idOf(keys)
    },
  }
}

function idOf(keys: KeySet['keys']): string {
  return sha256(keys.map((key) => `${key.name} ${key.fingerprint}`).join('\n')).slice(0, 32)
}

function loadKey(
  findSecret: FindSecret,
  binding: string,
  ownerName: string,
): SigningKey | undefined {
  const pem = findSecret(binding)
  if (pem === undefined) return undefined
  const material = importOnce(binding, pem)
  // The file's extension is the package type's to add, and is no part of the name.
  const given = findSecret(`${binding}_NAME`)?.replace(/(?:\.[a-z]+)?\.pub$/, '')
  const name = given ?? `${ownerName}@${material.fingerprint.slice(0, 16)}`
  if (!NAME.test(name)) {
    throw unusableSecret(`${binding}_NAME`, 'is not a name for a key, such as "acme-1"')
  }
  return { name, ...material }
}

type Material = Omit<SigningKey, 'name'>
const imported = new Map<string, Material>()

function importOnce(binding: string, pem: string): Material {
  const material = imported.get(pem) ?? importKey(binding, pem)
  imported.set(pem, material)
  return material
}

function importKey(binding: string, pem: string): Material {
  try {
    const { pkcs1, pkcs8 } = readPrivateKey(pem)
    const { spki, bits } = extractRsaPublicKey(pkcs1)
    if (bits < MIN_BITS || bits > MAX_BITS) {
      throw unusableSecret(binding, `has ${bits} bits: use RSA of ${MIN_BITS} to ${MAX_BITS}`)
    }
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    return {
      publicPem: formatPem({ label: 'PUBLIC KEY', bytes: spki }),
      fingerprint: sha256(spki),
      startSignature: (hash) => startSignature(key, hash),
    }
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause
    const reason = cause instanceof FormatError ? cause.message : 'it is not a usable RSA key'
    throw unusableSecret(binding, `is unreadable: ${reason}`, cause)
  }
}

const ALGORITHMS = { 'SHA-1': 'RSA-SHA1', 'SHA-256': 'RSA-SHA256' } as const

function startSignature(key: KeyObject, hash: SignatureHash): Signature {
  const sign = createSign(ALGORITHMS[hash])
  return {
    update: (part) => {
      sign.update(part)
    },
    finish: () => new Uint8Array(sign.sign(key)),
  }
}

function readPrivateKey(pem: string): { pkcs1: Uint8Array; pkcs8: Uint8Array } {
  const { label, bytes } = parsePem(pem)
  switch (label) {
    case 'PRIVATE KEY':
      return { pkcs1: unwrapRsaPrivateKey(bytes), pkcs8: bytes }
    case 'RSA PRIVATE KEY':
      return { pkcs1: bytes, pkcs8: wrapRsaPrivateKey(bytes) }
    default:
      throw new FormatError('unsupported', `it is a ${label}, not an RSA private key`)
  }
}
