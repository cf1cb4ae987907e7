// `npm run restore -- DIR [--backup ID] [--adopt] [--skip-damaged]`: puts a backup into an empty deployment, whose cron
// may run all the while (docs/operate.md, "Restore"). Broken off, it goes on when it is called again. It ends
// with everything compared: each object by its digest, each row with that of the backup.
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

  --backup ID      another backup than the newest
  --adopt          the bucket has the objects already, and becomes the new database's
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
  if (!ids.includes(id)) throw new Error(`there is no backup ${id}: there are ${ids.join(', ')}`)
  const manifest = await directory.readManifest(id)
  console.error(`backup ${id} of ${manifest.url}, begun at ${manifest.created_at}`)
  const mode = { adopt: values.adopt, skipDamaged: values['skip-damaged'] }
  const damaged = await restore({ registry: await openRegistry(), directory, manifest }, mode)
  const { rows, objects, lost } = manifest
  console.log(
    `restored ${id}: ${rows.counts.package_file} files in ${objects.count} objects of ${formatBytes(objects.bytes)}, all compared`,
  )
  for (const key of lost) console.error(`the backup lacks the object ${key}, which was lost before`)
  if (damaged > 0) {
    console.error(`${damaged} files of the backup were left out: npm run check says of what`)
    process.exitCode = 1
  }
} catch (error) {
  reportFailure('npm run restore', error)
}
