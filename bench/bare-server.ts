// Starts the bare Worker as the registry under test is started: `wrangler dev`, the same switches, a
// copy in a temporary folder with a state of its own, so that both pay for the same proxy.
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ProcessGroup, startProcessGroup } from '../test/support/clients/process-group.ts'
import { findFreePort, wranglerEnvironment } from '../test/support/clients/server.ts'

const project = fileURLToPath(new URL('../', import.meta.url).href)

export interface BareServer {
  readonly url: string
  readonly group: ProcessGroup
  [Symbol.asyncDispose](): Promise<void>
}

export async function startBareServer(): Promise<BareServer> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
  await cp(join(project, 'bench/bare'), directory, { recursive: true })
  await symlink(join(project, 'node_modules'), join(directory, 'node_modules'))
  const port = await findFreePort()
  const wrangler = join(project, 'node_modules/wrangler/bin/wrangler.js')
  const group = startProcessGroup(
    process.execPath,
    [
      ...[wrangler, 'dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
      ...['--log-level', 'warn', '--show-interactive-dev-session=false'],
      ...['--persist-to', join(directory, 'state')],
    ],
    { cwd: directory, env: wranglerEnvironment(directory) },
  )
  const url = `http://127.0.0.1:${port}`
  const end = async () => {
    await group.end()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await waitFor(url, group)
  } catch (error) {
    await end()
    throw error
  }
  return { url, group, [Symbol.asyncDispose]: end }
}

async function waitFor(url: string, group: ProcessGroup): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    if (group.exitCode() !== null) break
    try {
      const { status } = await fetch(`${url}/put?bytes=1`, { signal: AbortSignal.timeout(5_000) })
      if (status === 201) return
    } catch {
      // Not yet.
    }
  }
  throw new Error(`the bare Worker does not answer; it wrote:\n${group.output()}`)
}
