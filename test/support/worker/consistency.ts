// Whether rows, index files and objects agree: reads all of them anew, past the code under test, and
// names each thing that is wrong. What it does not judge are objects that no row names: they may be
// left by what broke off, and are the sweep's.

import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { WRONG_LISTS } from '../../../src/core/packages/list-check.ts'
import { samples } from '../../types/samples.ts'
import type { StoredFile } from '../../types/type-sample.ts'
import { listKeys } from './registry.ts'
import { listsSamples } from './stand-ins/lists-sample.ts'
import { findTestedType } from './stand-ins/types.ts'

interface RepositoryRow {
  id: string
  owner: string
  type: string
  name: string
  head: string
  revision: number
}

interface FileRow {
  id: string
  type: string
  repositoryId: string | null
  name: string
  architecture: string
  part: string
  sha256: string
  sha1: string | null
  sha512: string | null
  md5: string | null
  r2Key: string | null
  size: number | null
}

interface ChangeRow {
  revision: number
  commitId: string
  op: 'publish' | 'remove' | 'reindex'
  fileId: string
  part: string
  fileName: string
}

/** Fails with everything that is wrong. */
export async function expectConsistent(): Promise<void> {
  expect(await findInconsistencies()).toEqual([])
}

export async function findInconsistencies(): Promise<string[]> {
  const lists = await Promise.all(WRONG_LISTS.map((sql) => rows<{ subject: string }>(sql)))
  return [
    ...lists.flat().map(({ subject }) => `a list has other entries or counts: ${subject}`),
    ...(await findOthers()),
  ]
}

async function findOthers(): Promise<string[]> {
  const files = await rows<FileRow>(
    `SELECT f.id, p.type, f.repository_id AS repositoryId, f.name, f.architecture, f.part,
       f.blob_sha256 AS sha256, b.sha1, b.sha512, b.md5, b.r2_key AS r2Key, b.size
     FROM package_file f JOIN package_version v ON v.id = f.version_id
     JOIN package p ON p.id = v.package_id LEFT JOIN package_blob b ON b.sha256 = f.blob_sha256`,
  )
  const repositories = await rows<RepositoryRow>(
    `SELECT r.id, o.name AS owner, r.type, r.name, r.head, r.revision
     FROM repository r JOIN owner o ON o.id = r.owner_id`,
  )
  const problems = [
    ...(await findStrayRows()),
    ...(await findOrderErrors()),
    ...(await findBlobErrors(files)),
  ]
  problems.push(
    ...files
      .filter(({ repositoryId, part }) => repositoryId === null && part !== '')
      .map(({ name }) => `${name}: a part without a repository`),
  )
  for (const repository of repositories) {
    const held = files.filter((file) => file.repositoryId === repository.id)
    const found = [
      ...(await findLogErrors(repository, held)),
      ...(await findIndexErrors(repository, held)),
    ]
    const place = `${repository.owner}/${repository.name}`
    problems.push(...found.map((problem) => `${place}: ${problem}`))
  }
  return problems
}

/** What the sample of the repository's type finds. */
async function findIndexErrors(repository: RepositoryRow, files: readonly FileRow[]) {
  const sample =
    samples.find(({ type }) => type === repository.type) ?? listsSamples.get(repository.type)
  if (sample?.findIndexErrors === undefined) {
    if (sample === undefined || findTestedType(repository.type)?.indexing === undefined) return []
    throw new Error(`the sample of ${repository.type} does not read its index files`)
  }
  const stored: StoredFile[] = []
  for (const { id, name, architecture, part, r2Key } of files)
    stored.push({ id, name, architecture, part, bytes: await readObject(r2Key) })
  return sample.findIndexErrors(repository, stored)
}

/** The keys of objects that no row names; the list of what a content holds lies beside it. */
export async function listUnnamedObjects(): Promise<string[]> {
  const named = await rows<{ key: string }>(
    `SELECT r2_key AS key FROM package_blob UNION SELECT r2_key FROM repository_index
     UNION SELECT r2_key FROM garbage`,
  )
  const keys = new Set(named.flatMap(({ key }) => [key, listKeyOf(key)]))
  return (await listKeys()).filter((key) => !keys.has(key))
}

/** A read of an index that is lost has it written anew, which would hide that it was lost. */
export async function countRebuiltIndexes(): Promise<number> {
  return (await rows("SELECT 1 FROM repository_change WHERE op = 'reindex'")).length
}

async function rows<T>(sql: string, ...parameters: string[]): Promise<T[]> {
  return (
    await env.DB.prepare(sql)
      .bind(...parameters)
      .all<T>()
  ).results
}

const describe = (files: string, metadata: string, bytes: string, of: string, tokens: string) =>
  `(${files} || ' files, ' || ${metadata} || ' bytes of metadata, ' || ${bytes} || ' bytes, ' ||
    ${of} || ' repositories, ' || ${tokens} || ' tokens')`

