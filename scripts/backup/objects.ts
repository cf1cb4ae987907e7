// Transfers the objects of a backup between the registry and the folder. This side computes a digest in
// each transfer, and the store compares it on the other side.
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { Refusal, type Registry } from '../registry.ts'
import { type BackupDirectory, writeWhole } from './directory.ts'
import type { Row, Rows } from './rows.ts'

export interface NamedObject {
  readonly key: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

export const objectsPath = '/api/v1/deployment/objects'
const tries = 6

/** @throws Error for an invalid digest, which must not become a file name in the folder */
export function objectOf(row: Row): NamedObject {
  const object = { key: String(row.r2_key), sha256: String(row.sha256), size: Number(row.size) }
  if (/^[0-9a-f]{64}$/.test(object.sha256)) return object
  throw new Error(`the row of ${object.key} has no SHA-256 but ${JSON.stringify(object.sha256)}`)
}

export function objectsOf(rows: Rows): NamedObject[] {
  return [...rows.repository_index, ...rows.package_blob].map(objectOf)
}

export function contentsKeyOf({ key }: NamedObject): string | undefined {
  return key.startsWith('blobs/') ? key.replace(/^blobs/, 'contents') : undefined
}

/** Fetches an object into the folder, with the bytes of its digest. Returns whether the store has it. */
export async function fetchObject(
  registry: Registry,
  directory: BackupDirectory,
  object: NamedObject,
): Promise<boolean> {
  // The list comes first, so that a folder with the bytes has the list too, if there is one.
  await fetchContents(registry, directory, object)
  return download(registry, object.key, directory.objectFile(object.sha256), object.sha256)
}

/** Fetches a package's list of contents into the folder. Returns whether the store has one. */
export async function fetchContents(
  registry: Registry,
  directory: BackupDirectory,
  object: NamedObject,
): Promise<boolean> {
  const list = contentsKeyOf(object)
  if (list === undefined) return false
  return download(registry, list, directory.contentsFile(object.sha256), undefined)
}

/** @throws Error if the store sends other bytes than the row says, also after repeated requests */
function download(
  registry: Registry,
  key: string,
  file: string,
  sha256: string | undefined,
): Promise<boolean> {
  return registry.attempt(async () => {
    let response: Response
    try {
      response = await registry.send(`${objectsPath}/${key}`)
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return false
      throw error
    }
    const hash = createHash('sha256')
    const digesting = new Transform({
      transform(chunk, _, done) {
        hash.update(chunk)
        done(null, chunk)
      },
    })
    await writeWhole(file, Readable.from(response.body ?? []), digesting)
    const found = hash.digest('hex')
    if (sha256 === undefined || found === sha256) return true
    await rm(file)
    throw new Error(`the object ${key} has the SHA-256 ${found}, and its row says ${sha256}`)
  }, tries)
}

/**
 * Stores an object and its list. The store refuses bytes of another digest.
 * @param lists digests of the packages whose lists are stored too
 */
export async function sendObject(
  registry: Registry,
  directory: BackupDirectory,
  object: NamedObject,
  { backup, lists }: { backup: string; lists: ReadonlySet<string> },
): Promise<void> {
  const list = contentsKeyOf(object)
  if (list !== undefined && lists.has(object.sha256)) {
    const address = `${objectsPath}/${list}?backup=${backup}`
    const file = directory.contentsFile(object.sha256)
    await registry.attempt(() => upload(registry, address, file), tries)
  }
  const address = `${objectsPath}/${object.key}?backup=${backup}&sha256=${object.sha256}`
  await registry.attempt(
    () => upload(registry, address, directory.objectFile(object.sha256)),
    tries,
  )
}

/** Sends a file from the disk. A blob has the length, which the store asks for. */
async function upload(registry: Registry, address: string, file: string): Promise<void> {
  await registry.send(address, { method: 'PUT', body: await openAsBlob(file) })
}

const pageObjects = 500

/** Finds the objects that the store lacks or has with other bytes. */
export async function findWrongObjects(
  registry: Registry,
  objects: readonly NamedObject[],
  onChecked: (count: number) => void,
): Promise<{ object: NamedObject; problem: string }[]> {
  const byKey = new Map(objects.map((object) => [object.key, object]))
  const wrong: { object: NamedObject; problem: string }[] = []
  for (let at = 0; at < objects.length; ) {
    const body = { objects: objects.slice(at, at + pageObjects) }
    const { checked, problems } = await registry.ask<{
      checked: number
      problems: { key: string; problem: string }[]
    }>(`${objectsPath}/check`, { method: 'POST', body, tries })
    for (const { key, problem } of problems) {
      const object = byKey.get(key)
      if (object !== undefined) wrong.push({ object, problem })
    }
    onChecked(checked)
    at += checked
  }
  return wrong
}
