// Hands a change to the repository's Durable Object, and repeats it if the answer is lost. By the change's
// id a repetition finds the effect of the first try.
import { backOff, isOverloaded } from '../database.ts'
import { RegistryError } from '../errors.ts'
import { MOST_RESTS, RESTS_AGAIN } from '../near/resting.ts'
import type { Change, ChangeResult, RepositoryAddress, RepositoryObjects } from './change.ts'

const TRIES = 3

/** The results that a caller gets. Refusals, outages and lost answers are thrown. */
export type Settled = Extract<
  ChangeResult,
  { outcome: 'committed' | 'exists' | 'retired' | 'absent' }
>

export interface CommitOptions {
  readonly objects: RepositoryObjects
  readonly address: RepositoryAddress
  readonly change: Change
}

/** Commits the change. @throws RegistryError the fault of a refusal, or outcome-unknown */
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

/** Sends the change and waits here while the name rests, so that neither the object nor the change's group waits. */
async function submit({ objects, address, change }: CommitOptions): Promise<ChangeResult> {
  let [failures, rests] = [0, 0]
  while (failures < TRIES && rests < MOST_RESTS) {
    try {
      const result = await objects.getByName(objectName(address)).commit(address, change)
      if (result.outcome !== 'resting') {
        // This refuses the repetition. The first try may have applied, or may apply yet.
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

/** Uses the owner's random id, so that a later owner of the same name gets another object. */
function objectName({ ownerId, type, name }: RepositoryAddress): string {
  return `${ownerId}/${type}/${name}`
}
