// The rows of owners.
import { count, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { owner } from '../db/schema.ts'
import { query } from './database.ts'
import { invalidRequest, RegistryError } from './errors.ts'
import type { OwnerName } from './names.ts'

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
}

/** Creates the owner, or changes its settings; `created` says which. */
export async function putOwner(
  db: D1Database,
  name: OwnerName,
  settings: OwnerSettings,
): Promise<{ readonly owner: Owner; readonly created: boolean }> {
  const id = crypto.randomUUID()
  const { visibility, signingKey } = settings
  const [row] = await query(() =>
    drizzle(db)
      .insert(owner)
      .values({ id, name, visibility, signingKey: signingKey ?? null, createdAt: Date.now() })
      .onConflictDoUpdate({
        target: owner.name,
        set: signingKey === undefined ? { visibility } : { visibility, signingKey },
      })
      .returning(),
  )
  if (row === undefined) throw new Error('an upsert that returned no row')
  return { owner: row, created: row.id === id }
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
}

/** Owners by name, and how many there are in all. */
export async function listOwners(
  db: D1Database,
  page: Page,
): Promise<{ readonly owners: readonly Owner[]; readonly total: number }> {
  const orm = drizzle(db)
  const [owners, totals] = await query(() =>
    orm.batch([
      orm.select().from(owner).orderBy(owner.name).limit(page.limit).offset(page.offset),
      orm.select({ total: count() }).from(owner),
    ]),
  )
  return { owners, total: totals[0]?.total ?? 0 }
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
           WHERE r.owner_id = ?1 AND NOT EXISTS (${HAS_PACKAGES})`,
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
