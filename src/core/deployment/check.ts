// Verifies what belongs to no repository: the objects of files of types without an index, and rows that
// nothing refers to or that miss what they need. The latter can be put right from what is there.
import { checkFilePage, type ExpectedFile, PAGE_FILES } from '../blobs/check.ts'
import { IS_NAMED } from '../blobs/garbage.ts'
import { query, runBatch, type Statement } from '../database.ts'
import { ALL_WITHDRAWN, settleWithdrawn } from '../packages/latest.ts'
import { LIST_REPAIR, WRONG_LISTS } from '../packages/list-check.ts'
import { PROPERTY_BYTES } from '../packages/new-file.ts'
import { changedColumns, drawCollections } from '../packages/state.ts'
import { MISCOUNTED, MISCOUNTED_LOGS, recountLogs, recountUsage } from '../quota/recount.ts'

export interface DeploymentProblem {
  readonly subject: string
  readonly problem: string
}

export interface DeploymentPage {
  readonly files: number
  readonly problems: readonly DeploymentProblem[]
  /** Where to go on; null at the end. */
  readonly next: string | null
}

/** Of one kind of row so many are named; a further check names others. */
const NAMED_ROWS = 100

const FILES = `
  SELECT f.id, f.part, o.name || '/' || p.type || '/' || p.name || '/' || v.version || '/' || f.name AS subject,
    b.r2_key AS r2Key, b.sha256, b.size
  FROM package_file f JOIN package_blob b ON b.sha256 = f.blob_sha256
  JOIN package_version v ON v.id = f.version_id JOIN package p ON p.id = v.package_id
  JOIN owner o ON o.id = p.owner_id
  WHERE f.repository_id IS NULL AND (f.part, f.id) > (?1, ?2)
  ORDER BY f.part, f.id LIMIT ${PAGE_FILES}`

interface FileRow extends ExpectedFile {
  readonly id: string
  readonly part: string
}

/**
 * First the rows, then the objects of files without a repository, page by page.
 * @param after what the page before named as its next; empty to begin
 * @throws RegistryError storage-unavailable
 */
export async function checkDeployment(
  db: D1Database,
  bucket: R2Bucket,
  after: string,
): Promise<DeploymentPage> {
  if (after === '') return { files: 0, problems: await findRowProblems(db), next: 'file::' }
  const [, part = '', id = ''] = /^file:(.*):(.*)$/.exec(after) ?? []
  const { results } = await query(() => db.prepare(FILES).bind(part, id).all<FileRow>())
  const { checked, problems, done } = await checkFilePage(bucket, results)
  const last = results[checked - 1]
  return { files: checked, problems, next: done ? null : `file:${last?.part}:${last?.id}` }
}

interface RowRule {
  readonly problem: string
  /** The rows that break it, with a `subject`. */
  readonly broken: string
  /** What puts them right; ?1 is now, in Unix milliseconds. Absent: the rows do not say it. */
  readonly repair?: string | readonly string[]
}

const WITHOUT_FILE =
  'NOT EXISTS (SELECT 1 FROM package_file f WHERE f.version_id = package_version.id)'
const WITHOUT_VERSION =
  'NOT EXISTS (SELECT 1 FROM package_version v WHERE v.package_id = package.id)'
const WITH_FILE = 'EXISTS (SELECT 1 FROM package_file f WHERE f.blob_sha256 = package_blob.sha256)'

/** Of tag `t`. */
const OF_ANOTHER = `NOT EXISTS (
  SELECT 1 FROM package_version v WHERE v.id = t.version_id AND v.package_id = t.package_id)`

/** Before packages are put right: what is kept at the edge is known by their states, and by that of all of their type. */
function changed(packages: string): string[] {
  return [
    `UPDATE package SET ${changedColumns('package', '?1')} WHERE id IN (${packages})`,
    `UPDATE package_collection SET ${changedColumns('package_collection', '?1')}
     WHERE (owner_id, type) IN (SELECT owner_id, type FROM package WHERE id IN (${packages}))`,
  ]
}

/** At least what an owner is charged for properties, by the rule of core/packages/new-file.ts. */
function chargedProperties(which: string): string {
  return `(SELECT coalesce(sum(octet_length(q.name) + octet_length(q.value) + ${PROPERTY_BYTES}), 0)
    FROM package_property q WHERE ${which})`
}

/** What an owner is charged for the README of a file. */
function chargedReadme(fileId: string): string {
  return `coalesce((SELECT octet_length(text) + octet_length(file_name)
    FROM package_readme WHERE file_id = ${fileId}), 0)`
}

