// Whether rows, index files and objects agree: reads all of them anew, past the code under test, and
// names each thing that is wrong. What it does not judge are objects that no row names: they may be
// left by what broke off, and are the sweep's.

import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type ReadIndex, readIndex, verifies } from '../../types/alpine/index-reader.ts'
import { packageIdentity } from '../../types/alpine/package-identity.ts'
import { send } from './registry.ts'

interface RepositoryRow {
  id: string
  owner: string
  name: string
  head: string
  revision: number
}

interface FileRow {
  id: string
  name: string
  architecture: string
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
  architecture: string
  fileName: string
}

/** Fails with everything that is wrong. */
export async function expectConsistent(): Promise<void> {
  expect(await findInconsistencies()).toEqual([])
}

export async function findInconsistencies(): Promise<string[]> {
  const problems = await findStrayRows()
  const repositories = await rows<RepositoryRow>(
    `SELECT r.id, o.name AS owner, r.name, r.head, r.revision
     FROM repository r JOIN owner o ON o.id = r.owner_id`,
  )
  for (const repository of repositories) {
    const files = await rows<FileRow>(
      `SELECT f.id, f.name, f.architecture, f.blob_sha256 AS sha256, b.sha1, b.sha512, b.md5,
         b.r2_key AS r2Key, b.size
       FROM package_file f LEFT JOIN package_blob b ON b.sha256 = f.blob_sha256
       WHERE f.repository_id = ?1`,
      repository.id,
    )
    const place = `${repository.owner}/${repository.name}`
    const found = [
      ...(await findLogErrors(repository, files)),
      ...(await findIndexErrors(repository, files)),
    ]
    problems.push(...found.map((problem) => `${place}: ${problem}`))
  }
  return problems
}

/** The keys of objects that no row names; the list of what a content holds lies beside it. */
export async function listUnnamedObjects(): Promise<string[]> {
  const named = await rows<{ key: string }>(
    `SELECT r2_key AS key FROM package_blob UNION SELECT r2_key FROM repository_index
     UNION SELECT r2_key FROM garbage`,
  )
  const keys = new Set(named.flatMap(({ key }) => [key, listKeyOf(key)]))
  const { objects } = await env.BLOBS.list()
  return objects.map((object) => object.key).filter((key) => !keys.has(key))
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
    'garbage that a row names': `SELECT r2_key AS what FROM garbage
      WHERE r2_key IN (SELECT r2_key FROM package_blob UNION SELECT r2_key FROM repository_index)`,
  }
  const problems: string[] = []
  for (const [problem, sql] of Object.entries(queries)) {
    for (const { what } of await rows<{ what: unknown }>(sql)) problems.push(`${problem}: ${what}`)
  }
  return problems
}

/** The log, carried out from the beginning, comes to the files that there are. */
async function findLogErrors(
  { id, head, revision }: RepositoryRow,
  files: readonly FileRow[],
): Promise<string[]> {
  const problems: string[] = []
  const changes = await rows<ChangeRow>(
    `SELECT revision, commit_id AS commitId, op, file_id AS fileId, architecture,
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
  for (const { op, fileId, architecture, fileName } of changes) {
    if (op === 'publish') there.set(fileId, `${architecture}/${fileName}`)
    if (op === 'remove' && !there.delete(fileId)) problems.push(`removed unseen: ${fileName}`)
  }
  const logged = [...there].map(String).sort()
  const stored = files.map((file) => `${file.id},${file.architecture}/${file.name}`).sort()
  if (String(logged) !== String(stored)) problems.push(`log ${logged}, but rows ${stored}`)
  return problems
}

/** Every index is signed and whole, and lists exactly the files of its architecture and noarch. */
async function findIndexErrors(
  { id, owner }: RepositoryRow,
  files: readonly FileRow[],
): Promise<string[]> {
  const problems: string[] = []
  const entries = new Map<string, string>()
  for (const file of files) {
    const { problem, entry } = await inspectFile(file)
    if (problem !== undefined) problems.push(`${file.architecture}/${file.name}: ${problem}`)
    entries.set(file.id, entry)
  }
  const response = await send(`/api/packages/${owner}/alpine/key`)
  const disposition = response.headers.get('content-disposition') ?? ''
  const keyName = /filename="([^"]+)"/.exec(disposition)?.[1] ?? ''
  const pem = new TextDecoder().decode(await response.arrayBuffer())
  const indexes = await rows<{ path: string; r2Key: string; sha256: string; size: number }>(
    'SELECT path, r2_key AS r2Key, sha256, size FROM repository_index WHERE repository_id = ?1',
    id,
  )
  const architectures = indexes.map(({ path }) => path.replace(/\/APKINDEX\.tar\.gz$/, ''))
  for (const wanted of new Set(['noarch', ...files.map((file) => file.architecture)]))
    if (!architectures.includes(wanted)) problems.push(`no index for ${wanted}`)
  for (const { path, r2Key, sha256, size } of indexes) {
    const bytes = await readObject(r2Key)
    if (bytes === null) problems.push(`${path}: the object is missing`)
    if (bytes === null) continue
    if (bytes.length !== size || digest('sha256', bytes) !== sha256)
      problems.push(`${path}: the object is not what the row says`)
    const index = tryToRead(bytes)
    if (index === undefined || !verifies(index, keyName, pem))
      problems.push(`${path}: the signature is bad`)
    const architecture = path.split('/')[0] ?? ''
    const expected = files
      .filter((file) => [architecture, 'noarch'].includes(file.architecture))
      .map((file) => entries.get(file.id))
      .sort()
    const found = index === undefined ? ['nothing that can be read'] : listed(index)
    if (String(found) !== String(expected))
      problems.push(`${path}: lists ${found}, but the files are ${expected}`)
  }
  return problems
}

/** Reads a file's bytes; its entry is what an index must say of them. */
async function inspectFile(file: FileRow): Promise<{ problem?: string; entry: string }> {
  const missing = (problem: string) => ({ problem, entry: `${file.name} ?` })
  if (file.r2Key === null) return missing('the blob row is missing')
  const bytes = await readObject(file.r2Key)
  if (bytes === null) return missing('the object is missing')
  const { size, sha256, sha1, sha512, md5 } = file
  const wrong = Object.entries({ sha256, sha1, sha512, md5 })
    .filter(([algorithm, value]) => digest(algorithm, bytes) !== value)
    .map(([algorithm]) => algorithm)
  if (bytes.length !== size) wrong.push('size')
  const entry = `${file.name} ${file.architecture} ${bytes.length} ${packageIdentity(bytes)}`
  if (wrong.length > 0) return { entry, problem: `the blob row has a wrong ${wrong}` }
  const lists = await countLists(file.r2Key)
  return lists === 1 ? { entry } : { entry, problem: `it has ${lists} lists of what it holds` }
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

function tryToRead(bytes: Uint8Array): ReadIndex | undefined {
  try {
    return readIndex(bytes)
  } catch {
    return undefined
  }
}

function listed({ entries }: ReadIndex): string[] {
  return entries.map(({ P, V, A, S, C }) => `${P}-${V}.apk ${A} ${S} ${C}`).sort()
}

async function readObject(key: string): Promise<Uint8Array | null> {
  const object = await env.BLOBS.get(key)
  return object === null ? null : new Uint8Array(await object.arrayBuffer())
}

function digest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
