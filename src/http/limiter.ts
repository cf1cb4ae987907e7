// Counts requests by the platform's limiters, per address. A limiter counts for one location, and only roughly; one
// that does not answer lets everybody pass.
import { sha256 } from '../core/digests.ts'
import { RegistryError } from '../core/errors.ts'
import { type Env, secretsOf } from '../env.ts'

/** The period of all limiters in wrangler.toml, in seconds. */
export const PERIOD_S = 60

/**
 * Whether there is room for one more of each key.
 * Keys are of the deployment: two Workers of an account that have one namespace do not count together.
 */
export async function hasRoom(
  limiter: RateLimit,
  env: Env,
  keys: readonly string[],
): Promise<readonly boolean[]> {
  const find = secretsOf(env)
  const deployment = sha256(JSON.stringify(['limiter', find('ADMIN_TOKEN'), find('SIGNING_KEY')]))
  try {
    const counts = await Promise.all(
      keys.map((key) => limiter.limit({ key: `${deployment.slice(0, 16)} ${key}` })),
    )
    return counts.map(({ success }) => success)
  } catch (error) {
    console.error('the rate limiter does not answer:', String(error))
    return keys.map(() => true)
  }
}

/**
 * Counts a reader without good credentials by its address.
 * @throws RegistryError too-many-requests
 */
export async function countReader(
  env: Env,
  limiter: 'READERS' | 'DOCUMENT_READERS',
  request: Request,
): Promise<void> {
  const network = networkOf(request.headers.get('cf-connecting-ip'))
  if (network === undefined || env[limiter] === undefined) return
  const [room] = await hasRoom(env[limiter], env, [network])
  if (room === false) throw new RegistryError({ code: 'too-many-requests', seconds: PERIOD_S })
}

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

/**
 * What one client is counted by: an address of IPv4, also where it is written as one of IPv6, and of IPv6 the first 64
 * bits, since whoever has one address there has all of these.
 * @returns undefined for the own machine, as in development, where nobody else is
 */
export function networkOf(address: string | null): string | undefined {
  const written = address?.trim() ?? ''
  const plain = MAPPED.exec(written)?.[1] ?? written
  if (plain === '' || plain === '::1' || plain.startsWith('127.')) return undefined
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0')
  const all = tail === undefined ? groups : [...groups, ...zeros, ...rest]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
