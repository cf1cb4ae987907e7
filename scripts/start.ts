// `npm start`: a whole registry on this machine. Makes its secrets, brings its database up to date,
// runs `wrangler dev`, and prints what to paste once the registry serves. Arguments after `--` are
// wrangler's. However it ends, it leaves no process behind.
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type DevVars, prepareDevVars } from './dev-vars.ts'
import { requireFreePort } from './listen-address.ts'
import { runProcessGroup } from './process-group.ts'
import { exampleOwner, formatSections, quickStart } from './quick-start.ts'
import { waitUntilReady } from './readiness.ts'
import { parseStartArguments, type StartArguments } from './start-arguments.ts'
import { localEnvironment, projectDirectory, wranglerProgram } from './wrangler.ts'

const stop = new AbortController()

async function start(given: StartArguments): Promise<number> {
  const configFile = resolve(projectDirectory, given.configFile ?? 'wrangler.toml')
  await requireFreePort(given, configFile)
  const varsFile = findVarsFile(dirname(configFile), given.environment)
  const vars = await prepareDevVars(varsFile)
  reportDevVars(varsFile, vars)
  const migrated = await runWrangler([
    ...['d1', 'migrations', 'apply', 'DB', '--local'],
    ...given.migrations,
  ])
  if (migrated !== 0 || stop.signal.aborted) return migrated
  const token = process.stdout.isTTY ? quoteWord(vars.adminToken) : readToken(varsFile)
  const dev = ['dev', '--show-interactive-dev-session=false', ...given.dev]
  const ended = await runWrangler(dev, (url) => announce(url, token))
  // It is not to end unless it was told to.
  return ended === 0 && !stop.signal.aborted ? 1 : ended
}

/** As wrangler chooses it. */
function findVarsFile(directory: string, environment: string | undefined): string {
  const named = join(directory, `.dev.vars.${environment}`)
  return environment !== undefined && existsSync(named) ? named : join(directory, '.dev.vars')
}

function reportDevVars(file: string, { kept, made }: DevVars): void {
  const name = relative(projectDirectory, file)
  if (made.length === 0) return
  if (kept) console.log(`Added ${made.join(' and ')} to ${name}, which lacked it.`)
  else console.log(`Made ${name} with an admin token and a signing key. Git ignores it.`)
}

async function announce(url: string, token: string): Promise<void> {
  try {
    const keyFile = await waitUntilReady(url, exampleOwner, stop.signal)
    const block = formatSections(quickStart({ url, token, keyFile }))
    process.stdout.write(`\nThe registry serves at ${url}\n\n${block}\n`)
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

/** Without a terminal the output ends up in a log, where the token has no business. */
function readToken(file: string): string {
  const name = quoteWord(relative(projectDirectory, file))
  return `"$(sed -n 's/^ADMIN_TOKEN=//p' ${name} | tail -n 1 | tr -d \\"\\')"`
}

function quoteWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

async function runWrangler(
  args: string[],
  onListening?: (url: string) => Promise<void>,
): Promise<number> {
  const code = await runProcessGroup(process.execPath, [wranglerProgram, ...args], {
    cwd: projectDirectory,
    env: localEnvironment(),
    stdio: onListening ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'inherit', 'inherit'],
    signal: stop.signal,
    onMessage: (message) => {
      const url = findListeningUrl(message)
      if (url !== undefined) void onListening?.(url)
    },
  })
  return stop.signal.aborted ? 0 : code
}

/** wrangler tells a parent process where it listens, as JSON. */
function findListeningUrl(message: unknown): string | undefined {
  if (typeof message !== 'string' || !message.includes('DEV_SERVER_READY')) return undefined
  const { ip, port }: { ip: string; port: number } = JSON.parse(message)
  const everywhere = ['0.0.0.0', '[::]', '::', '*'].includes(ip)
  const host = ip.includes(':') && !ip.startsWith('[') ? `[${ip}]` : ip
  return `http://${everywhere ? '127.0.0.1' : host}:${port}`
}

/** npm passes SIGINT and SIGTERM on; when it is killed, only its absence tells. */
function watchParent(): void {
  const parent = process.ppid
  const look = () => {
    if (process.ppid !== parent) stop.abort()
  }
  if (process.env.npm_lifecycle_event !== undefined) setInterval(look, 500).unref()
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort())
// A terminal or a reader that has gone away is no reason to leave processes behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
watchParent()
try {
  process.exitCode = await start(parseStartArguments(process.argv.slice(2)))
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
