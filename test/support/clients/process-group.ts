// Starts a program as a process group of its own and ends the whole group. wrangler's workerd lives
// on when only wrangler is killed, and a test run that is killed cannot tidy up: a guard process
// therefore ends the group when this process goes away for whatever reason.
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ProcessGroup {
  /** Of the leader, and so of the group. */
  id: number
  /** Null while the leader runs. */
  exitCode(): number | null
  /** What every member wrote so far. */
  output(): string
  /** Asks, waits, then kills. Resolves when no member is left. */
  end(): Promise<void>
}

export interface GroupMember {
  pid: number
  command: string
}

export function startProcessGroup(
  program: string,
  args: readonly string[],
  options: {
    cwd: string
    env: Readonly<Record<string, string>>
    /** A file that gets what every member writes. */
    log?: string
  },
): ProcessGroup {
  const { cwd, env, log } = options
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${program}`)
  const guard = startGuard(pid)
  let output = ''
  const append = (chunk: string) => {
    output = (output + chunk).slice(-200_000)
    if (log !== undefined) appendFileSync(log, chunk)
  }
  child.stdout.setEncoding('utf8').on('data', append)
  child.stderr.setEncoding('utf8').on('data', append)
  let ended: Promise<void> | undefined
  return {
    id: pid,
    exitCode: () => child.exitCode ?? (child.signalCode === null ? null : -1),
    output: () => output,
    end: () => {
      ended ??= endGroup(pid, guard)
      return ended
    },
  }
}

/** Living members of a group. Linux only; elsewhere none are seen. */
export function listProcessGroup(id: number): GroupMember[] {
  const members: GroupMember[] = []
  for (const entry of process.platform === 'linux' ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      // The name stands in parentheses and may hold anything; state, parent and group follow it.
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(group) !== id || state === 'Z' || state === 'X') continue
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      members.push({ pid: Number(entry), command })
    } catch {
      // It ended while it was read.
    }
  }
  return members
}

function startGuard(group: number): ChildProcess {
  const guard = spawn('sh', ['-c', 'cat >/dev/null; kill -KILL "-$0"', String(group)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  return guard
}

async function endGroup(id: number, guard: ChildProcess): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!sendSignal(id, signal)) break
    const deadline = Date.now() + patienceMs
    while (isAlive(id) && Date.now() < deadline) await sleep(50)
    if (!isAlive(id)) break
  }
  guard.kill('SIGKILL')
  if (isAlive(id)) throw new Error(`process group ${id} does not end`)
}

function isAlive(id: number): boolean {
  return process.platform === 'linux' ? listProcessGroup(id).length > 0 : sendSignal(id, 0)
}

function sendSignal(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-id, signal)
  } catch {
    return false
  }
}
