// Reads and writes the rows of access tokens.
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { accessToken } from '../../db/schema.ts'
import { query, runBatch, type Statement } from '../database.ts'
import type { Limits } from '../quota/quota.ts'
import { changeUsage } from '../quota/statements.ts'
import { addWithinLimits } from '../quota/within-limits.ts'
import { type GivenSecret, parseGrantColumns, type Scope, type TokenRow } from './principal.ts'
import { hashToken, mintToken } from './token-text.ts'

export interface TokenGrant {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly repositories: readonly string[] | null
  readonly packages: readonly string[] | null
  /** Unix milliseconds. */
  readonly expiresAt: number | null
}

export interface AccessToken extends TokenGrant {
  readonly id: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

/** The last use is noted at most once in this time, since noting costs a write. */
const LAST_USE_MS = 60 * 60 * 1000

/**
 * Creates a token. Only the answer has its text.
 * @param limits the deployment's limits
 * @throws RegistryError quota-exceeded
 */
export async function createToken(
  db: D1Database,
  ownerId: string,
  grant: TokenGrant,
  limits: Limits,
): Promise<{ readonly token: AccessToken; readonly text: string }> {
  const text = mintToken()
  const row = {
    id: crypto.randomUUID(),
    ownerId,
    name: grant.name,
    hash: hashToken(text),
    scopes: JSON.stringify(grant.scopes),
    repositories: grant.repositories === null ? null : JSON.stringify(grant.repositories),
    packages: grant.packages === null ? null : JSON.stringify(grant.packages),
    expiresAt: grant.expiresAt,
    createdAt: Date.now(),
    lastUsedAt: null,
  }
  // If the answer was lost, the same batch runs again. Otherwise a token would stay whose text nobody has.
  const isNew = { sql: `NOT EXISTS (${FOUND})`, parameters: [row.id] }
  const statements = [insertToken(row)]
  const insert = () =>
    addWithinLimits(db, { ownerId, added: { tokens: 1 }, limits, isNew, statements })
  await insert().catch(() => insert())
  return { token: tokenOf(row), text }
}

const FOUND = 'SELECT 1 FROM access_token WHERE owner_id = ?1 AND id = ?2'

function insertToken(row: typeof accessToken.$inferSelect): Statement {
  return [
    `INSERT INTO access_token (id, owner_id, name, hash, scopes, repositories, packages, expires_at,
       created_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING`,
    ...[row.id, row.ownerId, row.name, row.hash, row.scopes, row.repositories, row.packages],
    row.expiresAt,
    row.createdAt,
  ]
}

/** The owner's tokens, oldest first. */
export async function listTokens(db: D1Database, ownerId: string): Promise<AccessToken[]> {
  const rows = await query(() =>
    drizzle(db)
      .select()
      .from(accessToken)
      .where(eq(accessToken.ownerId, ownerId))
      .orderBy(accessToken.createdAt, accessToken.id),
  )
  return rows.map(tokenOf)
}

/** The facts about a token that signing in needs. */
export interface FoundToken extends TokenRow {
  readonly hash: string
  readonly ownerName: string
}

/** Finds the token of a secret, expired or not; undefined if no token has it. */
export async function findToken(
  db: D1Database,
  secret: GivenSecret,
): Promise<FoundToken | undefined> {
  const row = await query(() =>
    db
      .prepare(
        `SELECT t.id, t.hash, t.owner_id AS ownerId, t.scopes, t.repositories, t.packages,
           t.expires_at AS expiresAt, o.name AS ownerName
         FROM access_token t JOIN owner o ON o.id = t.owner_id WHERE t.hash = ?1`,
      )
      .bind(secret.hash)
      .first<FoundToken>(),
  )
  return row ?? undefined
}

/** Deletes a token. Returns whether it existed. */
export async function deleteToken(db: D1Database, ownerId: string, id: string): Promise<boolean> {
  const isThere = { sql: `EXISTS (${FOUND})`, parameters: [id] }
  const results = await query(() =>
    runBatch(db, [
      ...changeUsage(ownerId, { tokens: -1 }, isThere),
      ['DELETE FROM access_token WHERE owner_id = ?1 AND id = ?2 RETURNING id', ownerId, id],
    ]),
  )
  return (results.at(-1)?.results.length ?? 0) > 0
}

/**
 * Selects the tokens of a list that exist and have not expired, as rows of their `id`.
 * @param now Unix milliseconds
 */
export function selectValidTokens(ids: readonly string[], now: number): Statement {
  const sql = `SELECT id FROM access_token
    WHERE id IN (SELECT value FROM json_each(?1)) AND coalesce(expires_at > ?2, true)`
  return [sql, JSON.stringify(ids), now]
}

/**
 * Whether the token exists and has not expired.
 * @param now Unix milliseconds
 */
export async function isTokenValid(db: D1Database, id: string, now: number): Promise<boolean> {
  const [found] = await query(() => runBatch(db, [selectValidTokens([id], now)]))
  return found?.results.length === 1
}

/** Notes a use of the token, unless one was noted within the last hour. Never throws. */
export async function noteLastUse(
  db: D1Database,
  token: { readonly id: string; readonly lastUsedAt: number | null },
  now: number,
): Promise<void> {
  if (token.lastUsedAt !== null && now - token.lastUsedAt < LAST_USE_MS) return
  try {
    await drizzle(db)
      .update(accessToken)
      .set({ lastUsedAt: now })
      .where(eq(accessToken.id, token.id))
  } catch (error) {
    console.error('could not note the last use of a token:', String(error))
  }
}

function tokenOf(row: typeof accessToken.$inferSelect): AccessToken {
  return {
    id: row.id,
    name: row.name,
    ...parseGrantColumns(row),
    expiresAt: row.expiresAt,
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
  }
}
