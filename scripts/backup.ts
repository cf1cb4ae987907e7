// `npm run backup -- DIR`: copies a running registry's rows and objects into a folder (docs/operate.md, "Back
// up"). It does not fetch bytes again that the folder has. It reads everything back from the disk before the
// backup counts. No backup has keys or secrets.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  BackupDirectory,
  explainFullDisk,
  type Manifest,
  prepareDirectory,
} from './backup/directory.ts'
import { lockFolder } from './backup/lock.ts'
import {
  contentsKeyOf,
  fetchContents,
  fetchObject,
  type NamedObject,
  objectOf,
  objectsOf,
} from './backup/objects.ts'
import { forEachOf, formatBytes, Progress } from './backup/progress.ts'
import { countRows, type Row, type Rows } from './backup/rows.ts'
import { readSnapshot } from './backup/snapshot.ts'
import { reportFailure } from './failure.ts'
import { answerHelp, WHICH_REGISTRY } from './help.ts'
import { openRegistry, type Registry } from './registry.ts'

/** Requests at a time. A Worker answers six of one client without a queue. */
const atOnce = 6
const tries = 6

interface BackupMode {
  /** Whether the folder may have backups of another deployment. */
  readonly newDeployment: boolean
}

async function backUp(
  registry: Registry,
  directory: BackupDirectory,
  { newDeployment }: BackupMode,
): Promise<Manifest> {
  const started = new Date()
  const id = await directory.nextId(started)
  const deployment = await requireWhole(registry)
  if (!newDeployment) await requireSameDeployment(registry, directory, deployment)
  const rows = await readRows(registry, directory)
  // Meanwhile the registry may have become another deployment, or a restore may have begun.
  await requireWhole(registry)
  if (rows.owner.length === 0) throw new Error('the registry has no owner: nothing is backed up')
  const objects = objectsOf(rows)
  const lost = await fetchObjects(registry, directory, objects)
  const kept = objects.filter((object) => !lost.has(object.key))
  await readBackObjects(registry, directory, kept)
  const lists = await readBackLists(registry, directory, kept)
  const written = await directory.writeRows(id, rows)
  const bytes = kept.reduce((sum, object) => sum + object.size, 0)
  const manifest: Manifest = {
    format: 1,
    id,
    created_at: started.toISOString(),
    url: registry.url,
    deployment,
    rows: { ...written, counts: countRows(rows) },
    lists: await directory.writeLists(id, lists),
    objects: { count: kept.length, bytes },
    lost: [...lost],
  }
  await readBackRows(directory, manifest, rows)
  await directory.writeManifest(manifest)
  return manifest
}

/**
 * Refuses to back up during a restore. A restore takes the newest backup, and people trust it to replace older
 * ones: a backup of half a database must not become the newest.
 * @returns the id of the deployment; null if its database and bucket do not belong together
 * @throws Error during a restore
 */
async function requireWhole(registry: Registry): Promise<string | null> {
  const { state, marker } = await registry.ask<{ state: string; marker: string | null }>(
    '/api/v1/deployment/bucket',
    { tries },
  )
  if (state === 'restoring') {
    throw new Error('a backup is being restored into the registry: call this again afterwards')
  }
  return marker
}

/**
 * Refuses a folder of another deployment. A restore takes the newest backup in the folder, which must not become
 * another deployment's unnoticed.
 * @throws Error if the folder's newest backup is of another deployment
 */
async function requireSameDeployment(
  registry: Registry,
  directory: BackupDirectory,
  deployment: string | null,
): Promise<void> {
  const newest = (await directory.list()).at(-1)
  if (newest === undefined || deployment === null) return
  const manifest = await directory.readManifest(newest).catch(() => undefined)
  const known = manifest?.deployment ?? deployment
  if (known === deployment) return
  throw new Error(
    `the folder has backups of another deployment: ${newest} is of ${manifest?.url}, with the id ${known}; the one at ${registry.url} has ${deployment}. Take another folder, or go on in this one with --new-deployment, after a restore or an adoption for instance`,
  )
}

async function readRows(registry: Registry, directory: BackupDirectory): Promise<Rows> {
  const progress = new Progress('rows of files')
  const rows = await readSnapshot({
    registry,
    progress,
    keepIndexes: (indexes) => keepIndexes(registry, directory, indexes),
  })
  progress.end()
  return rows
}

async function keepIndexes(
  registry: Registry,
  directory: BackupDirectory,
  indexes: readonly Row[],
): Promise<boolean> {
  for (const object of indexes.map(objectOf)) {
    if (await directory.hasObject(object.sha256, object.size)) continue
    if (!(await fetchObject(registry, directory, object))) return false
  }
  return true
}

