// Who asks, for whose packages, for what: one statement on the D1 primary per request answers all
// three, and a pure function decides.
import { type OwnerRow, refusalOf } from '../core/access/decide.ts'
import { identify, type Principal, type TokenRow } from '../core/access/principal.ts'
import { hashToken } from '../core/access/token-text.ts'
import { query } from '../core/database.ts'
import { RegistryError } from '../core/errors.ts'
import { findOwnerName } from '../core/names.ts'
import { type Env, requireAdminToken } from '../env.ts'
import { quote } from '../formats/format-error.ts'
import { parseCredentials } from './credentials.ts'
import type { Endpoint, Params, ResourceQuery } from './endpoint.ts'

export interface Authorized {
  readonly principal: Principal
  readonly owner: OwnerRow | undefined
  readonly resource: unknown
  /** How long the statement took, in milliseconds. */
  readonly databaseMs: number
  /** The token to note the use of. */
  readonly token: { readonly id: string; readonly lastUsedAt: number | null } | undefined
}

interface Row {
  readonly ownerId: string | null
  readonly ownerName: string
  readonly visibility: OwnerRow['visibility']
  readonly signingKey: string | null
  readonly tokenId: string | null
  readonly tokenOwnerId: string
  readonly scopes: string
  readonly repositories: string | null
  readonly packages: string | null
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
  readonly resource: string | null
}

/** @throws RegistryError unauthorized, invalid-credentials, forbidden, not-found, storage-unavailable */
export async function authorize(
  endpoint: Endpoint,
  request: Request,
  params: Params,
  env: Env,
): Promise<Authorized> {
  const secret = parseCredentials(request.headers.get('authorization'))
  const resource = 'resource' in endpoint ? endpoint.resource?.(params) : undefined
  const started = Date.now()
  const row = await readRow(env.DB, params.owner, secret, resource)
  const databaseMs = Date.now() - started
  const owner = ownerOf(row)
  const principal = identify(secret, requireAdminToken(env), tokenOf(row), Date.now())
  const shown = owner?.name ?? quote(params.owner ?? '')
  const refusal = refusalOf(endpoint.access, principal, owner, shown)
  if (refusal !== undefined) {
    if (principal.kind === 'rejected') await countFailure(env, request, secret ?? '')
    throw new RegistryError(refusal)
  }
  return {
    principal,
    owner,
    databaseMs,
    resource: row.resource === null ? undefined : JSON.parse(row.resource),
    token:
      principal.kind === 'token' ? { id: principal.id, lastUsedAt: row.lastUsedAt } : undefined,
  }
}

/** The period of the limiter in wrangler.toml. */
const FAILURE_PERIOD_S = 60

/**
 * Slows down guessing, by the guesser's address and by the guess. Only who was wrong is counted and
 * refused, so that good credentials work whatever others do at the same address.
 * @throws RegistryError too-many-failures
 */
async function countFailure(env: Env, request: Request, secret: string): Promise<void> {
  const address = request.headers.get('cf-connecting-ip') ?? 'unknown'
  const keys = [`address ${address}`, `token ${hashToken(secret)}`]
  try {
    const counts = await Promise.all(keys.map((key) => env.WRONG_CREDENTIALS.limit({ key })))
    if (counts.every((count) => count.success)) return
  } catch (error) {
    console.error('the rate limiter does not answer:', String(error))
    return
  }
  throw new RegistryError({ code: 'too-many-failures', seconds: FAILURE_PERIOD_S })
}

async function readRow(
  db: D1Database,
  ownerName: string | undefined,
  secret: string | undefined,
  resource: ResourceQuery | undefined,
): Promise<Row> {
  const name = ownerName === undefined ? undefined : findOwnerName(ownerName)
  const hash = secret === undefined ? null : hashToken(secret)
  const row = await query(() =>
    db
      .prepare(
        `SELECT o.id AS ownerId, o.name AS ownerName, o.visibility, o.signing_key AS signingKey,
           t.id AS tokenId, t.owner_id AS tokenOwnerId, t.scopes, t.repositories, t.packages,
           t.expires_at AS expiresAt, t.last_used_at AS lastUsedAt,
           ${resource === undefined ? 'NULL' : `(${resource.sql})`} AS resource
         FROM (SELECT 1) LEFT JOIN owner o ON o.name = ?1
           LEFT JOIN access_token t ON t.hash = ?2`,
      )
      .bind(name ?? null, hash, ...(resource?.parameters ?? []))
      .first<Row>(),
  )
  if (row === null) throw new Error('a statement that always has a row had none')
  return row
}

function ownerOf(row: Row): OwnerRow | undefined {
  if (row.ownerId === null) return undefined
  const { ownerId: id, ownerName: name, visibility, signingKey } = row
  return { id, name, visibility, signingKey }
}

function tokenOf(row: Row): TokenRow | undefined {
  if (row.tokenId === null) return undefined
  const { scopes, repositories, packages, expiresAt } = row
  return { id: row.tokenId, ownerId: row.tokenOwnerId, scopes, repositories, packages, expiresAt }
}
