// Whether the index files of a repository are signed and whole, and list exactly the files of their
// architecture and noarch. Reads them anew, past the code under test.
import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { send } from '../../support/worker/registry.ts'
import type { SampleRepository, StoredFile } from '../type-sample.ts'
import { type ReadIndex, readIndex, verifies } from './index-reader.ts'
import { packageIdentity } from './package-identity.ts'

interface IndexFileRow {
  readonly path: string
  readonly r2Key: string
  readonly sha256: string
  readonly size: number
}

export async function findIndexErrors(
  { id, owner }: SampleRepository,
  files: readonly StoredFile[],
): Promise<readonly string[]> {
  const { results: rows } = await env.DB.prepare(
    'SELECT path, r2_key AS r2Key, sha256, size FROM repository_index WHERE repository_id = ?1',
  )
    .bind(id)
    .all<IndexFileRow>()
  const key = await readKey(owner)
  const architectures = rows.map(({ path }) => path.replace(/\/APKINDEX\.tar\.gz$/, ''))
  const problems = [...new Set(['noarch', ...files.map((file) => file.architecture)])]
    .filter((wanted) => !architectures.includes(wanted))
    .map((wanted) => `no index for ${wanted}`)
  for (const row of rows) {
    const found = await findErrors(row, key, files)
    problems.push(...found.map((problem) => `${row.path}: ${problem}`))
  }
  return problems
}

interface KeyFile {
  readonly name: string
  readonly pem: string
}

async function readKey(owner: string): Promise<KeyFile> {
  const response = await send(`/api/packages/${owner}/alpine/key`)
  const disposition = response.headers.get('content-disposition') ?? ''
  const name = /filename="([^"]+)"/.exec(disposition)?.[1] ?? ''
  return { name, pem: new TextDecoder().decode(await response.arrayBuffer()) }
}

async function findErrors(
  { path, r2Key, sha256, size }: IndexFileRow,
  key: KeyFile,
  files: readonly StoredFile[],
): Promise<string[]> {
  const object = await env.BLOBS.get(r2Key)
  if (object === null) return ['the object is missing']
  const bytes = await object.bytes()
  const problems: string[] = []
  if (bytes.length !== size || createHash('sha256').update(bytes).digest('hex') !== sha256)
    problems.push('the object is not what the row says')
  const index = tryToRead(bytes)
  if (index === undefined || !verifies(index, key.name, key.pem))
    problems.push('the signature is bad')
  const architecture = path.split('/')[0] ?? ''
  const expected = files
    .filter((file) => [architecture, 'noarch'].includes(file.architecture))
    .map(entryOf)
    .sort()
  const found = index === undefined ? ['nothing that can be read'] : listed(index)
  if (String(found) !== String(expected))
    problems.push(`lists ${found}, but the files are ${expected}`)
  return problems
}

/** What an index must say of a file. */
function entryOf({ name, architecture, bytes }: StoredFile): string {
  if (bytes === undefined) return `${name} ?`
  return `${name} ${architecture} ${bytes.length} ${packageIdentity(bytes)}`
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
