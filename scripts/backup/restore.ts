// Puts a backup into an empty deployment: first the objects, then the rows, table by table. If a restore breaks off,
// another call continues it. At the end it compares everything: each object by its digest, each row with the backup's.
import type { Registry } from '../registry.ts'
import type { BackupDirectory, Manifest } from './directory.ts'
import {
  contentsKeyOf,
  findWrongObjects,
  type NamedObject,
  objectsOf,
  sendObject,
} from './objects.ts'
import { forEachOf, Progress } from './progress.ts'
import { differences, type Row, type Rows, TABLES } from './rows.ts'
import { readSnapshot } from './snapshot.ts'

const path = '/api/v1/deployment/restore'
const atOnce = 6
const tries = 6
/** Limits of a page. D1 takes a page as one value, of 2 MB at most. A single row may be longer than the limit. */
const page = { rows: 500, characters: 500_000 }

interface Restore {
  readonly registry: Registry
  readonly directory: BackupDirectory
  readonly manifest: Manifest
  /** Rows of a page, at most; 500 by default. */
  readonly pageRows?: number
}

interface RestoreMode {
  /** Whether to take a bucket that may belong to another deployment. */
  readonly adopt: boolean
  /** Whether to leave out objects that are damaged in the folder, as lost ones are. */
  readonly skipDamaged: boolean
}

/** The objects of a backup in the folder, after each file was read. */
interface WholeObjects {
  readonly objects: readonly NamedObject[]
  /** Digests of the packages with a list of contents. */
  readonly lists: ReadonlySet<string>
  /** Paths of the missing and damaged files. */
  readonly damaged: readonly string[]
}

/**
 * Begins or continues the restore and brings it to its end.
 * @returns how many files of the backup it left out
 * @throws Error if the backup is damaged, or if the restored data differ from it; Refusal by the registry
 */
export async function restore(
  options: Restore,
  { adopt, skipDamaged }: RestoreMode,
): Promise<number> {
  const { registry, directory, manifest } = options
  const rows = await directory.readRows(manifest)
  const lost = new Set(manifest.lost)
  const named = objectsOf(rows).filter(({ key }) => !lost.has(key))
  const whole = await readObjects(options, named)
  const { objects, damaged } = whole
  for (const file of damaged.slice(0, 20)) console.error(`${file} is missing or damaged`)
  if (damaged.length > 0 && !skipDamaged) {
    throw new Error(
      `${damaged.length} files of the backup are missing or damaged: restore the others with --skip-damaged`,
    )
  }
  await registry.ask(path, { method: 'POST', body: { backup: manifest.id, adopt }, tries })
  await sendObjects(options, whole)
  await sendRows(options, rows)
  await compare(options, rows, objects)
  await registry.ask(`${path}/complete`, { method: 'POST', body: { backup: manifest.id }, tries })
  return damaged.length
}

/** Reads all objects before the restore changes anything, so that a damaged backup is not half restored. */
async function readObjects(
  { directory, manifest }: Restore,
  named: readonly NamedObject[],
): Promise<WholeObjects> {
  const bytes = named.reduce((sum, object) => sum + object.size, 0)
  const progress = new Progress('objects of the backup read', named.length, bytes)
  const expected = await directory.readLists(manifest)
  const objects: NamedObject[] = []
  const lists = new Set<string>()
  const damaged: string[] = []
  for (const object of named) {
    const { sha256, size } = object
    if (await directory.hasWholeObject(sha256, size)) objects.push(object)
    else damaged.push(directory.objectFile(sha256))
    if (contentsKeyOf(object) !== undefined) {
      if (await directory.hasWholeContents(sha256)) lists.add(sha256)
      else if (expected?.has(sha256) ?? (await directory.hasContents(sha256))) {
        damaged.push(directory.contentsFile(sha256))
      }
    }
    progress.add(1, size)
  }
  progress.end()
  return { objects, lists, damaged }
}

async function sendObjects(
  { registry, directory, manifest }: Restore,
  { objects, lists }: WholeObjects,
) {
  const looking = new Progress('objects looked for', objects.length)
  const missing = await findWrongObjects(registry, objects, (count) => looking.add(count))
  looking.end()
  const bytes = missing.reduce((sum, { object }) => sum + object.size, 0)
  const progress = new Progress('objects sent', missing.length, bytes)
  await forEachOf(missing, atOnce, async ({ object }) => {
    await sendObject(registry, directory, object, { backup: manifest.id, lists })
    progress.add(1, object.size)
  })
  progress.end()
}

async function sendRows(
  { registry, manifest, pageRows = page.rows }: Restore,
  rows: Rows,
): Promise<void> {
  const total = TABLES.reduce((sum, table) => sum + rows[table].length, 0)
  const progress = new Progress('rows sent', total)
  for (const table of TABLES) {
    for (const each of pagesOf(rows[table], pageRows)) {
      const body = { backup: manifest.id, table, rows: each }
      await registry.ask(`${path}/rows`, { method: 'POST', body, tries })
      progress.add(each.length)
    }
  }
  progress.end()
}

function* pagesOf(rows: readonly Row[], most: number): Generator<readonly Row[]> {
  let pending: Row[] = []
  let length = 0
  for (const row of rows) {
    const own = JSON.stringify(row).length
    if (pending.length === most || (pending.length > 0 && length + own > page.characters)) {
      yield pending
      pending = []
      length = 0
    }
    pending.push(row)
    length += own
  }
  if (pending.length > 0) yield pending
}

/** Compares the registry's objects and rows with the backup. */
async function compare({ registry }: Restore, rows: Rows, objects: readonly NamedObject[]) {
  const checking = new Progress('objects compared', objects.length)
  const [wrong] = await findWrongObjects(registry, objects, (count) => checking.add(count))
  checking.end()
  if (wrong !== undefined) throw new Error(`${wrong.object.key}: ${wrong.problem}`)
  const progress = new Progress('rows of files compared', rows.package_file.length)
  const keepIndexes = () => Promise.resolve(true)
  const restored = await readSnapshot({ registry, progress, keepIndexes })
  progress.end()
  const found = [...differences(rows, restored)]
  if (found.length === 0) return
  throw new Error(`${found.length} rows differ from the backup: ${found.slice(0, 5).join('; ')}`)
}
