// npm, pnpm, Yarn 1, Yarn and Bun, of the versions and digests that the lock file here names, in a cache. None of
// their scripts run while they are installed.
import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOrThrow } from '../../../support/clients/run.ts'
import { cachedTool } from '../../../support/clients/tool-cache.ts'

const FILES = ['package.json', 'package-lock.json']

/** The folder that their packages are in. */
export async function installNpmClients(): Promise<string> {
  const lock = await readFile(join(import.meta.dirname, 'package-lock.json'))
  const name = `npm-clients-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`
  const folder = await cachedTool(name, async (directory) => {
    for (const file of FILES) await copyFile(join(import.meta.dirname, file), join(directory, file))
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund']
    await runOrThrow('npm', ['ci', ...quiet], {
      ...{ cwd: directory, inheritEnv: true, timeoutMs: 600_000 },
    })
  })
  return join(folder, 'node_modules')
}
