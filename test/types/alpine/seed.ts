// Fills a repository with many packages by SQL alone, as a restored database would be: rows without
// objects, a head, no index file and nothing in the Durable Object.
import { env } from 'cloudflare:workers'

const ROWS = 500

/**
 * Names are `seed-00000` and on, versions `1.0-r0`; the owner must exist.
 * @param descriptionLength characters, all of them different from those of the next package
 */
export async function seedRepository(
  count: number,
  architecture = 'x86_64',
  descriptionLength = 0,
): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO repository (id, owner_id, type, name, head, revision, created_at)
     SELECT 'seeded', id, 'alpine', 'edge/main', 'seeded-head', 1, 0 FROM owner WHERE name = 'acme'
     ON CONFLICT DO NOTHING`,
  ).run()
  for (let from = 0; from < count; from += ROWS) {
    const numbers = Array.from({ length: Math.min(ROWS, count - from) }, (_, at) => from + at)
    const described = numbers.map((n) => describe(n, architecture, descriptionLength))
    // D1 takes 2 MB a parameter.
    const atOnce = Math.max(1, Math.floor(1_000_000 / (descriptionLength + 1000)))
    for (let at = 0; at < described.length; at += atOnce) {
      await env.DB.batch(statements(JSON.stringify(described.slice(at, at + atOnce))))
    }
  }
  await env.DB.prepare(COUNT).run()
}

/** Each blob is of one byte. */
const COUNT = `
  INSERT OR REPLACE INTO owner_usage (owner_id, files, metadata_bytes, file_bytes, repositories)
  SELECT r.owner_id, count(*), sum(f.metadata_bytes) + (
      SELECT sum(min(length(name), 64) * (24 + octet_length(substr(name, 1, 32))))
      FROM package p WHERE p.owner_id = r.owner_id), count(*), 1
  FROM repository r JOIN package_file f ON f.repository_id = r.id WHERE r.id = 'seeded'`

function describe(number: number, architecture: string, descriptionLength: number) {
  const name = `seed-${String(number).padStart(5, '0')}`
  const digest = `${number}-${architecture}`.padStart(64, '0')
  const metadata = JSON.stringify({
    identity: `Q1${btoa(String(number).padStart(20, 'x'))}`,
    name,
    version: '1.0-r0',
    architecture,
    fileSize: 1000 + number,
    installedSize: 4096,
    description: `The seeded package number ${number}`.padEnd(descriptionLength, `${number} `),
    url: `https://example.org/${name}`,
    license: 'MIT',
    origin: name,
    buildTime: 1700000000 + number,
    depends: ['so:libc.musl-x86_64.so.1'],
    provides: [`cmd:${name}=1.0-r0`],
    installIf: [],
  })
  // Earlier than any that begins with a time.
  return { id: `0000-${architecture}-${name}`, name, digest, metadata, architecture }
}

function statements(json: string): D1PreparedStatement[] {
  return [
    `INSERT INTO package (owner_id, type, name, created_at, state, changed_at)
     SELECT o.id, 'alpine', j.value ->> 'name', 0, lower(hex(randomblob(16))), 1000 FROM json_each(?1) j, owner o
     WHERE o.name = 'acme' ON CONFLICT DO NOTHING`,
    `INSERT INTO package_version (package_id, version, created_at)
     SELECT p.id, '1.0-r0', 0 FROM owner o CROSS JOIN json_each(?1) j
     CROSS JOIN package p ON p.owner_id = o.id AND p.type = 'alpine' AND p.name = j.value ->> 'name'
     WHERE o.name = 'acme' ON CONFLICT DO NOTHING`,
    `INSERT INTO package_blob (sha256, sha1, sha512, md5, r2_key, size, created_at)
     SELECT value ->> 'digest', '', '', '', value ->> 'digest', 1, 0 FROM json_each(?1)`,
    `INSERT INTO package_file (id, version_id, repository_id, composite_key, architecture, part, name,
       blob_sha256, metadata, metadata_bytes, created_by, created_at)
     SELECT j.value ->> 'id', v.id, 'seeded', 'edge/main/' || (j.value ->> 'architecture'),
       j.value ->> 'architecture', j.value ->> 'architecture', (j.value ->> 'name') || '-1.0-r0.apk', j.value ->> 'digest',
       j.value ->> 'metadata', length(j.value ->> 'metadata'), 'seed', 0
     FROM owner o CROSS JOIN json_each(?1) j
     CROSS JOIN package p ON p.owner_id = o.id AND p.type = 'alpine' AND p.name = j.value ->> 'name'
     CROSS JOIN package_version v ON v.package_id = p.id WHERE o.name = 'acme'`,
  ].map((sql) => env.DB.prepare(sql).bind(json))
}
