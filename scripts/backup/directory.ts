// Reads and writes the folder of backups. All backups in it share the bytes, which lie under their SHA-256:
//   objects/ab/ab12…       packages and index files
//   contents/ab/ab12…      the list of contents of the package with that digest, gzip
//   lock                  the process that writes into the folder (lock.ts)
//   backups/ID.jsonl.gz    the rows
//   backups/ID.lists.gz    the digests of the packages that have such a list
//   backups/ID.json        the manifest, with digests and the time; written last, so that only a complete
//                          backup has one
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, opendir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type BackedUpTable, type Row, type Rows, TABLES } from './rows.ts'

export interface Manifest {
  format: 1
  id: string
  created_at: string
  /** The URL of the registry. */
  url: string
  /** The id that database and bucket share; null if they do not share one. Earlier versions did not write it. */
  deployment?: string | null
  rows: WrittenFile & { counts: Record<string, number> }
  /** The file with the digests of packages that have lists. Earlier versions did not write it. */
  lists?: WrittenFile
  objects: { count: number; bytes: number }
  /** Keys of objects that the store had already lost. */
  lost: string[]
}

interface WrittenFile {
  sha256: string
  size: number
}

/** Names of files that are being written. If the writer was killed, the next backup deletes them. */
const PART = /^(?:.+\.part-|\.writable-)\d+$/

export class BackupDirectory {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  objectFile(sha256: string): string {
    return join(this.#root, 'objects', sha256.slice(0, 2), sha256)
  }

