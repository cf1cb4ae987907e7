// What allowed a request may end while its body comes, or while the name rests that it publishes: a token, a session.
// Asked again where that took its time; else whoever has a stolen token could keep a request open until after its end.
import { isSessionEnded } from '../core/access/ended-sessions.ts'
import { isTokenValid } from '../core/access/tokens.ts'
import { RegistryError } from '../core/errors.ts'
import type { Call } from './endpoint.ts'
import { RECENT_MS } from './recently-allowed.ts'

/**
 * To be called when the body is read, or the rest is over, before anything is changed.
 * @throws RegistryError invalid-credentials, storage-unavailable
 */
export async function refuseRevoked({
  authorizedAt,
  env,
  principal,
  session,
}: Pick<Call, 'authorizedAt' | 'env' | 'principal' | 'session'>): Promise<void> {
  const now = Date.now()
  // A body that took no longer is as good as there at once; an upload may last for most of an hour.
  if (now - authorizedAt < RECENT_MS) return
  if (principal.kind === 'token' && !(await isTokenValid(env.DB, principal.id, now))) {
    throw ended('the access token was revoked, or has expired,')
  }
  if (session !== undefined && (await isSessionEnded(env.DB, session.session))) {
    throw ended('the session was signed out of')
  }
}

function ended(what: string): RegistryError {
  const detail = `${what} before the change was made`
  return new RegistryError({ code: 'invalid-credentials', detail })
}
