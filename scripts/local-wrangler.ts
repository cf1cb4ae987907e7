// Runs wrangler on local state only, as a process group that ends when the signal aborts. Learns from
// wrangler where `wrangler dev` listens.
import { runProcessGroup } from './process-group.ts'
import { localEnvironment, projectDirectory, wranglerProgram } from './wrangler.ts'

export interface LocalOptions {
  signal: AbortSignal
  /** Called with the address, without a slash at its end. */
  onListening?: (url: string) => Promise<void>
  /** Receives the output. Without it the user sees the output. */
  onOutput?: (text: string) => void
}

/** Resolves with the exit code. wrangler gets no standard input, so that it asks no questions. */
export function runLocalWrangler(
  args: readonly string[],
  { signal, onListening, onOutput }: LocalOptions,
): Promise<number> {
  const output = onOutput ? 'pipe' : 'inherit'
  return runProcessGroup(process.execPath, [wranglerProgram, ...args], {
    cwd: projectDirectory,
    env: localEnvironment(),
    stdio: ['ignore', output, output, ...(onListening ? (['ipc'] as const) : [])],
    signal,
    ...(onOutput ? { onOutput } : {}),
    onMessage: (message) => {
      const url = findListeningUrl(message)
      if (url !== undefined) void onListening?.(url)
    },
  })
}

/** Finds the address in a message that `wrangler dev` sends to its parent process, as JSON in a string. */
function findListeningUrl(message: unknown): string | undefined {
  if (typeof message !== 'string' || !message.includes('DEV_SERVER_READY')) return undefined
  const { ip, port }: { ip: string; port: number } = JSON.parse(message)
  const everywhere = ['0.0.0.0', '[::]', '::', '*'].includes(ip)
  const host = ip.includes(':') && !ip.startsWith('[') ? `[${ip}]` : ip
  return `http://${everywhere ? '127.0.0.1' : host}:${port}`
}
