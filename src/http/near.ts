// Answers for files of public owners from what the place remembers (core/near), before anybody asks the
// database; and what it remembers is what the database said to such requests. Credentials are not looked at,
// as for public owners anyway.
import { findOwnerName } from '../core/names.ts'
import { NearCache } from '../core/near/cache.ts'
import type { NearName } from '../core/near/facts.ts'
import { NearMemory } from '../core/near/memory.ts'
import {
  findNearFile,
  forgetFacts,
  type NearPath,
  type NearPlace,
  noteAnswer,
  recallFile,
} from '../core/near/place.ts'
import type { RemovableFile } from '../core/packages/remove.ts'
import { rememberMsOf } from '../env.ts'
import { type Authorized, authorize } from './authorize.ts'
import { edgeOf } from './edge.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { hedge } from './hedge.ts'

const memory = new NearMemory()

type PlaceCall = Pick<Call, 'env' | 'url' | 'waitUntil'>
type NearCall = PlaceCall & Pick<Call, 'params'>

/** Whether an answer is one of the place alone. */
export interface AuthorizedHere extends Authorized {
  readonly near: boolean
}

/**
 * As `authorize`, but for files that the place remembers.
 * @param sent the request with the credentials that may be in its query
 * @throws RegistryError as `authorize` does
 */
export async function authorizeHere(
  endpoint: Endpoint,
  sent: Request,
  call: NearCall,
): Promise<AuthorizedHere> {
  const path = pathOf(endpoint, call)
  if (path?.path === undefined) return askHome(endpoint, sent, call, path)
  const place = placeOf(call)
  const recalled = recallFile(place, path)
  if (recalled !== undefined) return rememberedAs(recalled)
  const found = findNearFile(place, path).then((name) => name && rememberedAs(name))
  return hedge(found, () => askHome(endpoint, sent, call, path))
}

/** Asks the database whatever the place remembers, and has it remember what the database says. */
export async function authorizeAtHome(
  endpoint: Endpoint,
  sent: Request,
  call: NearCall,
): Promise<AuthorizedHere> {
  return askHome(endpoint, sent, call, pathOf(endpoint, call))
}

/**
 * To be called when files of the repository or the collection were removed, before that is answered: this isolate, and
 * those of the place that remember nothing themselves, ask the database next. Elsewhere the bound says when they are
 * gone.
 */
export async function forgetRepository(
  call: PlaceCall,
  names: Pick<NearPath, 'ownerName' | 'type' | 'repository'>,
): Promise<void> {
  const place = placeOf(call)
  if (place.bound > 0) await forgetFacts(place, { ...names, path: undefined })
}

function placeOf(call: PlaceCall): NearPlace {
  const bound = rememberMsOf(call.env)
  return { memory, cache: new NearCache(edgeOf(call)), now: Date.now, bound }
}

/** Undefined for what is never near, and for names that nothing can have. */
function pathOf(endpoint: Endpoint, { params, env }: NearCall): NearPath | undefined {
  if (rememberMsOf(env) === 0 || !('near' in endpoint)) return undefined
  const ownerName = findOwnerName(params.owner ?? '')
  const named = endpoint.near?.(params)
  return ownerName === undefined || named === undefined ? undefined : { ...named, ownerName }
}

function rememberedAs({ owner, resource }: NearName): AuthorizedHere {
  return {
    principal: { kind: 'anonymous' },
    owner: { ...owner, visibility: 'public', signingKey: null },
    session: undefined,
    resource,
    quota: undefined,
    databaseBytes: 0,
    authorizedAt: Date.now(),
    databaseMs: 0,
    token: undefined,
    repository: undefined,
    near: true,
  }
}

async function askHome(
  endpoint: Endpoint,
  sent: Request,
  call: NearCall,
  path: NearPath | undefined,
): Promise<AuthorizedHere> {
  const authorized = await authorize(endpoint, sent, call.params, call.env, path)
  const { owner, repository, resource, authorizedAt } = authorized
  if (path !== undefined && owner?.visibility === 'public' && repository !== undefined) {
    const file = path.path === undefined ? undefined : (resource as RemovableFile | undefined)
    const found = file && { fileId: file.id, owner: { id: owner.id, name: owner.name }, resource }
    noteAnswer(placeOf(call), path, repository, authorizedAt, found)
  }
  return { ...authorized, near: false }
}
