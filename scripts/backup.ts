// `npm run backup -- DIR`: what a running registry has, rows and objects, into a folder (docs/operate.md, "Back
// up"). Bytes that the folder has already are not fetched again. Everything is read back from the disk
// before the backup counts. Keys and secrets are in no backup.
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

/** A Worker answers six requests of one client at a time without a queue. */
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
  // It may have become another deployment meanwhile, or one that is being restored.
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
 * The newest backup is what a restore takes, and what another backup is trusted to replace: one of half a
 * database must not become it.
 * @returns the id of the deployment; null where its database and bucket do not belong together
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
 * A restore takes the newest backup in the folder: that of another deployment must not become it unseen.
 * @throws Error for a folder whose newest backup is that of another one
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

/** The keys of objects that the store does not have. */
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

/** From the disk, each by its digest; what is damaged there is fetched once more. */
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
 * The digests of the packages of which there is a list of what they hold. One that is damaged or missing in
 * the folder is fetched once more; that one is missing an earlier backup says.
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
    else console.error(`the store has a damaged list of what ${sha256} holds: it is left out`)
  }
  return lists
}

/** Those of the newest backup; undefined where there is none that says. */
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

Copies what a running registry has, rows and objects, into the folder DIR, as far as it is not there yet.

  --new-deployment   the folder has backups of another deployment, and takes those of this one from now on
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
    console.error(`the store has lost the object ${key}: npm run check says what it was`)
  if (lost.length > 0) process.exitCode = 1
} catch (error) {
  // The rows of a backup that has no manifest would take room that the disk may lack.
  if (lock !== undefined) await directory.removeLeftovers().catch(() => {})
  reportFailure('npm run backup', explainFullDisk(error, root))
} finally {
  await lock?.release()
}
