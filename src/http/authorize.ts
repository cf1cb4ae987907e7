// Who asks, for whose packages, for what: the credentials of a request, one statement on the D1 primary
// (core/access/access-row.ts), and a pure function that decides (core/access/decide.ts).
import {
  type AccessRow,
  ownerOf,
  readAccess,
  type TokenKey,
  tokenOf,
} from '../core/access/access-row.ts'
import { type OwnerRow, principalRefusal, refusalOf } from '../core/access/decide.ts'
import {
  type GivenSecret,
  givenSecret,
  identify,
  identifySession,
  mayBeGood,
  type Principal,
} from '../core/access/principal.ts'
import type { RequestSession, SessionHolder } from '../core/access/session.ts'
import { RegistryError } from '../core/errors.ts'
import { findOwnerName } from '../core/names.ts'
import type { AskedRepository, NearPath } from '../core/near/place.ts'
import type { OwnerQuota } from '../core/quota/quota.ts'
import { parseQuota } from '../core/quota/statements.ts'
import { type Env, requireAdminToken } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { findCredentials } from './credentials.ts'
import type { Endpoint, Params } from './endpoint.ts'
import { countFailure, refuseCountedOut } from './failures.ts'
import { RecentlyAllowed } from './recently-allowed.ts'
import { findSession } from './session.ts'

export interface Authorized {
  readonly principal: Principal
  readonly owner: OwnerRow | undefined
  readonly session: RequestSession | undefined
  readonly resource: unknown
  readonly quota: OwnerQuota | undefined
  readonly databaseBytes: number
  /** The last commits of the repository that was asked for, if it exists. */
  readonly repository: AskedRepository | undefined
  /** Unix milliseconds. */
  readonly authorizedAt: number
  /** How long the statement took, in milliseconds. */
  readonly databaseMs: number
  /** The token to note the use of, unless that was done a moment ago. */
  readonly token: { readonly id: string; readonly lastUsedAt: number | null } | undefined
}

/**
 * @param request as it was sent: credentials may be in its query
 * @param repository whose last commits are to be found too
 * @throws RegistryError unauthorized, invalid-credentials, too-many-failures, forbidden, not-found, restoring,
 *   storage-unavailable
 */
export async function authorize(
  endpoint: Endpoint,
  request: Request,
  params: Params,
  env: Env,
  repository?: Pick<NearPath, 'type' | 'repository'>,
): Promise<Authorized> {
  const secret = findSecret(endpoint, request)
  const adminToken = requireAdminToken(env)
  // A secret wins, wherever it was sent.
  const session = secret === undefined ? findSession(endpoint, request, env) : undefined
  const { searchParams } = new URL(request.url)
  const resource = 'resource' in endpoint ? endpoint.resource?.(params, searchParams) : undefined
  const asked = Date.now()
  const key = keyOf(endpoint, params, secret)
  const about = `${endpoint.access} ${findOwnerName(params.owner ?? '') ?? ''}`
  if (secret !== undefined) refuseCountedOut(about, secret)
  await refuseUnknown(endpoint, request, env, { secret, adminToken, session, about })
  const known = key === undefined ? undefined : recentlyAllowed.find(key, asked)
  const row =
    known?.row ??
    (await readAccess(env.DB, {
      ownerName: params.owner,
      token: tokenKeyOf(secret, session),
      session: session?.session,
      resource,
      quota: endpoint.access === 'write' || endpoint.access === 'owner-admin',
      repository,
    }))
  const databaseMs = Date.now() - asked
  // What is not there yet is no 404, nor a wrong credential.
  if (row.restoring !== null && !('duringRestore' in endpoint)) {
    throw new RegistryError({ code: 'restoring' })
  }
  const owner = ownerOf(row)
  const principal =
    session === undefined
      ? identify(secret, adminToken, tokenOf(row), Date.now())
      : identifySession(session.session, row.ended === 1, tokenOf(row), Date.now())
  // Written the same whether there is such an owner or not.
  const shown = findOwnerName(params.owner ?? '') ?? quote(params.owner ?? '')
  const refusal = refusalOf(endpoint.access, principal, owner, shown)
  if (refusal !== undefined) {
    if (principal.kind === 'rejected' && secret) await countFailure(env, request, secret, about)
    throw new RegistryError(refusal)
  }
  if (key !== undefined && known === undefined) recentlyAllowed.note(key, { row, readAt: asked })
  return {
    principal,
    owner,
    // One that has ended, or whose token is gone, is none.
    session: principal.kind === 'anonymous' ? undefined : heldSession(session, row),
    authorizedAt: known?.readAt ?? asked,
    databaseMs,
    databaseBytes: row.databaseBytes,
    // The shape is that of the statement.
    repository:
      row.repository === null ? undefined : (JSON.parse(row.repository) as AskedRepository),
    quota: row.quota === null ? undefined : parseQuota(row.quota),
    resource: row.resource === null ? undefined : JSON.parse(row.resource),
    token:
      principal.kind === 'token' && known === undefined
        ? { id: principal.id, lastUsedAt: row.lastUsedAt }
        : undefined,
  }
}

