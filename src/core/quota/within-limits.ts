// Counts a thing that one batch creates, such as a token, and enforces the owner's limits on it.
import {
  type Condition,
  isConstraintFailure,
  query,
  runBatch,
  type Statement,
} from '../database.ts'
import { RegistryError } from '../errors.ts'
import type { Usage } from './quantities.ts'
import { findExceeded, type Limits, limitsOfOwner } from './quota.ts'
import { changeUsage, hasRoom, readQuota } from './statements.ts'

export interface Addition {
  readonly ownerId: string
  readonly added: Partial<Usage>
  /** The deployment's limits. */
  readonly limits: Limits
  /** The condition that the batch adds something, which a batch that is sent again does not. */
  readonly isNew: Condition
  readonly statements: readonly Statement[]
}

/**
 * Runs the statements within the limits and returns their results.
 * @throws RegistryError quota-exceeded, storage-unavailable
 */
export async function addWithinLimits<T>(
  db: D1Database,
  addition: Addition,
): Promise<readonly D1Result<T>[]> {
  const { ownerId, statements } = addition
  const before = [guard(addition), ...changeUsage(ownerId, addition.added, addition.isNew)]
  return query(async () => {
    try {
      const batch = [...before, ...statements, ['DELETE FROM expectation'] as const]
      const results = await runBatch<T>(db, batch)
      return results.slice(before.length, -1)
    } catch (error) {
      if (isConstraintFailure(error, 'stale_repository')) await refuse(db, addition)
      throw error
    }
  })
}

function guard({ ownerId, added, limits, isNew }: Addition): Statement {
  const room = hasRoom(ownerId, added, limits, isNew.parameters.length + 2)
  const sql = `INSERT INTO expectation (ok) SELECT NOT (${isNew.sql}) OR ${room.sql}`
  return [sql, ownerId, ...isNew.parameters, ...room.parameters]
}

async function refuse(db: D1Database, { ownerId, added, limits }: Addition): Promise<void> {
  const quota = await readQuota(db, ownerId)
  const fault = quota && findExceeded(quota.used, added, limitsOfOwner(limits, quota))
  if (fault !== undefined) throw new RegistryError(fault)
}
