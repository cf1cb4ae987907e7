// Histories that chance rarely makes.
import { NearCache } from '../../../../src/core/near/cache.ts'
import { CLOCK_ERROR_MS } from '../../../../src/core/near/facts.ts'
import { NearMemory } from '../../../../src/core/near/memory.ts'
import { recallFile } from '../../../../src/core/near/place.ts'
import type { TestClock } from './clock.ts'
import { BOUND_MS } from './history.ts'
import type { Kind } from './kinds.ts'
import { LateCache } from './late-cache.ts'
import { Primary } from './primary.ts'
import { askFor, nearPathOf } from './readers.ts'

/**
 * Somebody asks for a file, which is removed, and the answer comes when others have told the isolate of that.
 * @returns whether it answers with the file long after the removal
 */
export async function isAnsweredLate(
  clock: TestClock,
  kind: Kind,
  ownerName: string,
): Promise<boolean> {
  const db = clock.database
  const primary = new Primary(db, ownerName, kind, kind.throughCommits(ownerName, db, BOUND_MS))
  await primary.begin()
  const file = { part: 'x86_64', name: 'f', content: 1 }
  await primary.publish(file)
  const edge = { origin: 'https://registry.test', secret: 'of the test', waitUntil: () => {} }
  const cache = new NearCache(edge, async () => LateCache.inMemory().cache)
  const place = { memory: new NearMemory(), cache, now: () => clock.now, bound: BOUND_MS }
  const ask = (path: string | undefined) => askFor(place, clock.now, { db, kind, ownerName, path })
  const late = await ask('x86_64/f')
  clock.pass(100)
  await primary.remove([file])
  const told = await ask(undefined)
  told()
  late()
  clock.pass(BOUND_MS + CLOCK_ERROR_MS)
  const toldAgain = await ask(undefined)
  toldAgain()
  return recallFile(place, nearPathOf(kind, ownerName, 'x86_64/f')) !== undefined
}

/**
 * A version that keeps no list of commits removes a file, and once more when other bytes have come under the name.
 * @returns whether further bytes come without a rest
 */
export async function isReplacedAtOnce(
  clock: TestClock,
  kind: Kind,
  ownerName: string,
): Promise<boolean> {
  const db = clock.database
  const primary = new Primary(db, ownerName, kind, kind.throughCommits(ownerName, db, BOUND_MS))
  await primary.begin()
  const file = { part: 'x86_64', name: 'f', content: 1 }
  await primary.publish(file)
  await primary.removeByOlderCode(file)
  await primary.publish({ ...file, content: 2 })
  await primary.removeByOlderCode(file)
  const { rests } = clock
  await primary.publish(file)
  return clock.rests === rests
}