interface Given {
  readonly secret: GivenSecret | undefined
  readonly adminToken: string
  readonly session: RequestSession | undefined
  /** What is asked for, as failures are counted by it. */
  readonly about: string
}

/**
 * Refuses what needs credentials to somebody who has none that can be good: whatever the database holds, the answer
 * would be this one.
 * @throws RegistryError unauthorized, invalid-credentials, too-many-failures
 */
async function refuseUnknown(
  { access }: Endpoint,
  request: Request,
  env: Env,
  { secret, adminToken, session, about }: Given,
): Promise<void> {
  if (access === 'open' || access === 'read' || session !== undefined) return
  if (secret !== undefined && mayBeGood(secret, adminToken)) return
  const principal = identify(secret, adminToken, undefined, Date.now())
  const refusal = principalRefusal(access, principal, undefined, '')
  if (refusal === undefined) return
  if (secret !== undefined) await countFailure(env, request, secret, about)
  throw new RegistryError(refusal)
}

/**
 * Whether the request has credentials that the database may find good. A token that has not the form of one, and a
 * cookie that was not signed here, are known to be none without it.
 * @throws RegistryError not-configured
 */
export function mayBeKnown(endpoint: Endpoint, request: Request, env: Env): boolean {
  const secret = findSecret(endpoint, request)
  if (secret !== undefined) return mayBeGood(secret, requireAdminToken(env))
  return findSession(endpoint, request, env) !== undefined
}

/** The shape of the holder is that of the statement. */
function heldSession(
  session: RequestSession | undefined,
  { holder }: AccessRow,
): RequestSession | undefined {
  if (session === undefined || holder === null) return session
  return { ...session, holder: JSON.parse(holder) as SessionHolder }
}

const recentlyAllowed = new RecentlyAllowed<AccessRow>()

/** To be called when owners or tokens may have changed: whoever does that here sees it at once. */
export function forgetAllowed(): void {
  recentlyAllowed.forget()
}

function keyOf(endpoint: Endpoint, { owner }: Params, secret: GivenSecret | undefined) {
  if (!('recheckedByCommit' in endpoint) || secret === undefined) return undefined
  const name = findOwnerName(owner ?? '')
  return name && `${name} ${secret.hash}`
}

function findSecret({ dialect }: Endpoint, request: Request): GivenSecret | undefined {
  const text = findCredentials(request, dialect?.credentials)
  return text === undefined ? undefined : givenSecret(text)
}

/** A session knows its token by id, since the text is with whoever signed in. */
function tokenKeyOf(secret: GivenSecret | undefined, found: RequestSession | undefined): TokenKey {
  if (secret !== undefined) return { column: 'hash', value: secret.hash }
  const session = found?.session
  return { column: 'id', value: session?.kind === 'token' ? session.tokenId : null }
}