  contentsFile(sha256: string): string {
    return join(this.#root, 'contents', sha256.slice(0, 2), sha256)
  }

  async hasObject(sha256: string, size: number): Promise<boolean> {
    return (await sizeOf(this.objectFile(sha256))) === size
  }

  async hasContents(sha256: string): Promise<boolean> {
    return (await sizeOf(this.contentsFile(sha256))) !== undefined
  }

  /** Checks a list by the CRC-32 in its gzip trailer, since no row has the digest of a list. */
  async hasWholeContents(sha256: string): Promise<boolean> {
    const file = createReadStream(this.contentsFile(sha256))
    const nothing = new Writable({ write: (_, __, done) => done() })
    return pipeline(file, createGunzip(), nothing).then(
      () => true,
      () => false,
    )
  }

  /** Whether the folder has the object with this size and the bytes of the digest. */
  async hasWholeObject(sha256: string, size: number): Promise<boolean> {
    return (await this.hasObject(sha256, size)) && (await this.digestOf(sha256)) === sha256
  }

  removeContents(sha256: string): Promise<void> {
    return rm(this.contentsFile(sha256), { force: true })
  }

  async digestOf(sha256: string): Promise<string | undefined> {
    return digestOf(this.objectFile(sha256))
  }

  removeObject(sha256: string): Promise<void> {
    return rm(this.objectFile(sha256), { force: true })
  }

  /** The ids of complete backups, the newest last. */
  async list(): Promise<string[]> {
    const names = await readdir(join(this.#root, 'backups')).catch(() => [])
    return names.flatMap((name) => /^(\d{17})\.json$/.exec(name)?.[1] ?? []).sort()
  }

  /** Deletes the files of backups that broke off. Only the holder of the lock may call it. */
  async removeLeftovers(): Promise<void> {
    const whole = new Set(await this.list())
    for await (const entry of await opendir(this.#root, { recursive: true })) {
      const { name, parentPath } = entry
      if (!entry.isFile()) continue
      const [, id] = /^(\d{17})\.(?:jsonl|lists)\.gz$/.exec(name) ?? []
      const unfinished = id !== undefined && !whole.has(id)
      if (unfinished || PART.test(name)) await rm(join(parentPath, name), { force: true })
    }
  }

  /** The id of a backup that begins now. It follows all others, also if the clock went back. */
  async nextId(now: Date): Promise<string> {
    const time = now.toISOString().replace(/\D/g, '').slice(0, 17)
    const newest = (await this.list()).at(-1) ?? ''
    return time > newest ? time : String(BigInt(newest) + 1n)
  }

  async readManifest(id: string): Promise<Manifest> {
    const file = this.#manifestFile(id)
    const manifest = parseManifest(await readFile(file, 'utf8'))
    if (manifest?.id !== id) throw new Error(`${file} is damaged: take another backup`)
    if (manifest.format !== 1)
      throw new Error(`${id} was written by a later version of this script`)
    return manifest
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    const text = `${JSON.stringify(manifest, null, 2)}\n`
    await writeWhole(this.#manifestFile(manifest.id), Readable.from([text]))
  }

  /** Writes the rows. Returns the digest and size of the file. */
  writeRows(id: string, rows: Rows): Promise<WrittenFile> {
    return writeLines(this.#rowsFile(id), linesOf(rows))
  }

  /** @param lists digests of the packages that have a list in the folder */
  writeLists(id: string, lists: Iterable<string>): Promise<WrittenFile> {
    return writeLines(this.#listsFile(id), withLineEnds(lists))
  }

  /**
   * The digests of the packages with lists; undefined for a backup of an earlier version, which has no such file.
   * @throws Error for a file that differs from the written one
   */
  async readLists({ id, lists }: Manifest): Promise<Set<string> | undefined> {
    if (lists === undefined) return undefined
    const found = new Set<string>()
    for await (const line of readLines(this.#listsFile(id), lists)) found.add(line)
    return found
  }

  /** @throws Error for a file that differs from the written one */
  async readRows({ id, rows: expected }: Manifest): Promise<Rows> {
    const file = this.#rowsFile(id)
    const rows = emptyRows()
    for await (const line of readLines(file, expected)) {
      const [table, row]: [BackedUpTable, Row] = JSON.parse(line)
      if (rows[table] === undefined)
        throw new Error(`${file} has rows of an unknown table ${table}`)
      rows[table].push(row)
    }
    return rows
  }

  /**
   * Reads the rows back from the disk and compares line by line, so that memory does not hold them twice.
   * @returns the number of the first line that differs, from 1; undefined if none does
   */
  async findOtherLine({ id, rows: expected }: Manifest, rows: Rows): Promise<number | undefined> {
    const lines = linesOf(rows)
    let count = 0
    for await (const line of readLines(this.#rowsFile(id), expected)) {
      count++
      if (lines.next().value !== `${line}\n`) return count
    }
    return lines.next().done === true ? undefined : count + 1
  }

  #manifestFile(id: string): string {
    return join(this.#root, 'backups', `${id}.json`)
  }

  #rowsFile(id: string): string {
    return join(this.#root, 'backups', `${id}.jsonl.gz`)
  }

  #listsFile(id: string): string {
    return join(this.#root, 'backups', `${id}.lists.gz`)
  }
}

/** Undefined for a text that is no manifest. */
function parseManifest(text: string): Manifest | undefined {
  try {
    const manifest: Manifest | null = JSON.parse(text)
    const whole = Array.isArray(manifest?.lost) && typeof manifest.rows?.sha256 === 'string'
    return whole ? manifest : undefined
  } catch {
    return undefined
  }
}

async function writeLines(file: string, lines: Iterable<string>): Promise<WrittenFile> {
  await writeWhole(file, Readable.from(lines), createGzip())
  return { sha256: (await digestOf(file)) ?? '', size: (await sizeOf(file)) ?? 0 }
}

async function* readLines(file: string, expected: WrittenFile): AsyncGenerator<string> {
  if ((await digestOf(file)) !== expected.sha256) {
    throw new Error(`${file} is damaged: it has another digest than its manifest says`)
  }
  // Node's reader of lines would end a line at U+2028 too, which JSON does not escape.
  const text = createReadStream(file).pipe(createGunzip()).setEncoding('utf8')
  let rest = ''
  for await (const chunk of text) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') throw new Error(`${file} ends within a line`)
}

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`
}

function emptyRows(): Record<BackedUpTable, Row[]> {
  const entries = TABLES.map((table): [BackedUpTable, Row[]] => [table, []])
  // Every table is among the entries.
  return Object.fromEntries(entries) as Record<BackedUpTable, Row[]>
}

function* linesOf(rows: Rows): Generator<string> {
  for (const table of TABLES)
    for (const row of rows[table]) yield `${JSON.stringify([table, row])}\n`
}

/**
 * Writes a file under another name until all of it is on the disk, so that a file with the right name is whole.
 * @param streams the source of the bytes, then the transforms; a failure of any of them is thrown
 */
export async function writeWhole(
  file: string,
  ...streams: readonly [Readable, ...Transform[]]
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const part = `${file}.part-${process.pid}`
  try {
    await pipeline([...streams, createWriteStream(part, { mode: 0o600, flush: true })])
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Undefined if no file has this path. */
async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  )
}

async function digestOf(file: string): Promise<string | undefined> {
  if ((await sizeOf(file)) === undefined) return undefined
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** Makes the folder. Only its owner may read it, since rows have the digests of tokens. */
export async function prepareDirectory(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const probe = join(root, `.writable-${process.pid}`)
  try {
    await writeFile(probe, '')
  } finally {
    // Another backup may have deleted it as a leftover.
    await rm(probe, { force: true })
  }
}

/** Replaces the system's error for a full disk, which names neither the disk nor the state of its backups. */
export function explainFullDisk(error: unknown, root: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new Error(
    `the disk of ${root} is full: the backups in it are as they were. Make room and call this again, which goes on with what came (${message})`,
  )
}
