// Keeps a token that is restricted to some repositories or packages from managing its owner.

import { RegistryError } from '../errors.ts'
import type { Principal } from './principal.ts'

/**
 * Refuses a restricted token: one that may write one package could otherwise create one that may write all.
 * @throws RegistryError forbidden
 */
export function refuseRestricted(principal: Principal): void {
  if (principal.kind !== 'token') return
  const restriction =
    (principal.repositories !== null && 'repositories') ||
    (principal.packages !== null && 'packages')
  if (!restriction) return
  const detail = `the access token is restricted to some ${restriction} and may not manage the owner`
  throw new RegistryError({ code: 'forbidden', detail })
}
