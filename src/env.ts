// The bindings and secrets of the Worker, as wrangler.toml and `npm run setup` give them.
import type { RepositoryStub } from './core/commit/change.ts'
import type { FindSecret } from './core/signing-keys.ts'
import { unusableSecret } from './core/unusable-secret.ts'

export interface Env {
  readonly DB: D1Database
  readonly BLOBS: R2Bucket
  readonly REPOSITORY: DurableObjectNamespace<RepositoryStub>
  /** Counts requests with wrong credentials, by address and by token. */
  readonly WRONG_CREDENTIALS: RateLimit
  /** May do everything. */
  readonly ADMIN_TOKEN?: string
  /** PEM, PKCS#8 or PKCS#1, RSA 2048 to 4096 bits. */
  readonly SIGNING_KEY?: string
}

/** Shorter admin tokens can be guessed. */
const ADMIN_TOKEN_LENGTH = 16

/**
 * Reads secrets by names that are only known at run time: an owner may have a signing key of its
 * own. Empty is the same as absent, since a dashboard leaves empty strings behind.
 */
export function secretsOf(env: Env): FindSecret {
  return (name) => {
    const value: unknown = Reflect.get(env, name)
    return typeof value === 'string' && value.trim() !== '' ? value : undefined
  }
}

/** @throws RegistryError not-configured */
export function requireAdminToken(env: Env): string {
  const token = secretsOf(env)('ADMIN_TOKEN')?.trim()
  if (token !== undefined && token.length >= ADMIN_TOKEN_LENGTH) return token
  const fault = `is shorter than ${ADMIN_TOKEN_LENGTH} characters`
  throw unusableSecret('ADMIN_TOKEN', token === undefined ? undefined : fault)
}

/**
 * What sessions are signed with. Not by the admin token alone, which may be one that somebody made up:
 * whoever has a session could try guesses on its signature, and nobody would count them.
 * @throws RegistryError not-configured
 */
export function requireSessionSecret(env: Env): string {
  return JSON.stringify([requireAdminToken(env), secretsOf(env)('SIGNING_KEY')])
}