const FILES_OF = `FROM package p JOIN package_version v ON v.package_id = p.id
  JOIN package_file f ON f.version_id = v.id JOIN package_blob b ON b.sha256 = f.blob_sha256
  WHERE p.owner_id = o.id`

/** Rows that outlast files, or belong to none: as docs/operate says that they are charged. */
const OUTLASTING = `coalesce((SELECT sum(400 + 2 * octet_length(c.file_name || c.part))
    FROM repository r JOIN repository_change c ON c.repository_id = r.id WHERE r.owner_id = o.id), 0)
  + coalesce((SELECT sum(200 + 2 * octet_length(
      owner_id || type || package_name || version || composite_key || file_name))
    FROM retired_version WHERE owner_id = o.id), 0)
  + coalesce((SELECT sum(min(length(name), 64) * (24 + octet_length(substr(name, 1, 32))))
    FROM package WHERE owner_id = o.id), 0)
  + coalesce((SELECT sum(50 + 2 * octet_length(t.name)) FROM package_tag t
    JOIN package p ON p.id = t.package_id WHERE p.owner_id = o.id), 0)
  + coalesce((SELECT sum(600 + octet_length(package_name || version || file_name))
    FROM removed_file WHERE owner_id = o.id), 0)
  + coalesce((SELECT sum(bytes) FROM owner_removal WHERE owner_id = o.id), 0)`

/** What an owner `o` has, by its rows. */
const COUNTED = describe(
  `(SELECT count(*) ${FILES_OF})`,
  `(SELECT ${OUTLASTING} + coalesce(sum(f.metadata_bytes), 0) ${FILES_OF})`,
  `(SELECT coalesce(sum(b.size), 0) ${FILES_OF})`,
  '(SELECT count(*) FROM repository WHERE owner_id = o.id)',
  '(SELECT count(*) FROM access_token WHERE owner_id = o.id)',
)

/** What is noted of it in its row of `owner_usage`, `u`. */
const NOTED = describe(
  ...(['u.files', 'u.metadata_bytes', 'u.file_bytes', 'u.repositories', 'u.tokens'] as const),
)

/** Rows that must not be there whatever the repositories hold. */
async function findStrayRows(): Promise<string[]> {
  const queries: Readonly<Record<string, string>> = {
    'left in expectation': 'SELECT ok AS what FROM expectation',
    'a version without files': `SELECT version AS what FROM package_version v
      WHERE NOT EXISTS (SELECT 1 FROM package_file WHERE version_id = v.id)`,
    'a package without versions': `SELECT name AS what FROM package p
      WHERE NOT EXISTS (SELECT 1 FROM package_version WHERE package_id = p.id)`,
    'a blob in use marked as unreferenced, or the other way': `
      SELECT sha256 AS what FROM package_blob b WHERE (unreferenced_at IS NULL) <>
        EXISTS (SELECT 1 FROM package_file WHERE blob_sha256 = b.sha256)`,
    'a count other than the rows': `
      SELECT o.name || ' has ' || ${COUNTED} || ', counted as ' || coalesce(${NOTED}, 'nothing')
        AS what
      FROM owner o LEFT JOIN owner_usage u ON u.owner_id = o.id
      WHERE ${COUNTED} <> coalesce(${NOTED}, '0 files, 0 bytes of metadata, 0 bytes, 0 repositories, 0 tokens')`,
    'a log that weighs other than is noted': `SELECT name AS what FROM repository r
      WHERE log_bytes <> coalesce((SELECT sum(400 + 2 * octet_length(file_name || part))
        FROM repository_change WHERE repository_id = r.id), 0)`,
    'a package without a state of its own': `SELECT name AS what FROM package p
      WHERE state = '' OR EXISTS (SELECT 1 FROM package WHERE state = p.state AND id <> p.id)`,
    'a time of change that is no whole second': `SELECT name AS what FROM package
      WHERE changed_at % 1000 <> 0 OR changed_at = 0
      UNION ALL SELECT type FROM package_collection WHERE changed_at % 1000 <> 0`,
    'files of no repository without a collection': `SELECT DISTINCT p.name AS what
      FROM package_file f JOIN package_version v ON v.id = f.version_id
      JOIN package p ON p.id = v.package_id
      LEFT JOIN package_collection c ON c.owner_id = p.owner_id AND c.type = p.type
      WHERE f.repository_id IS NULL AND c.state IS NULL`,
    'a list of commits that does not begin with the state': `SELECT type AS what
      FROM package_collection WHERE recent NOT LIKE 'h' || substr(state, -12) || '%'`,
    'a tag that points at a version of another package': `SELECT t.name AS what
      FROM package_tag t LEFT JOIN package_version v ON v.id = t.version_id
      WHERE v.package_id IS NOT t.package_id`,
    'a mark of no file': `SELECT name || ' of ' || file_id AS what FROM package_mark
      WHERE file_id NOT IN (SELECT id FROM package_file)`,
    'a version withdrawn other than the marks of its files say': `
      SELECT version AS what FROM package_version v WHERE withdrawn <>
        (SELECT count(*) = count(iif(EXISTS (
           SELECT 1 FROM package_mark WHERE file_id = f.id AND withdraws = 1), 1, NULL))
         FROM package_file f WHERE f.version_id = v.id)`,
    'garbage that a row names': `SELECT r2_key AS what FROM garbage
      WHERE r2_key IN (SELECT r2_key FROM package_blob UNION SELECT r2_key FROM repository_index)`,
  }
  const problems: string[] = []
  for (const [problem, sql] of Object.entries(queries)) {
    for (const { what } of await rows<{ what: unknown }>(sql)) problems.push(`${problem}: ${what}`)
  }
  return problems
}

