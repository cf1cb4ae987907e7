// Who asks, for whose packages, for what: one statement on the D1 primary per request answers all
// three, and a pure function decides.
import { type OwnerRow, refusalOf } from '../core/access/decide.ts'
import { hasEnded } from '../core/access/ended-sessions.ts'
import {
  type GivenSecret,
  givenSecret,
  identify,
  identifySession,
  type Principal,
  type TokenRow,
} from '../core/access/principal.ts'
import type { RequestSession } from '../core/access/session.ts'
import { query } from '../core/database.ts'
import { RegistryError } from '../core/errors.ts'
import { findOwnerName } from '../core/names.ts'
import { type Env, requireAdminToken } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { parseCredentials } from './credentials.ts'
import type { Endpoint, Params, ResourceQuery } from './endpoint.ts'
import { countFailure } from './failures.ts'
import { RecentlyAllowed } from './recently-allowed.ts'
import { findSession } from './session.ts'

export interface Authorized {
  readonly principal: Principal
  readonly owner: OwnerRow | undefined
  readonly session: RequestSession | undefined
  readonly resource: unknown
  /** Unix milliseconds. */
  readonly authorizedAt: number
  /** How long the statement took, in milliseconds. */
  readonly databaseMs: number
  /** The token to note the use of, unless that was done a moment ago. */
  readonly token: { readonly id: string; readonly lastUsedAt: number | null } | undefined
}

interface Row {
  readonly ownerId: string | null
  readonly ownerName: string
  readonly visibility: OwnerRow['visibility']
  readonly signingKey: string | null
  readonly tokenId: string | null
  readonly hash: string
  readonly tokenOwnerId: string
  readonly scopes: string
  readonly repositories: string | null
  readonly packages: string | null
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
  /** 1 for a session that was signed out of. */
  readonly ended: number
  readonly resource: string | null
}

/** @throws RegistryError unauthorized, invalid-credentials, forbidden, not-found, storage-unavailable */
export async function authorize(
  endpoint: Endpoint,
  request: Request,
  params: Params,
  env: Env,
): Promise<Authorized> {
  const secret = findSecret(request)
  const adminToken = requireAdminToken(env)
  const session = findSession(endpoint, request, env)
  const resource = 'resource' in endpoint ? endpoint.resource?.(params) : undefined
  const asked = Date.now()
  const key = keyOf(endpoint, params, secret)
  const known = key === undefined ? undefined : recentlyAllowed.find(key, asked)
  const row =
    known?.row ??
    (await readRow(env.DB, params.owner, tokenKeyOf(secret, session), session, resource))
  const databaseMs = Date.now() - asked
  const owner = ownerOf(row)
  const principal =
    session === undefined
      ? identify(secret, adminToken, tokenOf(row), Date.now())
      : identifySession(session.session, row.ended === 1, tokenOf(row), Date.now())
  // Written the same whether there is such an owner or not.
  const shown = findOwnerName(params.owner ?? '') ?? quote(params.owner ?? '')
  const refusal = refusalOf(endpoint.access, principal, owner, shown)
  if (refusal !== undefined) {
    if (principal.kind === 'rejected' && secret) await countFailure(env, request, secret)
    throw new RegistryError(refusal)
  }
  if (key !== undefined && known === undefined) recentlyAllowed.note(key, { row, readAt: asked })
  return {
    principal,
    owner,
    // One that has ended, or whose token is gone, is none.
    session: principal.kind === 'anonymous' ? undefined : session,
    authorizedAt: known?.readAt ?? asked,
    databaseMs,
    resource: row.resource === null ? undefined : JSON.parse(row.resource),
    token:
      principal.kind === 'token' && known === undefined
        ? { id: principal.id, lastUsedAt: row.lastUsedAt }
        : undefined,
  }
}

const recentlyAllowed = new RecentlyAllowed<Row>()

/** To be called when owners or tokens may have changed: whoever does that here sees it at once. */
export function forgetAllowed(): void {
  recentlyAllowed.forget()
}

function keyOf(endpoint: Endpoint, { owner }: Params, secret: GivenSecret | undefined) {
  if (!('recheckedByCommit' in endpoint) || secret === undefined) return undefined
  const name = findOwnerName(owner ?? '')
  return name && `${name} ${secret.hash}`
}

function findSecret(request: Request): GivenSecret | undefined {
  const text = parseCredentials(request.headers.get('authorization'))
  return text === undefined ? undefined : givenSecret(text)
}

interface TokenKey {
  readonly column: 'hash' | 'id'
  readonly value: string | null
}

/** A session knows its token by id, since the text is with whoever signed in. */
function tokenKeyOf(secret: GivenSecret | undefined, found: RequestSession | undefined): TokenKey {
  if (secret !== undefined) return { column: 'hash', value: secret.hash }
  const session = found?.session
  return { column: 'id', value: session?.kind === 'token' ? session.tokenId : null }
}

async function readRow(
  db: D1Database,
  ownerName: string | undefined,
  token: TokenKey,
  found: RequestSession | undefined,
  resource: ResourceQuery | undefined,
): Promise<Row> {
  const name = ownerName === undefined ? undefined : findOwnerName(ownerName)
  const parameters = [name ?? null, token.value, ...(resource?.parameters ?? [])]
  const session = found === undefined ? [] : [found.session.id]
  const row = await query(() =>
    db
      .prepare(
        `SELECT o.id AS ownerId, o.name AS ownerName, o.visibility, o.signing_key AS signingKey,
           t.id AS tokenId, t.hash, t.owner_id AS tokenOwnerId, t.scopes, t.repositories, t.packages,
           t.expires_at AS expiresAt, t.last_used_at AS lastUsedAt,
           ${found === undefined ? '0' : hasEnded(`?${parameters.length + 1}`)} AS ended,
           ${resource === undefined ? 'NULL' : `(${resource.sql})`} AS resource
         FROM (SELECT 1) LEFT JOIN owner o ON o.name = ?1
           LEFT JOIN access_token t ON t.${token.column} = ?2`,
      )
      .bind(...parameters, ...session)
      .first<Row>(),
  )
  if (row === null) throw new Error('a statement that always has a row had none')
  return row
}

/**
 * What a resource query finds by now, for a request that was authorized and changed something itself.
 * @throws RegistryError storage-unavailable
 */
export async function readResource(
  db: D1Database,
  owner: OwnerRow,
  { sql, parameters }: ResourceQuery,
): Promise<unknown> {
  // ?2 is the token's, as in the statement that authorizes.
  const statement = db
    .prepare(`SELECT (${sql}) AS resource FROM owner o WHERE o.id = ?1 AND ?2 IS NULL`)
    .bind(owner.id, null, ...parameters)
  const found = await query(() => statement.first<string>('resource'))
  return found === null ? undefined : JSON.parse(found)
}

function ownerOf(row: Row): OwnerRow | undefined {
  if (row.ownerId === null) return undefined
  const { ownerId: id, ownerName: name, visibility, signingKey } = row
  return { id, name, visibility, signingKey }
}

function tokenOf(row: Row): (TokenRow & { readonly hash: string }) | undefined {
  if (row.tokenId === null) return undefined
  const { hash, scopes, repositories, packages, expiresAt } = row
  const grant = { scopes, repositories, packages, expiresAt }
  return { id: row.tokenId, hash, ownerId: row.tokenOwnerId, ...grant }
}
