// The rows of owners.
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { owner } from '../db/schema.ts'
import { query, runBatch } from './database.ts'
import { invalidRequest, RegistryError } from './errors.ts'
import type { OwnerName } from './names.ts'
import type { Limits, OwnerQuota } from './quota/quota.ts'
import { parseQuota, QUOTA } from './quota/statements.ts'

export type Owner = typeof owner.$inferSelect
export type Visibility = Owner['visibility']

/** @throws RegistryError invalid-request */
export function parseVisibility(value: unknown): Visibility {
  if (value === 'public' || value === 'private') return value
  throw invalidRequest('visibility is required: "public" or "private"')
}

export interface OwnerSettings {
  readonly visibility: Visibility
  /** The secret binding of the owner's own key, null for the deployment's; undefined keeps it. */
  readonly signingKey?: string | null
  /** Limits that differ from the deployment's; undefined keeps them. */
  readonly limits?: Partial<Limits>
}

/** Creates the owner, or changes its settings; `created` says which. */
export async function putOwner(
  db: D1Database,
  name: OwnerName,
  settings: OwnerSettings,
): Promise<{ readonly owner: Owner; readonly created: boolean }> {
  const id = crypto.randomUUID()
  const { visibility, signingKey, limits } = settings
  const changes = {
    visibility,
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(limits === undefined ? {} : { limits: formatLimits(limits) }),
  }
  const [row] = await query(() =>
    drizzle(db)
      .insert(owner)
      .values({ id, name, createdAt: Date.now(), ...changes })
      .onConflictDoUpdate({ target: owner.name, set: changes })
      .returning(),
  )
  if (row === undefined) throw new Error('an upsert that returned no row')
  return { owner: row, created: row.id === id }
}

/** In the place of all limits of its own. */
export async function changeLimits(
  db: D1Database,
  id: string,
  limits: Partial<Limits>,
): Promise<void> {
  const change = { limits: formatLimits(limits) }
  await query(() => drizzle(db).update(owner).set(change).where(eq(owner.id, id)))
}

/** Null where none differs. */
function formatLimits(limits: Partial<Limits>): string | null {
  return Object.keys(limits).length === 0 ? null : JSON.stringify(limits)
}

/**
 * Creates an owner and changes none that is there.
 * @throws RegistryError invalid-request
 */
export async function createOwner(
  db: D1Database,
  name: OwnerName,
  visibility: Visibility,
): Promise<void> {
  const id = crypto.randomUUID()
  const row = { id, name, visibility, signingKey: null, createdAt: Date.now() }
  const insert = () => drizzle(db).insert(owner).values(row).onConflictDoNothing().returning()
  const [created] = await query(insert)
  if (created === undefined) throw invalidRequest(`the owner ${name} is there already`)
}

export interface Page {
  readonly offset: number
  readonly limit: number
  /** The id of the entry that the page follows, in place of the offset, in lists that take one. */
  readonly after?: string | undefined
}

export interface ListedOwner extends Omit<Owner, 'limits'> {
  readonly quota: OwnerQuota
}

const OWNERS = `
  SELECT o.id, o.name, o.visibility, o.signing_key AS signingKey, o.created_at AS createdAt,
    (${QUOTA}) AS quota
  FROM owner o ORDER BY o.name LIMIT ?1 OFFSET ?2`

/** Owners by name with what they have and may have, and how many owners there are in all. */
export async function listOwners(
  db: D1Database,
  page: Page,
): Promise<{ readonly owners: readonly ListedOwner[]; readonly total: number }> {
  const [rows, totals] = await query(() =>
    runBatch(db, [[OWNERS, page.limit, page.offset], ['SELECT count(*) AS total FROM owner']]),
  )
  // The shapes are those of the statements above, which D1's types cannot know.
  const owners = (rows?.results ?? []) as (Omit<ListedOwner, 'quota'> & { quota: string })[]
  const [{ total = 0 } = {}] = (totals?.results ?? []) as { total: number }[]
  return { owners: owners.map((row) => ({ ...row, quota: parseQuota(row.quota) })), total }
}

export interface PublicOwner {
  readonly name: string
  /** The first of its repositories by type and name. */
  readonly repositories: readonly { readonly type: string; readonly name: string }[]
}

const SHOWN_REPOSITORIES = 6

/** Names are lower case, so that what begins with the prefix lies between it and `prefix~`. */
const PUBLIC_OWNERS = `
  SELECT o.name, (
    SELECT json_group_array(json_object('type', r.type, 'name', r.name)) FROM (
      SELECT type, name FROM repository WHERE owner_id = o.id
      ORDER BY type, name LIMIT ${SHOWN_REPOSITORIES}) r) AS repositories
  FROM owner o WHERE o.visibility = 'public' AND o.name >= ?1 AND o.name < ?1 || '~'
  ORDER BY o.name LIMIT ?2 OFFSET ?3`

/**
 * Public owners whose name begins with the prefix, by name, and whether there are more behind them.
 * @param prefix lower case
 */
export async function listPublicOwners(
  db: D1Database,
  prefix: string,
  page: Page,
): Promise<{ readonly owners: readonly PublicOwner[]; readonly more: boolean }> {
  const { results } = await query(() =>
    db
      .prepare(PUBLIC_OWNERS)
      .bind(prefix, page.limit + 1, page.offset)
      .all<{ name: string; repositories: string }>(),
  )
  const owners = results.slice(0, page.limit).map((row) => ({
    name: row.name,
    repositories: JSON.parse(row.repositories) as PublicOwner['repositories'],
  }))
  return { owners, more: results.length > page.limit }
}

const HAS_PACKAGES = 'SELECT 1 FROM package WHERE owner_id = ?1'

/**
 * Deletes the owner with its tokens and its emptied repositories, whose index files become garbage.
 * A publish under way either comes first, and the owner stays, or finds no owner.
 * @throws RegistryError owner-not-empty
 */
export async function deleteOwner(db: D1Database, id: string, name: string): Promise<void> {
  const results = await query(() =>
    db.batch([
      db
        .prepare(
          `INSERT INTO garbage (r2_key, due_at)
           SELECT i.r2_key, ?2 FROM repository r
           JOIN repository_index i ON i.repository_id = r.id
           WHERE r.owner_id = ?1 AND NOT EXISTS (${HAS_PACKAGES})
           ON CONFLICT DO NOTHING`,
        )
        .bind(id, Date.now()),
      db.prepare(`DELETE FROM owner WHERE id = ?1 AND NOT EXISTS (${HAS_PACKAGES})`).bind(id),
      db.prepare('SELECT 1 FROM owner WHERE id = ?1').bind(id),
    ]),
  )
  if ((results[2]?.results.length ?? 0) > 0) {
    throw new RegistryError({ code: 'owner-not-empty', owner: name })
  }
}

/** Whether the database answers, and which migrations it has. */
export async function readMigrations(db: D1Database): Promise<ReadonlySet<string>> {
  const rows = await query(() =>
    drizzle(db).all<{ name: string }>(sql`SELECT name FROM d1_migrations`),
  )
  return new Set(rows.map((row) => row.name))
}
