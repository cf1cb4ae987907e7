// Hands a change to the repository's Durable Object and repeats it while the answer is lost: the
// change's id makes a repetition find its first effect.
import { backOff, isOverloaded } from '../database.ts'
import { RegistryError } from '../errors.ts'
import type { Change, ChangeResult, RepositoryAddress, RepositoryStub } from './change.ts'

const TRIES = 3

/** What a change can come to for its caller; outages and lost answers are thrown. */
export type Settled = Extract<
  ChangeResult,
  { outcome: 'committed' | 'exists' | 'retired' | 'absent' }
>

export interface CommitOptions {
  readonly namespace: DurableObjectNamespace<RepositoryStub>
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
    default:
      return result
  }
}

async function submit({ namespace, address, change }: CommitOptions): Promise<ChangeResult> {
  let lost = false
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      const result = await namespace.getByName(objectName(address)).commit(address, change)
      // The refusal is that of the repetition; the first try may have applied, or may still.
      return lost && result.outcome === 'refused' ? { outcome: 'unknown' } : result
    } catch (error) {
      lost = true
      console.error(`the change ${change.changeId} got no answer:`, String(error))
      if (isOverloaded(error)) break
      await backOff(attempt)
    }
  }
  return { outcome: 'unknown' }
}

/** Named by the owner's random id: an owner of the same name that comes later meets no old object. */
function objectName({ ownerId, type, name }: RepositoryAddress): string {
  return `${ownerId}/${type}/${name}`
}
