// Slows down guessing of tokens, wherever they are sent.
import type { GivenSecret } from '../core/access/principal.ts'
import { RegistryError } from '../core/errors.ts'
import type { Env } from '../env.ts'

/** The period of the limiter in wrangler.toml. */
const FAILURE_PERIOD_S = 60

/**
 * Slows down guessing, by the guesser's address and by the guess. Only who was wrong is counted and
 * refused, so that good credentials work whatever others do at the same address.
 * @throws RegistryError too-many-failures
 */
export async function countFailure(env: Env, request: Request, secret: GivenSecret): Promise<void> {
  const address = request.headers.get('cf-connecting-ip') ?? 'unknown'
  const keys = [`address ${address}`, `token ${secret.hash}`]
  try {
    const counts = await Promise.all(keys.map((key) => env.WRONG_CREDENTIALS.limit({ key })))
    if (counts.every((count) => count.success)) return
  } catch (error) {
    console.error('the rate limiter does not answer:', String(error))
    return
  }
  throw new RegistryError({ code: 'too-many-failures', seconds: FAILURE_PERIOD_S })
}
