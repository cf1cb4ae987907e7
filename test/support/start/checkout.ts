// A fresh copy of the project as somebody who cloned it has it, and what runs there: `npm start` in
// a process group of its own, and every process whose working folder is in the copy, in whatever
// group it is.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ProcessGroup, startProcessGroup } from '../clients/process-group.ts'
import { runOrThrow } from '../clients/run.ts'
import { compileCache } from '../clients/server.ts'

const project = fileURLToPath(new URL('../../../', import.meta.url).href)

export interface Checkout extends AsyncDisposable {
  directory: string
  /** What programs get: no secrets of the developer's, and no configuration. */
  env: Readonly<Record<string, string>>
}

/** What git has or would take, with the modules that are installed. */
export async function createCheckout(): Promise<Checkout> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'cairn-checkout-')))
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = (await runOrThrow('git', listing, { cwd: project })).split('\0')
  for (const file of files) {
    // Removed but not committed; or the folder of modules, which git does not ignore as a link.
    if (file === '' || file === 'node_modules' || !existsSync(join(project, file))) continue
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await cp(join(project, file), join(directory, file))
  }
  await symlink(join(project, 'node_modules'), join(directory, 'node_modules'))
  const home = join(directory, '.cache')
  await mkdir(home)
  return {
    directory,
    env: { PATH: process.env.PATH ?? '', HOME: home, LC_ALL: 'C.UTF-8', ...compileCache() },
    [Symbol.asyncDispose]: async () => {
      for (const { pid } of listProcessesIn(directory)) process.kill(pid, 'SIGKILL')
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A program in the copy, as a process group of its own and without a terminal. */
export function startIn(
  { directory, env }: Checkout,
  program: string,
  args: readonly string[],
): ProcessGroup {
  return startProcessGroup(program, args, { cwd: directory, env })
}

/** Resolves once the output has that text. */
export async function waitForOutput(group: ProcessGroup, text: string): Promise<string> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(50)) {
    if (group.output().includes(text)) return group.output()
    if (group.exitCode() !== null) break
  }
  throw new Error(`${JSON.stringify(text)} did not appear in:\n${group.output()}`)
}

/** The exit code, once the program has ended by itself or by a signal. */
export async function waitForExit(group: ProcessGroup): Promise<number> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(20)) {
    const code = group.exitCode()
    if (code !== null) return code
  }
  throw new Error(`it does not end, and wrote:\n${group.output()}`)
}

export interface FoundProcess {
  pid: number
  command: string
}

/** Living processes whose working folder is in the directory. Linux only. */
export function listProcessesIn(directory: string): FoundProcess[] {
  const found: FoundProcess[] = []
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!`${readlinkSync(`/proc/${entry}/cwd`)}/`.startsWith(`${directory}/`)) continue
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      // A dead process that nobody has reaped yet has no command line.
      if (command !== '') found.push({ pid: Number(entry), command })
    } catch {
      // It ended while it was looked at, or it is somebody else's.
    }
  }
  return found
}
