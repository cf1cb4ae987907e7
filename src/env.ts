// The bindings and secrets of the Worker, as wrangler.toml and `npm run setup` give them.
import type { RepositoryObjects, RepositoryStub } from './core/commit/change.ts'
import { RegistryError } from './core/errors.ts'
import { QUANTITIES, type Quantity } from './core/quota/quantities.ts'
import type { Bounds, Limits } from './core/quota/quota.ts'
import type { FindSecret } from './core/signing-keys.ts'
import { unusableSecret } from './core/unusable-secret.ts'

export interface Env {
  readonly DB: D1Database
  readonly BLOBS: R2Bucket
  readonly REPOSITORY: DurableObjectNamespace<RepositoryStub>
  /** Counts requests with wrong credentials, by address and by token. */
  readonly WRONG_CREDENTIALS: RateLimit
  /** Counts readers without good credentials of lists, pages, searches and the health check, by address. */
  readonly READERS: RateLimit
  /** The same of documents that the edge does not have. */
  readonly DOCUMENT_READERS: RateLimit
  /** May do everything. */
  readonly ADMIN_TOKEN?: string
  /** PEM, PKCS#8 or PKCS#1, RSA 2048 to 4096 bits. */
  readonly SIGNING_KEY?: string
  /** `allow`, as `npm start` sets it, to answer over plain http too. */
  readonly PLAIN_HTTP?: string
}

/** What an owner may have unless it has limits of its own, by the variable that sets another number. */
const OWNER_LIMITS = {
  files: ['OWNER_FILES', 100_000],
  metadata_bytes: ['OWNER_METADATA_BYTES', 256_000_000],
  file_bytes: ['OWNER_FILE_BYTES', 100_000_000_000],
  repositories: ['OWNER_REPOSITORIES', 1000],
  tokens: ['OWNER_TOKENS', 1000],
} as const satisfies Readonly<Record<Quantity, readonly [string, number]>>

/** D1 takes 10 GB; what removals and changes under way write has to fit in above this. */
const DATABASE_LIMIT = ['DATABASE_BYTES', 9_000_000_000] as const

/**
 * Bytes of the database at which publishing stops.
 * @throws RegistryError not-configured for a variable that is no number
 */
export function databaseLimitOf(env: Env): number {
  return numberOf(env, DATABASE_LIMIT)
}

/** @throws RegistryError not-configured for a variable that is no number */
export function boundsOf(env: Env): Bounds {
  return { owner: limitsOf(env), databaseBytes: databaseLimitOf(env) }
}

/** @throws RegistryError not-configured for a variable that is no number */
export function limitsOf(env: Env): Limits {
  const entries = QUANTITIES.map((each) => [each, numberOf(env, OWNER_LIMITS[each])] as const)
  // Of every quantity exactly one, which fromEntries cannot know.
  return Object.fromEntries(entries) as Record<Quantity, number>
}

/** How long a place on the edge may answer for a file without asking the database. */
const REMEMBER = ['REMEMBER_SECONDS', 10] as const
const MOST_REMEMBER_SECONDS = 300

/**
 * Milliseconds; 0 where every request asks the database.
 * @throws RegistryError not-configured for a variable that is no number, or too large
 */
export function rememberMsOf(env: Env): number {
  const seconds = numberOf(env, REMEMBER)
  if (seconds <= MOST_REMEMBER_SECONDS) return seconds * 1000
  throw new RegistryError({
    code: 'not-configured',
    cause: `the variable REMEMBER_SECONDS is more than ${MOST_REMEMBER_SECONDS}`,
    remedy: 'write a smaller number in wrangler.toml and deploy',
  })
}

/** D1's regions, each of which objects can be in too. */
const LOCATIONS = ['weur', 'eeur', 'apac', 'oc', 'wnam', 'enam'] as const
type Location = (typeof LOCATIONS)[number]

/**
 * The region of the database, as far as the operator names it.
 * @throws RegistryError not-configured for a variable that names none of D1's
 */
function databaseLocationOf(env: Env): Location | undefined {
  const value: unknown = Reflect.get(env, 'DATABASE_LOCATION')
  if (value === undefined || value === '') return undefined
  const location = LOCATIONS.find((each) => each === value)
  if (location !== undefined) return location
  throw new RegistryError({
    code: 'not-configured',
    cause: `the variable DATABASE_LOCATION is none of ${LOCATIONS.join(', ')}`,
    remedy: 'write one of them in wrangler.toml and deploy, or leave it empty',
  })
}

/**
 * The repositories' objects: new ones are made near the database, which each of their commits asks twice, and not
 * near whoever publishes first.
 * @throws RegistryError not-configured
 */
export function objectsOf(env: Env): RepositoryObjects {
  const locationHint = databaseLocationOf(env)
  const options = locationHint === undefined ? {} : { locationHint }
  return { getByName: (name) => env.REPOSITORY.getByName(name, options) }
}

/** A number of wrangler.toml, or the text that a dashboard makes of it. */
function numberOf(env: Env, [name, standard]: readonly [string, number]): number {
  const value: unknown = Reflect.get(env, name)
  if (value === undefined || value === '') return standard
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number
  throw new RegistryError({
    code: 'not-configured',
    cause: `the variable ${name} is not a whole number`,
    remedy: 'write one in wrangler.toml and deploy, or remove the variable',
  })
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

/**
 * The secret that keys of the edge's cache are made with. It is derived from the deployment's secrets: an operator who
 * replaces one of them after a theft has new keys at once, and the cache is filled anew.
 * @throws RegistryError not-configured
 */
export function cacheSecretOf(env: Env): string {
  return JSON.stringify(['edge cache', requireAdminToken(env), secretsOf(env)('SIGNING_KEY')])
}
