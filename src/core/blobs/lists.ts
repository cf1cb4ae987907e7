// Makes damaged and missing lists of contents again, from the stored bytes.
import type { ByteSource } from '../../formats/bytes.ts'
import { FormatError } from '../../formats/format-error.ts'
import { query } from '../database.ts'
import { type ExpectedObject, hasWholeList, openCheckedObject, PAGE_FILES } from './check.ts'
import { contentsKey } from './keys.ts'
import { askStore } from './store.ts'

/** The names under which a file was published, as its publisher wrote them. */
export interface PublishedNames {
  readonly packageName: string
  readonly version: string
}

/** Makes the list from the bytes of a file. @throws FormatError if the type would refuse the file today */
export type ListMaker = (source: ByteSource, names: PublishedNames) => Promise<Uint8Array>

export interface RepairedLists {
  readonly files: number
  readonly made: number
  readonly problems: readonly { readonly subject: string; readonly problem: string }[]
  /** Where the next page begins; null at the end. */
  readonly next: string | null
}

const FILES = `
  SELECT f.id, p.type, coalesce(p.display_name, p.name) AS packageName,
    coalesce(v.display_version, v.version) AS version, b.r2_key AS r2Key, b.sha256, b.size,
    o.name || '/' || p.type || '/' || p.name || '/' || v.version || '/' || f.name AS subject
  FROM package_file f CROSS JOIN package_blob b ON b.sha256 = f.blob_sha256
  CROSS JOIN package_version v ON v.id = f.version_id CROSS JOIN package p ON p.id = v.package_id
  CROSS JOIN owner o ON o.id = p.owner_id
  WHERE f.id > ?1 ORDER BY f.id LIMIT ${PAGE_FILES}`

interface FileRow extends ExpectedObject, PublishedNames {
  readonly id: string
  readonly type: string
  readonly subject: string
}

/** One request reads about so many bytes of packages, at most. */
const PAGE_BYTES = 100 * 1024 * 1024

/**
 * Repairs the lists for one page of all files, in the order of their ids.
 * @param makerOf undefined for types without lists
 * @param after the `next` of the page before; empty to begin
 * @throws RegistryError storage-unavailable
 */
export async function repairLists(
  db: D1Database,
  bucket: R2Bucket,
  makerOf: (type: string) => ListMaker | undefined,
  after: string,
): Promise<RepairedLists> {
  const { results } = await query(() => db.prepare(FILES).bind(after).all<FileRow>())
  const problems: { subject: string; problem: string }[] = []
  let [bytes, files, made] = [0, 0, 0]
  for (const file of results) {
    if (bytes > PAGE_BYTES) break
    files++
    const maker = makerOf(file.type)
    if (maker === undefined || (await askStore(() => hasWholeList(bucket, file.r2Key)))) continue
    bytes += file.size
    const problem = await makeList(bucket, file, maker)
    if (problem === undefined) made++
    else problems.push({ subject: file.subject, problem })
  }
  const done = files === results.length && results.length < PAGE_FILES
  return { files, made, problems, next: done ? null : (results[files - 1]?.id ?? null) }
}

/** Makes one list. Returns what is wrong with the bytes; undefined if it stored the list. */
async function makeList(
  bucket: R2Bucket,
  file: FileRow,
  make: ListMaker,
): Promise<string | undefined> {
  const object = await askStore(() => openCheckedObject(bucket, file))
  let list: Uint8Array | undefined
  let refusal: string | undefined
  try {
    list = await make(object.content, file)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    refusal = `no list can be made of what it holds: ${error.message}`
  }
  // A refusal of damaged bytes tells nothing about the package, so the damage is reported first.
  const damage = await object.findProblem()
  if (damage !== undefined) return damage
  if (list === undefined) return refusal
  const bytes = list
  await askStore(() => bucket.put(contentsKey(file.r2Key), bytes))
  return undefined
}
