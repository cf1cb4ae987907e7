// Runs a program as a process group of its own and ends the whole group: if only wrangler ends, workerd
// lives on and keeps the port. When this process ends, also by KILL, the group ends.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { addAbortListener, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface GroupOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  stdio: StdioOptions
  /** Ends the group when it aborts. */
  signal: AbortSignal
  onMessage?: (message: unknown) => void
  /** Receives the output of pipes. */
  onOutput?: (text: string) => void
}

const graceMs = 5_000

/** Resolves with the leader's exit code once no process of the group is left. */
export async function runProcessGroup(
  program: string,
  args: readonly string[],
  options: GroupOptions,
): Promise<number> {
  const { cwd, env, stdio, signal, onMessage, onOutput } = options
  const leader = spawn(program, args, { cwd, env, stdio, detached: true })
  await once(leader, 'spawn')
  // With pipes, wait until the last of the output has arrived.
  const exited = once(leader, 'exit')
  const ended = onOutput ? once(leader, 'close') : exited
  if (onMessage) leader.on('message', onMessage)
  if (onOutput)
    for (const stream of [leader.stdout, leader.stderr])
      stream?.setEncoding('utf8').on('data', onOutput)
  const group = leader.pid ?? 0
  const guard = startGuard(group)
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>()
  using _listener = addAbortListener(signal, () => abort())
  await Promise.race([exited, aborted])
  await endGroup(group)
  guard.kill('SIGKILL')
  const [code] = await ended
  return typeof code === 'number' ? code : 1
}

/** Sends SIGTERM, waits, then kills the remaining processes. A process that nobody reaps counts until time is up. */
async function endGroup(id: number): Promise<void> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    sendSignal(id, name)
    for (const end = Date.now() + graceMs; Date.now() < end; await sleep(20))
      if (!sendSignal(id, 0)) return
  }
}

/** Starts a process whose input ends when this process ends, for whatever reason. It then kills the group. */
function startGuard(group: number): ChildProcess {
  const guard = spawn('sh', ['-c', 'read -r end; kill -KILL "-$0"', String(group)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  return guard
}

function sendSignal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name)
  } catch {
    return false
  }
}
