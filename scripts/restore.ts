// `npm run restore -- DIR [--backup ID] [--adopt] [--skip-damaged]`: puts a backup into an empty deployment, whose cron
// may run meanwhile (docs/operate.md, "Restore"). If a restore breaks off, another call continues it. At the end it
// compares everything: each object by its digest, each row with the backup's.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BackupDirectory } from './backup/directory.ts'
import { refuseWhileLocked } from './backup/lock.ts'
import { formatBytes } from './backup/progress.ts'
import { restore } from './backup/restore.ts'
import { reportFailure } from './failure.ts'
import { answerHelp, WHICH_REGISTRY } from './help.ts'
import { openRegistry } from './registry.ts'

function usage(): never {
  console.error('usage: npm run restore -- DIR [--backup ID] [--adopt] [--skip-damaged]')
  return process.exit(2)
}

function parseArguments() {
  try {
    const options = {
      backup: { type: 'string' },
      adopt: { type: 'boolean', default: false },
      'skip-damaged': { type: 'boolean', default: false },
    } as const
    return parseArgs({ options, allowPositionals: true })
  } catch {
    return usage()
  }
}

answerHelp(`npm run restore -- DIR [--backup ID] [--adopt] [--skip-damaged]

Puts the newest backup in the folder DIR into an empty deployment, and compares everything.

  --backup ID      takes this backup and not the newest
  --adopt          takes a bucket that already has the objects, for the new database
  --skip-damaged   leaves out objects that are damaged in the folder
${WHICH_REGISTRY}`)
const { values, positionals } = parseArguments()
const [root] = positionals
if (root === undefined || positionals.length > 1) usage()
try {
  // npm runs scripts in the project's folder; the user may be elsewhere.
  const folder = resolve(process.env.INIT_CWD ?? '.', root)
  await refuseWhileLocked(folder)
  const directory = new BackupDirectory(folder)
  const ids = await directory.list()
  const id = values.backup ?? ids.at(-1)
  if (id === undefined) throw new Error(`there is no backup in ${root}`)
  if (!ids.includes(id)) throw new Error(`there is no backup ${id}: use one of ${ids.join(', ')}`)
  const manifest = await directory.readManifest(id)
  console.error(`backup ${id} of ${manifest.url}, begun at ${manifest.created_at}`)
  const mode = { adopt: values.adopt, skipDamaged: values['skip-damaged'] }
  const damaged = await restore({ registry: await openRegistry(), directory, manifest }, mode)
  const { rows, objects, lost } = manifest
  console.log(
    `restored ${id}: ${rows.counts.package_file} files in ${objects.count} objects of ${formatBytes(objects.bytes)}, all compared`,
  )
  for (const key of lost) console.error(`the backup lacks the object ${key}: the store had lost it`)
  if (damaged > 0) {
    console.error(
      `${damaged} files of the backup were left out: npm run check names their packages`,
    )
    process.exitCode = 1
  }
} catch (error) {
  reportFailure('npm run restore', error)
}
