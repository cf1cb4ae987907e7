// Hands a change to the repository's Durable Object and repeats it while the answer is lost: the
// change's id makes a repetition find its first effect.
import { backOff, isOverloaded } from '../database.ts'
import { RegistryError } from '../errors.ts'
import { MOST_RESTS, RESTS_AGAIN } from '../near/resting.ts'
import type { Change, ChangeResult, RepositoryAddress, RepositoryObjects } from './change.ts'

const TRIES = 3

/** What a change can come to for its caller; outages and lost answers are thrown. */
export type Settled = Extract<
  ChangeResult,
  { outcome: 'committed' | 'exists' | 'retired' | 'absent' }
>

export interface CommitOptions {
  readonly objects: RepositoryObjects
  readonly address: RepositoryAddress
  readonly change: Change
}

/** @throws RegistryError the fault of a refusal, or outcome-unknown */
export async function commitChange(options: CommitOptions): Promise<Settled> {
  const result = await submit(options)
  switch (result.outcome) {
    case 'refused':
      throw new RegistryError(result.fault)
    case 'unknown':
      throw new RegistryError({ code: 'outcome-unknown' })
    case 'resting':
      throw new Error('a change that was told to wait once more')
    default:
      return result
  }
}

/** Waits while the name rests: neither the object nor the group of the change does. */
async function submit({ objects, address, change }: CommitOptions): Promise<ChangeResult> {
  let [failures, rests] = [0, 0]
  while (failures < TRIES && rests < MOST_RESTS) {
    try {
      const result = await objects.getByName(objectName(address)).commit(address, change)
      if (result.outcome !== 'resting') {
        // The refusal is that of the repetition; the first try may have applied, or may still.
        return failures > 0 && result.outcome === 'refused' ? { outcome: 'unknown' } : result
      }
      rests += 1
      await scheduler.wait(result.milliseconds)
    } catch (error) {
      console.error(`the change ${change.changeId} got no answer:`, String(error))
      if (isOverloaded(error)) return { outcome: 'unknown' }
      await backOff(failures)
      failures += 1
    }
  }
  if (failures > 0) return { outcome: 'unknown' }
  return { outcome: 'refused', fault: RESTS_AGAIN }
}

/** Named by the owner's random id: an owner of the same name that comes later meets no old object. */
function objectName({ ownerId, type, name }: RepositoryAddress): string {
  return `${ownerId}/${type}/${name}`
}
