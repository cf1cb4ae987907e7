// D1 taken back in time, as its Time Travel does, while R2, the Durable Objects and caches stay as they are.
import { env } from 'cloudflare:workers'

/** In an order in which rows may be inserted; deleted in the reverse. Triggers make the rows of lists. */
const TABLES = [
  'owner',
  'owner_usage',
  'access_token',
  'repository',
  'retired_file',
  'repository_index',
  'repository_change',
  'resting_name',
  'package',
  'package_collection',
  'package_version',
  'package_tag',
  'package_blob',
  'package_file',
  'package_readme',
  'package_mark',
  'retired_version',
  'package_property',
  'garbage',
  'sweep_progress',
] as const

/** What triggers count while other rows are inserted. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  package: ['versions'],
  package_version: ['files'],
}

type Rows = Record<string, unknown>[]

/** The rows of each table, at one instant. */
export type SavedRows = readonly (readonly [table: string, rows: Rows])[]

export async function saveRows(): Promise<SavedRows> {
  const statements = TABLES.map((table) => env.DB.prepare(`SELECT * FROM ${table}`))
  const results = await env.DB.batch<Record<string, unknown>>(statements)
  return TABLES.map((table, at) => [table, results[at]?.results ?? []])
}

/** @param saved as `saveRows` returned it; nothing for an empty database */
export async function restoreRows(saved: SavedRows = []): Promise<void> {
  const deletes = [...TABLES].reverse().map((table) => env.DB.prepare(`DELETE FROM ${table}`))
  const inserts = saved.flatMap(([table, rows]) =>
    rows.map((row) => {
      const names = Object.keys(row).filter((name) => !COUNTED[table]?.includes(name))
      const marks = names.map(() => '?').join(', ')
      return env.DB.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`).bind(
        ...names.map((name) => row[name]),
      )
    }),
  )
  await env.DB.batch([...deletes, ...inserts])
}