/** In the order in which they are repaired: a package is without versions once these are gone. */
const ROW_RULES: readonly RowRule[] = [
  {
    problem: 'version without a file',
    broken: `
      SELECT o.name || '/' || p.type || '/' || p.name || '/' || package_version.version AS subject
      FROM package_version JOIN package p ON p.id = package_version.package_id
      JOIN owner o ON o.id = p.owner_id WHERE ${WITHOUT_FILE}`,
    repair: [
      ...changed(`SELECT package_id FROM package_version WHERE ${WITHOUT_FILE}`),
      `DELETE FROM package_version WHERE ${WITHOUT_FILE} AND ?1 > 0`,
    ],
  },
  {
    problem: 'package without a version',
    broken: `
      SELECT o.name || '/' || package.type || '/' || package.name AS subject
      FROM package JOIN owner o ON o.id = package.owner_id WHERE ${WITHOUT_VERSION}`,
    repair: [
      ...changed(`SELECT id FROM package WHERE ${WITHOUT_VERSION}`),
      `DELETE FROM package WHERE ${WITHOUT_VERSION} AND ?1 > 0`,
    ],
  },
  {
    problem: 'version that is withdrawn other than the marks of its files say',
    broken: `
      SELECT o.name || '/' || p.type || '/' || p.name || '/' || package_version.version AS subject
      FROM package_version JOIN package p ON p.id = package_version.package_id
      JOIN owner o ON o.id = p.owner_id
      WHERE NOT ${WITHOUT_FILE} AND package_version.withdrawn <> ${ALL_WITHDRAWN}`,
    repair: [
      ...changed(`SELECT package_id FROM package_version WHERE withdrawn <> ${ALL_WITHDRAWN}`),
      settleWithdrawn('?1 > 0'),
    ],
  },
  {
    problem: 'tag that points at a version of another package',
    broken: `
      SELECT o.name || '/' || p.type || '/' || p.name || ': ' || t.name AS subject
      FROM package_tag t JOIN package p ON p.id = t.package_id JOIN owner o ON o.id = p.owner_id
      WHERE ${OF_ANOTHER}`,
    repair: [
      ...changed(`SELECT t.package_id FROM package_tag t WHERE ${OF_ANOTHER}`),
      `DELETE FROM package_tag AS t WHERE ${OF_ANOTHER} AND ?1 > 0`,
    ],
  },
  {
    problem: 'package without a state, by which caches know it',
    broken: `
      SELECT o.name || '/' || package.type || '/' || package.name AS subject
      FROM package JOIN owner o ON o.id = package.owner_id WHERE state = ''`,
    repair: `UPDATE package SET ${changedColumns('package', '?1')} WHERE state = ''`,
  },
  {
    problem: 'collection of packages without a state, by which caches know it',
    broken: `
      SELECT o.name || '/' || c.type AS subject
      FROM package_collection c JOIN owner o ON o.id = c.owner_id WHERE c.state = ''`,
    repair: `UPDATE package_collection SET ${changedColumns('package_collection', '?1')} WHERE state = ''`,
  },
  {
    problem: 'collection of packages without a row, by which caches know it',
    broken: `
      SELECT DISTINCT o.name || '/' || p.type AS subject
      FROM package_file f JOIN package_version v ON v.id = f.version_id
      JOIN package p ON p.id = v.package_id JOIN owner o ON o.id = p.owner_id
      WHERE f.repository_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM package_collection c WHERE c.owner_id = p.owner_id AND c.type = p.type)`,
    repair: drawCollections('?1 > 0', '?1'),
  },
  {
    problem:
      'file of which names that it is searched by, or its README, are lost: remove it and publish it again',
    broken: `
      SELECT o.name || '/' || p.type || '/' || p.name || '/' || v.version || '/' || f.name AS subject
      FROM package_file f JOIN package_version v ON v.id = f.version_id
      JOIN package p ON p.id = v.package_id JOIN owner o ON o.id = p.owner_id
      WHERE f.metadata_bytes > octet_length(f.metadata) + ${chargedReadme('f.id')}
        + ${chargedProperties('q.file_id = f.id')}
        + ${chargedProperties('q.version_id = v.id')} + ${chargedProperties('q.package_id = p.id')}`,
  },
  {
    problem: 'content without a file, which is not noted: it would stay for good',
    broken: `SELECT sha256 AS subject FROM package_blob WHERE unreferenced_at IS NULL AND NOT ${WITH_FILE}`,
    repair: `UPDATE package_blob SET unreferenced_at = ?1 WHERE unreferenced_at IS NULL AND NOT ${WITH_FILE}`,
  },
  {
    problem: 'content of a file, which is noted as one without',
    broken: `SELECT sha256 AS subject FROM package_blob WHERE unreferenced_at IS NOT NULL AND ${WITH_FILE}`,
    repair: `UPDATE package_blob SET unreferenced_at = NULL WHERE unreferenced_at IS NOT NULL AND ?1 > 0 AND ${WITH_FILE}`,
  },
  {
    problem: 'object that a row names, which is noted as garbage',
    broken: `SELECT g.r2_key AS subject FROM garbage g WHERE ${IS_NAMED}`,
    repair: `DELETE FROM garbage AS g WHERE ${IS_NAMED} AND ?1 > 0`,
  },
  {
    problem: 'repository whose log weighs other than it has noted',
    broken: MISCOUNTED_LOGS,
    repair: recountLogs('?1 > 0'),
  },
  {
    problem: 'owner with other counts of what it has than its rows say',
    broken: MISCOUNTED,
    repair: recountUsage('?1 > 0'),
  },
  ...WRONG_LISTS.map((broken, at) => ({
    problem: 'list or count of packages other than the rows say',
    broken,
    ...(at === 0 ? { repair: LIST_REPAIR } : {}),
  })),
]

async function findRowProblems(db: D1Database): Promise<DeploymentProblem[]> {
  const statements = ROW_RULES.map(({ broken }): Statement => [`${broken} LIMIT ${NAMED_ROWS}`])
  const results = await query(() => runBatch<{ subject: string }>(db, statements))
  return results.flatMap(({ results: rows }, at) =>
    rows.map(({ subject }) => ({ subject, problem: ROW_RULES[at]?.problem ?? '' })),
  )
}

/**
 * Puts right what rows alone can say, in one batch: what it finds holds until it is done.
 * @param now Unix milliseconds
 * @returns how many rows were changed
 * @throws RegistryError storage-unavailable
 */
export async function repairRows(db: D1Database, now: number): Promise<number> {
  const statements = ROW_RULES.flatMap(({ repair }): Statement[] =>
    [repair ?? []].flat().map((sql): Statement => [sql, now]),
  )
  const results = await query(() => runBatch(db, statements))
  return results.reduce((sum, { meta }) => sum + meta.changes, 0)
}
