// Slows down guessing of tokens, wherever they are sent.
import type { GivenSecret } from '../core/access/principal.ts'
import { BoundedMap } from '../core/bounded-map.ts'
import { RegistryError } from '../core/errors.ts'
import type { Env } from '../env.ts'
import { hasRoom, networkOf, PERIOD_S } from './limiter.ts'

const MOST = 1000

/** What was counted out here, by what a request asks for and the secret's digest; until when, in Unix milliseconds. */
const countedOut = new BoundedMap<number>(MOST)

/**
 * Slows down guessing, by the guesser's address and by the guess. Only who was wrong is counted and
 * refused, so that good credentials work whatever others do at the same address.
 * @param asked what the secret was wrong for: there it is refused without the database for a while
 * @throws RegistryError too-many-failures
 */
export async function countFailure(
  env: Env,
  request: Request,
  secret: GivenSecret,
  asked?: string,
): Promise<void> {
  const address = request.headers.get('cf-connecting-ip')
  const keys = [`address ${networkOf(address) ?? address ?? 'unknown'}`, `token ${secret.hash}`]
  const [byAddress = true, byToken = true] = await hasRoom(env.WRONG_CREDENTIALS, env, keys)
  if (!byToken && asked !== undefined) {
    countedOut.set(`${asked} ${secret.hash}`, Date.now() + PERIOD_S * 1000)
  }
  if (byAddress && byToken) return
  throw new RegistryError({ code: 'too-many-failures', seconds: PERIOD_S })
}

/**
 * To come before the database is asked. A secret that was wrong is never right later: no two tokens are one, and an
 * expired one stays so.
 * @throws RegistryError too-many-failures
 */
export function refuseCountedOut(asked: string, secret: GivenSecret): void {
  const until = countedOut.get(`${asked} ${secret.hash}`) ?? 0
  const seconds = Math.ceil((until - Date.now()) / 1000)
  if (seconds > 0) throw new RegistryError({ code: 'too-many-failures', seconds })
}
