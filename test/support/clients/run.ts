// Runs one program to its end and returns its exit code and output. Programs get a bare environment
// (PATH and what is passed), so that a developer's .netrc, proxies or HTTP_AUTH change nothing.
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'

export interface RunOptions {
  cwd?: string
  env?: Readonly<Record<string, string>>
  /** Adds this process's own environment, which installers need. */
  inheritEnv?: boolean
  stdin?: Uint8Array
  timeoutMs?: number
}

export interface Finished {
  /** -1 when a signal ended it. */
  code: number
  stdout: string
  stderr: string
}

export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>()
  const bare = { PATH: process.env.PATH ?? '', HOME: tmpdir(), LC_ALL: 'C.UTF-8' }
  const child = spawn(program, args, {
    env: { ...(options.inheritEnv ? process.env : bare), ...options.env },
    stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 120_000,
    killSignal: 'SIGKILL',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A program that refuses may close its input before it has read all of it.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.stdin)
  child.on('error', (error: NodeJS.ErrnoException) =>
    reject(error.code === 'ENOENT' ? new Error(`${program} is not installed`) : error),
  )
  child.on('close', (code) =>
    resolve({
      code: code ?? -1,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    }),
  )
  return promise
}

/** Runs and returns the output, or throws with what the program said. */
export async function runOrThrow(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code === 0) return stdout
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n')
  throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${said}`)
}
