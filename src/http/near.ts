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
import type { Call, Endpoint, Params } from './endpoint.ts'

const memory = new NearMemory()

/** Where the cache is slower than this, in milliseconds, the database is asked too, and the first answer counts. */
const HEDGE_MS = 25

type NearCall = Pick<Call, 'request' | 'env' | 'url' | 'params' | 'waitUntil'>

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
  const bound = rememberMsOf(call.env)
  const path = bound === 0 ? undefined : pathOf(endpoint, call.params)
  if (path === undefined)
    return { ...(await authorize(endpoint, sent, call.params, call.env)), near: false }
  const place = placeOf(call, bound)
  const recalled = path.path === undefined ? undefined : recallFile(place, path)
  if (recalled !== undefined) return rememberedAs(recalled)
  const home = () => askHome(endpoint, sent, call, place, path)
  return path.path === undefined ? home() : hedge(findNearFile(place, path), home)
}

/** Asks the database, and has the place remember what it says. */
export async function authorizeAtHome(
  endpoint: Endpoint,
  sent: Request,
  call: NearCall,
): Promise<AuthorizedHere> {
  const bound = rememberMsOf(call.env)
  const path = pathOf(endpoint, call.params)
  if (path === undefined || bound === 0) return authorizeHere(endpoint, sent, call)
  return askHome(endpoint, sent, call, placeOf(call, bound), path)
}

/**
 * To be called when files of the repository were removed, before that is answered: who removed them sees them
 * gone at once. Elsewhere the bound says when.
 */
export async function forgetRepository(
  call: Pick<Call, 'env' | 'url' | 'waitUntil'>,
  names: Pick<NearPath, 'ownerName' | 'type' | 'repository'>,
): Promise<void> {
  const bound = rememberMsOf(call.env)
  if (bound > 0) await forgetFacts(placeOf(call, bound), { ...names, path: undefined })
}

function placeOf(call: Pick<Call, 'env' | 'url' | 'waitUntil'>, bound: number): NearPlace {
  return { memory, cache: new NearCache(edgeOf(call)), now: Date.now, bound }
}

/** Undefined for what is never near, and for names that nothing can have. */
function pathOf(endpoint: Endpoint, params: Params): NearPath | undefined {
  const ownerName = findOwnerName(params.owner ?? '')
  const named = 'near' in endpoint ? endpoint.near?.(params) : undefined
  return ownerName === undefined || named === undefined ? undefined : { ...named, ownerName }
}

async function hedge(
  near: Promise<NearName | undefined>,
  home: () => Promise<AuthorizedHere>,
): Promise<AuthorizedHere> {
  const slow = Symbol()
  const first = await Promise.race([near, scheduler.wait(HEDGE_MS).then(() => slow)])
  if (first !== slow)
    return (first as NearName | undefined) === undefined ? home() : rememberedAs(first as NearName)
  const asked = home()
  const found = await Promise.race([
    near,
    asked.then(
      () => undefined,
      () => undefined,
    ),
  ])
  return found === undefined ? asked : rememberedAs(found)
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
  { params, env }: NearCall,
  place: NearPlace,
  path: NearPath,
): Promise<AuthorizedHere> {
  const authorized = await authorize(endpoint, sent, params, env, path)
  const { owner, repository, resource, authorizedAt } = authorized
  if (owner?.visibility === 'public' && repository !== undefined) {
    const file = path.path === undefined ? undefined : (resource as RemovableFile | undefined)
    const found = file && { fileId: file.id, owner: { id: owner.id, name: owner.name }, resource }
    noteAnswer(place, path, repository, authorizedAt, found)
  }
  return { ...authorized, near: false }
}
