// Runs wrangler for the scripts: the installed one, in this project's folder, with switches that keep it
// quiet and away from the network.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export const projectDirectory = join(import.meta.dirname, '..')

export const wranglerProgram = join(projectDirectory, 'node_modules/wrangler/bin/wrangler.js')

/** The environment for wrangler. Switches that the user has set stay as they are. */
export function wranglerEnvironment(): NodeJS.ProcessEnv {
  return {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    ...process.env,
  }
}

/** Turns off requests that local development does not need, and the tracing, which took half of the time. */
export function localEnvironment(): NodeJS.ProcessEnv {
  return {
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    X_LOCAL_EXPLORER: 'false',
    ...wranglerEnvironment(),
  }
}

export interface Finished {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** The text for standard input; absent: the terminal. */
  input?: string
  /** Whether the user sees the output or the caller receives it. */
  output: 'shown' | 'returned'
  env?: NodeJS.ProcessEnv
}

/** The error of a failed command. Says how to log in where wrangler's paragraph proposes a temporary account. */
export function failureOf(what: string, { stdout, stderr }: Finished): Error {
  const said = `${stdout}${stderr}`.trim()
  if (/necessary to set a CLOUDFLARE_API_TOKEN/.test(said))
    return new Error(`${what}: log in with "npx wrangler login", or set CLOUDFLARE_API_TOKEN`)
  return new Error(`${what}:\n${said}`)
}

/** Runs one command of wrangler to its end. */
export async function runWrangler(
  args: readonly string[],
  { input, output, env }: RunOptions,
): Promise<Finished> {
  const shown = output === 'shown' ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [wranglerProgram, ...args], {
    cwd: projectDirectory,
    env: { ...wranglerEnvironment(), ...env },
    stdio: [input === undefined ? 'inherit' : 'pipe', shown, shown],
  })
  child.stdin?.end(input)
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ])
  return { code: typeof code === 'number' ? code : 1, stdout, stderr }
}