/** Every publish gives its version the place that the type says. */
async function findOrderErrors(): Promise<string[]> {
  const versions = await rows<{ type: string; version: string; key: string; prerelease: number }>(
    `SELECT p.type, v.version, v.order_key AS key, v.prerelease
     FROM package_version v JOIN package p ON p.id = v.package_id`,
  )
  return versions.flatMap(({ type, version, key, prerelease }) => {
    const none = { key: '', prerelease: false }
    const expected = findTestedType(type)?.versionOrder?.(version) ?? none
    const right = key === expected.key && prerelease === Number(expected.prerelease)
    return right ? [] : [`${version} of ${type} has the order key '${key}', not '${expected.key}'`]
  })
}

/** The log, carried out from the beginning, comes to the files that there are. */
async function findLogErrors(
  { id, head, revision }: RepositoryRow,
  files: readonly FileRow[],
): Promise<string[]> {
  const problems: string[] = []
  const changes = await rows<ChangeRow>(
    `SELECT revision, commit_id AS commitId, op, file_id AS fileId, part,
       file_name AS fileName
     FROM repository_change WHERE repository_id = ?1 ORDER BY revision`,
    id,
  )
  const commits = new Map(changes.map((change) => [change.revision, change.commitId]))
  if (changes.some((change) => commits.get(change.revision) !== change.commitId))
    problems.push('two commits share a revision')
  if (new Set(commits.values()).size !== commits.size) problems.push('a commit has two revisions')
  const expected = Array.from({ length: revision }, (_, at) => at + 1)
  if (String([...commits.keys()]) !== String(expected))
    problems.push(`revision ${revision}, but the log has ${[...commits.keys()]}`)
  if (commits.get(revision) !== head) problems.push('the head is not the last commit of the log')
  const there = new Map<string, string>()
  for (const { op, fileId, part, fileName } of changes) {
    if (op === 'publish') there.set(fileId, `${part}/${fileName}`)
    if (op === 'remove' && !there.delete(fileId)) problems.push(`removed unseen: ${fileName}`)
  }
  const logged = [...there].map(String).sort()
  const stored = files.map((file) => `${file.id},${file.part}/${file.name}`).sort()
  if (String(logged) !== String(stored)) problems.push(`log ${logged}, but rows ${stored}`)
  return problems
}

/** Reads the bytes of each content in use once, whatever the types of the files that use it. */
async function findBlobErrors(files: readonly FileRow[]): Promise<string[]> {
  const problems: string[] = []
  for (const file of new Map(files.map((each) => [each.sha256, each])).values()) {
    const users = files.filter(({ sha256 }) => sha256 === file.sha256)
    const listed = users.some(({ type }) => findTestedType(type)?.view?.contents === true)
    const problem = await findBlobError(file, listed)
    if (problem !== undefined) problems.push(`${file.architecture}/${file.name}: ${problem}`)
  }
  return problems
}

/** @param listed whether a list of what the content holds was made */
async function findBlobError(file: FileRow, listed: boolean): Promise<string | undefined> {
  if (file.r2Key === null) return 'the blob row is missing'
  const bytes = await readObject(file.r2Key)
  if (bytes === undefined) return 'the object is missing'
  const { size, sha256, sha1, sha512, md5 } = file
  const wrong = Object.entries({ sha256, sha1, sha512, md5 })
    // Not every type takes each of the others.
    .filter(([algorithm, value]) => value !== '' && digest(algorithm, bytes) !== value)
    .map(([algorithm]) => algorithm)
  if (bytes.length !== size) wrong.push('size')
  if (wrong.length > 0) return `the blob row has a wrong ${wrong}`
  const lists = await countLists(file.r2Key)
  const expected = listed ? [1] : [0, 1]
  return expected.includes(lists) ? undefined : `it has ${lists} lists of what it holds`
}

/** A list lies beside the bytes, or their object carries it. */
async function countLists(blobKey: string): Promise<number> {
  const beside = await env.BLOBS.head(listKeyOf(blobKey))
  const object = await env.BLOBS.head(blobKey)
  return Number(beside !== null) + Number(object?.customMetadata?.contents !== undefined)
}

function listKeyOf(blobKey: string): string {
  return blobKey.replace(/^blobs\//, 'contents/')
}

async function readObject(key: string | null): Promise<Uint8Array | undefined> {
  const object = key === null ? null : await env.BLOBS.get(key)
  return object === null ? undefined : await object.bytes()
}

function digest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
