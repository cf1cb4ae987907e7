// The bulk path for benchmarks: fills repositories by SQL alone, straight into the file that the
// local D1 keeps, while no server runs. The result is what a restored database is: owners, rows and
// a head, but no object in R2, no index file, and nothing in the Durable Object, whose first commit
// rebuilds its copy from these rows (and is timed). Packages so made are listed by the index and
// cannot be downloaded. Some 50,000 packages a second.
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { PackageEntry } from './packages.ts'

export interface SeededRepository {
  /** Its owner's name, and its id. */
  readonly owner: string
  readonly entries: Iterable<PackageEntry>
}

/** The repository's name, the same for every owner. */
export const REPOSITORY = 'edge/main'

const ROWS = 2000
/** Ids begin with a number instead of a time, which is earlier than any: what is published later comes last. */
let seeded = 0

/** @param directory the server's state, migrated, of a server that is stopped */
export function seed(directory: string, repositories: readonly SeededRepository[]): void {
  const database = openDatabase(directory)
  try {
    for (const repository of repositories) seedRepository(database, repository)
  } finally {
    database.close()
  }
}

/** Commits of a repository so far, which is how many times its index was built for publishes. */
export function readRevision(directory: string, owner: string): number {
  const database = openDatabase(directory)
  try {
    const row = database
      .prepare(
        'SELECT revision FROM repository r JOIN owner o ON o.id = r.owner_id WHERE o.name = ?',
      )
      .get(owner)
    return Number(row?.revision ?? 0)
  } finally {
    database.close()
  }
}

function openDatabase(directory: string): DatabaseSync {
  const files = globSync(join(directory, 'state/v3/d1/miniflare-D1DatabaseObject/*.sqlite'))
  const [file] = files.filter((path) => !path.endsWith('metadata.sqlite'))
  if (file === undefined) throw new Error('there is no migrated database to seed')
  return new DatabaseSync(file)
}

function seedRepository(database: DatabaseSync, { owner, entries }: SeededRepository): void {
  const statements = [
    "INSERT INTO owner (id, name, visibility, created_at) VALUES (?1, ?1, 'public', 0)",
    `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at)
     VALUES (?1, ?1, 'alpine', '${REPOSITORY}', 'seeded', 1, 0)`,
  ]
  for (const sql of statements) database.prepare(sql).run(owner)
  const insert = inserts(database)
  let rows: unknown[] = []
  const flush = () => {
    database.exec('BEGIN')
    for (const statement of insert) statement.run(owner, JSON.stringify(rows))
    database.exec('COMMIT')
    rows = []
  }
  for (const entry of entries) {
    const file = `${entry.name}-${entry.version}.apk`
    rows.push({ ...entry, file, id: `${String(seeded++).padStart(9, '0')}-${owner}` })
    if (rows.length === ROWS) flush()
  }
  flush()
  database.prepare(COUNT).run(owner)
  database.prepare(MARKER).run()
}

/** Of a database that names objects before its bucket has a marker: the server places it there. */
const MARKER =
  "INSERT INTO deployment (id, marker, placed) VALUES (1, 'seeded', 0) ON CONFLICT DO NOTHING"

/** Each blob is of one byte. Names of packages were charged as they came. */
const COUNT = `
  INSERT INTO owner_usage (owner_id, files, metadata_bytes, file_bytes, repositories)
  SELECT ?1, count(*), sum(metadata_bytes), count(*), 1 FROM package_file WHERE repository_id = ?1
  ON CONFLICT (owner_id) DO UPDATE SET files = excluded.files, file_bytes = excluded.file_bytes,
    metadata_bytes = owner_usage.metadata_bytes + excluded.metadata_bytes, repositories = excluded.repositories`

function inserts(database: DatabaseSync) {
  const packages = `json_each(?2) j
     CROSS JOIN package p ON p.owner_id = ?1 AND p.type = 'alpine' AND p.name = j.value ->> 'name'`
  return [
    `INSERT INTO package (owner_id, type, name, created_at, state, changed_at)
     SELECT ?1, 'alpine', name, 0, lower(hex(randomblob(16))), 1000 FROM (
       SELECT DISTINCT value ->> 'name' AS name FROM json_each(?2)) WHERE true
     ON CONFLICT DO NOTHING`,
    `INSERT INTO package_version (package_id, version, created_at)
     SELECT DISTINCT p.id, j.value ->> 'version', 0 FROM ${packages} WHERE ?1 = ?1
     ON CONFLICT DO NOTHING`,
    `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
     SELECT value ->> 'id', '', '', '', value ->> 'id', 1, 0 FROM json_each(?2) WHERE ?1 = ?1`,
    `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture, part, name,
       blob_sha256, metadata, metadata_bytes, created_by, created_at)
     SELECT j.value ->> 'id', v.id, ?1, '${REPOSITORY}/' || (j.value ->> 'architecture'),
       j.value ->> 'architecture', j.value ->> 'architecture', j.value ->> 'file', j.value ->> 'id', j.value ->> 'metadata',
       octet_length(j.value ->> 'metadata'), 'seed', 0
     FROM ${packages}
     CROSS JOIN package_version v ON v.package_id = p.id AND v.version = j.value ->> 'version'`,
  ].map((sql) => database.prepare(sql))
}
