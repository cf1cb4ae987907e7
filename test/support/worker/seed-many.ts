// Fills an owner with very many packages by a few statements: rows without objects, as a restored database has.
import { env } from 'cloudflare:workers'
import { WORD } from '../../../src/core/packages/words.ts'
import { packageTypes } from '../../../src/types/registration.ts'

/** Statements, each of which adds those from ?1 up to ?2. Packages of no repository but for Alpine's. */
const FILES = 'FROM n CROSS JOIN package p ON p.owner_id = ?3 AND p.type = ?4 AND p.name = '

export interface SeededPlace {
  readonly ownerId: string
  readonly type: string
  readonly repositoryId: string | null
}

/**
 * Packages `seed-00000` and on of every type, of one version and one file each; and of the type `generic` the
 * packages `many-versions` and `many-files`, which have as many of these.
 * @param from how many there are already
 */
export async function seedMany(from: number, to: number): Promise<void> {
  const ownerId = String(await env.DB.prepare('SELECT id FROM owner').first<string>('id'))
  const repositoryId = await env.DB.prepare('SELECT id FROM repository').first<string>('id')
  for (const { type, repositories } of packageTypes) {
    const place = { ownerId, type, repositoryId: repositories === undefined ? null : repositoryId }
    const name = "'seed-' || printf('%05d', n.i)"
    await seed(place, { name, version: "'1.0.0'", file: `'f-${type}-' || n.i` }, from, to)
  }
  const generic = { ownerId, type: 'generic', repositoryId: null }
  const [version, file] = ["'v' || n.i", "'f' || n.i"]
  await seed(generic, { name: "'many-versions'", version, file: "'x'" }, from, to)
  await seed(generic, { name: "'many-files'", version: "'1'", file }, from, to)
  await env.DB.batch([dependOnHello(ownerId), describeAll(ownerId)])
}

interface Seeded {
  /** Expressions on `n.i`. */
  readonly name: string
  readonly version: string
  readonly file: string
  /** Absent: that of Alpine's. */
  readonly part?: string
  /** The version's place in the order of its type; absent: below all that a publish gives. */
  readonly order?: string
}

/** Versions of one file each, as many as from ?1 up to ?2. */
export async function seed(
  { ownerId, type, repositoryId }: SeededPlace,
  { name, version, file, part = "iif(?5 IS NULL, '', 'x86_64')", order = "''" }: Seeded,
  from: number,
  to: number,
): Promise<void> {
  const numbers =
    'WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)'
  const digest = `'${type}' || ${name} || ${version} || ${file}`
  const place = [from, to, ownerId, type] as const
  const statements: [string, ...(string | number | null)[]][] = [
    [
      `${numbers} INSERT INTO package (owner_id, type, name, created_at, state, changed_at)
       SELECT ?3, ?4, ${name}, 1, lower(hex(randomblob(16))), 1000 FROM n WHERE true
       ON CONFLICT DO NOTHING`,
      ...place,
    ],
    [
      `${numbers} INSERT INTO package_version (package_id, version, created_at, order_key)
       SELECT p.id, ${version}, 1, ${order} ${FILES}${name} WHERE true ON CONFLICT DO NOTHING`,
      ...place,
    ],
    [
      `${numbers} INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
       SELECT ${digest}, '', '', '', ${digest}, 1, 1 FROM n`,
      ...place.slice(0, 2),
    ],
    [
      `${numbers} INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture,
         part, name, blob_sha256, metadata, created_by, created_at)
       SELECT ${digest}, v.id, ?5, '', iif(?5 IS NULL, '', 'x86_64'),
         ${part}, ${file}, ${digest},
         '{"description":"seeded"}', 'admin', 1
       ${FILES}${name} CROSS JOIN package_version v ON v.package_id = p.id AND v.version = ${version}`,
      ...place,
      repositoryId,
    ],
  ]
  await env.DB.batch(statements.map(([sql, ...values]) => env.DB.prepare(sql).bind(...values)))
}

/** Every package without a repository has the word `described` in its description. */
function describeAll(ownerId: string): D1PreparedStatement {
  const sql = `
    INSERT INTO package_property (owner_id, package_id, name, value)
    SELECT owner_id, id, '${WORD}', type || ' described' FROM package
    WHERE owner_id = ?1 AND type <> 'alpine' ON CONFLICT DO NOTHING`
  return env.DB.prepare(sql).bind(ownerId)
}

/** Every package of Alpine's kind needs one, whose page shows some of them. */
function dependOnHello(ownerId: string): D1PreparedStatement {
  const sql = `
    INSERT INTO package_property (owner_id, file_id, name, value)
    SELECT ?1, f.id, 'alpine.depends', 'hello' FROM package_file f WHERE f.repository_id IS NOT NULL
    ON CONFLICT DO NOTHING`
  return env.DB.prepare(sql).bind(ownerId)
}
