// A secret in the body of a request, as `npm login` sends it.
import { ownerOf, readAccess, tokenOf } from '../core/access/access-row.ts'
import { principalRefusal } from '../core/access/decide.ts'
import { givenSecret, identify, type Principal } from '../core/access/principal.ts'
import { noteLastUse } from '../core/access/tokens.ts'
import { RegistryError } from '../core/errors.ts'
import { findOwnerName } from '../core/names.ts'
import { requireAdminToken } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import type { Call } from './endpoint.ts'
import { countFailure } from './failures.ts'

/**
 * Who has the secret, which must allow to read a private owner of the call's name. A wrong one counts
 * as a guess like one in a header, so an endpoint with the access `open` may ask. Where the owner
 * is public, a secret that is good for nothing is refused all the same.
 * @param text as the body has it, and nothing else may: it is not to be logged or stored
 * @throws RegistryError unauthorized for an empty text, invalid-credentials, too-many-failures,
 *   forbidden or not-found for a token of another owner, storage-unavailable
 */
export async function verifySecret(
  { env, params, request, waitUntil }: Pick<Call, 'env' | 'params' | 'request' | 'waitUntil'>,
  text: string,
): Promise<Principal> {
  if (text === '') throw new RegistryError({ code: 'unauthorized' })
  const secret = givenSecret(text)
  const row = await readAccess(env.DB, {
    ownerName: params.owner,
    token: { column: 'hash', value: secret.hash },
    session: undefined,
    resource: undefined,
    quota: false,
  })
  const now = Date.now()
  const principal = identify(secret, requireAdminToken(env), tokenOf(row), now)
  const shown = findOwnerName(params.owner ?? '') ?? quote(params.owner ?? '')
  const refusal = principalRefusal('read', principal, ownerOf(row), shown)
  if (refusal !== undefined) {
    if (principal.kind === 'rejected') await countFailure(env, request, secret)
    throw new RegistryError(refusal)
  }
  if (principal.kind === 'token') {
    waitUntil(noteLastUse(env.DB, { id: principal.id, lastUsedAt: row.lastUsedAt }, now))
  }
  return principal
}
