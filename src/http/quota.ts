// The limits of an owner, where they can be told before a body is read.
import { RegistryError } from '../core/errors.ts'
import type { Usage } from '../core/quota/quantities.ts'
import { findExceeded, findFull, limitsOfOwner, type OwnerQuota } from '../core/quota/quota.ts'
import { readQuota } from '../core/quota/statements.ts'
import { databaseLimitOf, limitsOf } from '../env.ts'
import type { OwnedCall } from './endpoint.ts'

/**
 * A publish is refused where the database is full. Those under way come through: there is a gigabyte for
 * them and for removals.
 * @throws RegistryError storage-full, not-configured
 */
export function refuseFullDatabase({
  env,
  databaseBytes,
}: Pick<OwnedCall, 'env' | 'databaseBytes'>): void {
  const fault = findFull(databaseBytes, databaseLimitOf(env))
  if (fault !== undefined) throw new RegistryError(fault)
}

/**
 * Refuses what is known to be too much already; the batch that makes the change decides for certain. What
 * the request knows may be some seconds old: before a refusal the database is asked again.
 * @throws RegistryError quota-exceeded, not-configured, storage-unavailable
 */
export async function refuseFull(
  { env, owner, quota }: Pick<OwnedCall, 'env' | 'owner' | 'quota'>,
  added: Partial<Usage>,
): Promise<void> {
  const defaults = limitsOf(env)
  const exceeded = (by: OwnerQuota | undefined) =>
    by && findExceeded(by.used, added, limitsOfOwner(defaults, by))
  if (exceeded(quota) === undefined) return
  const fault = exceeded(await readQuota(env.DB, owner.id))
  if (fault !== undefined) throw new RegistryError(fault)
}