/** Fetches the objects that the folder lacks. Returns the keys of those that the store does not have. */
async function fetchObjects(
  registry: Registry,
  directory: BackupDirectory,
  objects: readonly NamedObject[],
): Promise<Set<string>> {
  const lost = new Set<string>()
  const missing: NamedObject[] = []
  for (const object of objects) {
    if (!(await directory.hasObject(object.sha256, object.size))) missing.push(object)
  }
  const bytes = missing.reduce((sum, object) => sum + object.size, 0)
  const progress = new Progress('objects fetched', missing.length, bytes)
  await forEachOf(missing, atOnce, async (object) => {
    if (!(await fetchObject(registry, directory, object))) lost.add(object.key)
    progress.add(1, object.size)
  })
  progress.end()
  return lost
}

/** Reads each object back from the disk and compares its digest. Fetches a damaged one once more. */
async function readBackObjects(
  registry: Registry,
  directory: BackupDirectory,
  objects: readonly NamedObject[],
): Promise<void> {
  const bytes = objects.reduce((sum, object) => sum + object.size, 0)
  const progress = new Progress('objects read back', objects.length, bytes)
  for (const object of objects) {
    if ((await directory.digestOf(object.sha256)) !== object.sha256) {
      console.error(`the file of ${object.sha256} is damaged: it is fetched again`)
      await directory.removeObject(object.sha256)
      await fetchObject(registry, directory, object)
      if ((await directory.digestOf(object.sha256)) !== object.sha256) {
        throw new Error(`the file of ${object.sha256} cannot be read back: look at the disk`)
      }
    }
    progress.add(1, object.size)
  }
  progress.end()
}

/**
 * Reads the lists of contents back. Fetches a damaged or missing list once more, unless the newest backup says that
 * the package has none.
 * @returns the digests of the packages that have a list
 */
async function readBackLists(
  registry: Registry,
  directory: BackupDirectory,
  objects: readonly NamedObject[],
): Promise<string[]> {
  const known = await readKnownLists(directory)
  const lists: string[] = []
  for (const object of objects.filter((each) => contentsKeyOf(each) !== undefined)) {
    const { sha256 } = object
    if (await directory.hasWholeContents(sha256)) {
      lists.push(sha256)
      continue
    }
    const damaged = await directory.hasContents(sha256)
    if (!damaged && known?.has(sha256) === false) continue
    if (damaged) console.error(`the list of what ${sha256} holds is damaged: it is fetched again`)
    await directory.removeContents(sha256)
    if (!(await fetchContents(registry, directory, object))) continue
    if (await directory.hasWholeContents(sha256)) lists.push(sha256)
    else console.error(`the store has a damaged list of what ${sha256} holds: left out`)
  }
  return lists
}

/** The packages with lists in the newest backup; undefined if there is none, or if it does not say. */
async function readKnownLists(directory: BackupDirectory): Promise<Set<string> | undefined> {
  const newest = (await directory.list()).at(-1)
  if (newest === undefined) return undefined
  const manifest = await directory.readManifest(newest).catch(() => undefined)
  return manifest && directory.readLists(manifest).catch(() => undefined)
}

async function readBackRows(directory: BackupDirectory, manifest: Manifest, rows: Rows) {
  const line = await directory.findOtherLine(manifest, rows)
  if (line !== undefined) throw new Error(`the rows cannot be read back: line ${line} differs`)
}

answerHelp(`npm run backup -- DIR [--new-deployment]

Copies the rows and objects of a running registry into the folder DIR, except objects that DIR has already.

  --new-deployment   takes a folder with backups of another deployment, for this one from now on
${WHICH_REGISTRY}`)
function usage(): never {
  console.error('usage: npm run backup -- DIR [--new-deployment]')
  return process.exit(2)
}

function parseArguments() {
  try {
    const options = { 'new-deployment': { type: 'boolean', default: false } } as const
    return parseArgs({ options, allowPositionals: true })
  } catch {
    return usage()
  }
}

const { values, positionals } = parseArguments()
const [given] = positionals
if (given === undefined || positionals.length > 1) usage()
// npm runs scripts in the project's folder; the user may be elsewhere.
const root = resolve(process.env.INIT_CWD ?? '.', given)
const directory = new BackupDirectory(root)
let lock: { release(): Promise<void> } | undefined
try {
  await prepareDirectory(root)
  lock = await lockFolder(root)
  await directory.removeLeftovers()
  const mode = { newDeployment: values['new-deployment'] }
  const { id, rows, objects, lost } = await backUp(await openRegistry(), directory, mode)
  console.log(
    `backup ${id}: ${rows.counts.package_file} files in ${objects.count} objects of ${formatBytes(objects.bytes)}, read back and good`,
  )
  for (const key of lost)
    console.error(`the store has lost the object ${key}: npm run check names its files`)
  if (lost.length > 0) process.exitCode = 1
} catch (error) {
  // The rows of a backup without a manifest would take room, which the disk may lack.
  if (lock !== undefined) await directory.removeLeftovers().catch(() => {})
  reportFailure('npm run backup', explainFullDisk(error, root))
} finally {
  await lock?.release()
}
