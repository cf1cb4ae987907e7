// PURE: compares what an owner has with its limits, and refuses changes that would pass them.
import { quote } from '../../formats/format-error.ts'
import { type Fault, invalidRequest } from '../errors.ts'
import { NO_USAGE, QUANTITIES, type Quantity, type Usage } from './quantities.ts'

/** The most that an owner may have of each quantity. */
export type Limits = Usage

/** The bounds that the deployment sets. */
export interface Bounds {
  /** The limits of owners without limits of their own. */
  readonly owner: Limits
  /** Bytes of the database at which publishing stops. */
  readonly databaseBytes: number
}

/** An owner's usage and own limits, from its rows. */
export interface OwnerQuota {
  readonly used: Usage
  /** The owner's limits that differ from the deployment's. */
  readonly limits: Partial<Limits>
}

const NOUNS: Readonly<Record<Quantity, string>> = {
  files: 'files',
  metadata_bytes: 'bytes of metadata',
  file_bytes: 'bytes in files',
  repositories: 'repositories',
  tokens: 'access tokens',
}

const ADVICE: Readonly<Record<Quantity, string>> = {
  files: 'remove versions that nobody needs',
  metadata_bytes:
    'remove versions that nobody needs (what was published and removed stays in the log of its repository, which goes with the emptied repository)',
  file_bytes: 'remove versions that nobody needs',
  repositories: 'delete an empty repository',
  tokens: 'revoke tokens that nobody uses, expired ones too',
}

/** The limits of an owner, given those of the deployment. */
export function limitsOfOwner(defaults: Limits, { limits }: OwnerQuota): Limits {
  return { ...defaults, ...limits }
}

/**
 * Parses an owner's own limits, from the fields of a JSON body or of a form. A limit that is null or absent
 * is the deployment's.
 * @throws RegistryError invalid-request
 */
export function parseLimits(value: unknown): Partial<Limits> {
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidRequest(LIMITS_FORM)
  const given = Object.entries(value ?? {}).filter(([, limit]) => limit !== null)
  for (const [name, limit] of given) {
    const known = (QUANTITIES as readonly string[]).includes(name)
    if (!known) throw invalidRequest(`limits has no ${quote(name)}: use ${QUANTITIES.join(', ')}`)
    if (!Number.isSafeInteger(limit) || Number(limit) < 0) throw invalidRequest(LIMITS_FORM)
  }
  return Object.fromEntries(given)
}

const LIMITS_FORM =
  'limits must be an object of whole numbers, such as {"files":1000}, or null for those of the deployment'

/** Refuses a publish into a database of so many bytes; undefined if there is room. */
export function findFull(size: number, limit: number): Fault | undefined {
  return size < limit ? undefined : { code: 'storage-full', size, limit }
}

/** Refuses a change that would pass a limit; else undefined. A quantity that does not grow never refuses a change. */
export function findExceeded(
  used: Usage,
  added: Partial<Usage>,
  limits: Limits,
): Fault | undefined {
  const change = { ...NO_USAGE, ...added }
  const quota = QUANTITIES.find(
    (each) => change[each] > 0 && used[each] + change[each] > limits[each],
  )
  if (quota === undefined) return undefined
  const [has, limit, more] = [used[quota], limits[quota], change[quota]]
  const detail =
    `the owner has ${has} ${NOUNS[quota]}, may have ${limit}, and this would be ${more} more: ` +
    `${ADVICE[quota]}, or ask the operator of this registry for a higher limit`
  return { code: 'quota-exceeded', quota, used: has, limit, detail }
}
