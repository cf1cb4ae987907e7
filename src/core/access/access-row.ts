// Makes the one statement that a request runs before anything else. It reads owner, token and resource from
// the D1 primary. The functions here read these from its row.
import { query } from '../database.ts'
import { findOwnerName } from '../names.ts'
import { QUOTA } from '../quota/statements.ts'
import type { OwnerRow } from './decide.ts'
import { hasEnded } from './ended-sessions.ts'
import type { TokenRow } from './principal.ts'
import type { ResourceQuery } from './resource-query.ts'
import type { Session } from './session.ts'

export interface AccessRow {
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
  /** JSON of a SessionHolder; null without a session, and if the session's token is gone. */
  readonly holder: string | null
  readonly resource: string | null
  /** JSON; null if the request did not ask for it. */
  readonly quota: string | null
  /** Bytes of the whole database, with all owners. */
  readonly databaseBytes: number
  /** JSON of an AskedRepository; null if the request did not ask for it or the repository does not exist. */
  readonly repository: string | null
  /** The id of the backup that is being restored. The database answers nobody until the restore is complete. */
  readonly restoring: string | null
}

/** How a token is looked up: by the digest of its text, or for a session by its id. */
export interface TokenKey {
  readonly column: 'hash' | 'id'
  readonly value: string | null
}

export interface AccessQuestion {
  /** The owner's name in the path; undefined for a request that concerns no owner. */
  readonly ownerName: string | undefined
  readonly token: TokenKey
  readonly session: Session | undefined
  readonly resource: ResourceQuery | undefined
  /** Whether the row has the owner's usage and limits. */
  readonly quota: boolean
  /** The repository whose last commits the row has; without a name, the type's collection. */
  readonly repository?:
    | { readonly type: string; readonly repository: string | undefined }
    | undefined
}

/**
 * Reads the row. There always is one, with null for everything that was not found.
 * @throws RegistryError storage-unavailable
 */
export async function readAccess(
  db: D1Database,
  { ownerName, token, session, resource, quota, repository }: AccessQuestion,
): Promise<AccessRow> {
  const name = ownerName === undefined ? undefined : findOwnerName(ownerName)
  const parameters = [name ?? null, token.value, ...(resource?.parameters ?? [])]
  const sessionId = session === undefined ? [] : [session.id]
  const place =
    repository === undefined ? [] : [repository.type, repository.repository ?? []].flat()
  const at = parameters.length + sessionId.length
  const { results, meta } = await query(() =>
    db
      .prepare(
        `SELECT o.id AS ownerId, o.name AS ownerName, o.visibility, o.signing_key AS signingKey,
           t.id AS tokenId, t.hash, t.owner_id AS tokenOwnerId, t.scopes, t.repositories, t.packages,
           t.expires_at AS expiresAt, t.last_used_at AS lastUsedAt,
           ${session === undefined ? '0' : hasEnded(`?${parameters.length + 1}`)} AS ended,
           ${session === undefined ? 'NULL' : HOLDER} AS holder,
           ${resource === undefined ? 'NULL' : `(${resource.sql})`} AS resource,
           ${quota ? `(${QUOTA})` : 'NULL'} AS quota,
           ${commitsOf(repository, at + 1)} AS repository,
           (SELECT restoring FROM deployment WHERE id = 1) AS restoring
         FROM (SELECT 1) LEFT JOIN owner o ON o.name = ?1
           LEFT JOIN access_token t ON t.${token.column} = ?2`,
      )
      .bind(...parameters, ...sessionId, ...place)
      .all<Omit<AccessRow, 'databaseBytes'>>(),
  )
  const [row] = results
  if (row === undefined) throw new Error('a statement that always has a row had none')
  return { ...row, databaseBytes: meta.size_after }
}

/** A scalar query for the SessionHolder of the token `t`. */
const HOLDER = `(SELECT json_object('owner', h.name, 'token', t.name) FROM owner h WHERE h.id = t.owner_id)`

/** @param first the number of the parameter with the type; the next parameter is the name, if there is one */
function commitsOf(asked: AccessQuestion['repository'], first: number): string {
  if (asked === undefined) return 'NULL'
  // A collection lives as long as its owner, so the owner's id stands for it.
  if (asked.repository === undefined) {
    return `(SELECT json_object('id', o.id, 'head', state, 'recent', recent) FROM package_collection
      WHERE package_collection.owner_id = o.id AND package_collection.type = ?${first})`
  }
  return `(SELECT json_object('id', r.id, 'head', r.head, 'recent', r.recent) FROM repository r
    WHERE r.owner_id = o.id AND r.type = ?${first} AND r.name = ?${first + 1})`
}

/**
 * Runs a resource query again, for a request that is authorized and has changed something itself.
 * @throws RegistryError storage-unavailable
 */
export async function readResource(
  db: D1Database,
  owner: OwnerRow,
  { sql, parameters }: ResourceQuery,
): Promise<unknown> {
  // ?2 is the token's parameter, as in the statement that authorizes.
  const statement = db
    .prepare(`SELECT (${sql}) AS resource FROM owner o WHERE o.id = ?1 AND ?2 IS NULL`)
    .bind(owner.id, null, ...parameters)
  const found = await query(() => statement.first<string>('resource'))
  return found === null ? undefined : JSON.parse(found)
}

export function ownerOf(row: AccessRow): OwnerRow | undefined {
  if (row.ownerId === null) return undefined
  const { ownerId: id, ownerName: name, visibility, signingKey } = row
  return { id, name, visibility, signingKey }
}

export function tokenOf(row: AccessRow): (TokenRow & { readonly hash: string }) | undefined {
  if (row.tokenId === null) return undefined
  const { hash, scopes, repositories, packages, expiresAt } = row
  const grant = { scopes, repositories, packages, expiresAt }
  return { id: row.tokenId, hash, ownerId: row.tokenOwnerId, ...grant }
}
