// The keys of an owner, as a request meets them. Public keys are no secret, and clients need them before
// they can be trusted with anything else.
import type { OwnerRow } from '../core/access/decide.ts'
import { RegistryError } from '../core/errors.ts'
import { findOwnerName } from '../core/names.ts'
import { type KeySet, loadKeySet } from '../core/signing-keys.ts'
import { type Env, secretsOf } from '../env.ts'
import type { Call } from './endpoint.ts'

/** @throws RegistryError not-configured */
export function keysOf(env: Env, owner: Pick<OwnerRow, 'name' | 'signingKey'>): KeySet {
  return loadKeySet(secretsOf(env), owner.signingKey, owner.name)
}

/**
 * For endpoints that are open: the same whether or not the owner exists, but for an owner with a key of
 * its own, which the deployment admin gave it by name.
 * @throws RegistryError not-found for what cannot be an owner's name, not-configured
 */
export function publicKeysOf({ env, owner, params }: Call): KeySet {
  const name = findOwnerName(params.owner ?? '')
  if (name !== undefined) return keysOf(env, { name, signingKey: owner?.signingKey ?? null })
  throw new RegistryError({ code: 'not-found', detail: 'no owner can have this name' })
}
