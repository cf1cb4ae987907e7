// `npm start`: runs a whole registry on this machine. It makes the secrets, brings the database up to date,
// runs `wrangler dev`, and prints commands to paste once the registry serves. Arguments after `--` go to
// wrangler. However it ends, it leaves no process behind.
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type DevVars, prepareDevVars } from './dev-vars.ts'
import { reportFailure } from './failure.ts'
import { answerHelp } from './help.ts'
import { findOuterUrl, requireFreePort } from './listen-address.ts'
import { runLocalWrangler } from './local-wrangler.ts'
import { exampleOwner, formatSections, quickStart } from './quick-start.ts'
import { waitUntilReady } from './readiness.ts'
import { projectDirectory } from './wrangler.ts'
import { formatWranglerOptions, parseWranglerOptions } from './wrangler-options.ts'

const stop = new AbortController()

/** Variables for wrangler, which takes the last value of each. The user's own values come later. */
const variables = [
  // This machine has no certificate, so the registry must accept plain http.
  ...['--var', 'PLAIN_HTTP:allow'],
  // The database is here, so that remembering saves no trip, and a developer publishes a removed name again at once.
  ...['--var', 'REMEMBER_SECONDS:0'],
]

async function start(given: string[]): Promise<number> {
  const options = parseWranglerOptions(given)
  if (options['env-file'] !== undefined)
    throw new Error('secrets are kept in .dev.vars: with --env-file wrangler would not read it')
  if (options['local-protocol'] === 'https') throw new Error('only http is served')
  const configFile = resolve(projectDirectory, options.config ?? 'wrangler.toml')
  await requireFreePort(options, configFile)
  const varsFile = findVarsFile(dirname(configFile), options.env)
  const vars = await prepareDevVars(varsFile)
  reportDevVars(varsFile, vars)
  const database = formatWranglerOptions(options, ['persist-to', 'config', 'env'])
  const migrate = ['d1', 'migrations', 'apply', 'DB', '--local', ...database]
  console.log('Brings the database up to date.')
  // wrangler prints a screen of tables, which is of use only after a failure.
  const said: string[] = []
  const migrated = await runLocalWrangler(migrate, {
    signal: stop.signal,
    onOutput: (text) => said.push(text),
  })
  if (stop.signal.aborted) return 0
  if (migrated !== 0) {
    process.stderr.write(said.join(''))
    return migrated
  }
  const token = process.stdout.isTTY ? quoteWord(vars.adminToken) : readToken(varsFile)
  const dev = ['dev', '--show-interactive-dev-session=false', ...variables, ...given]
  const ended = await runLocalWrangler(dev, {
    signal: stop.signal,
    onListening: (url) => announce(url, findOuterUrl(url, options), token),
  })
  if (stop.signal.aborted) return 0
  // wrangler must not end unless a signal ends this command.
  return ended === 0 ? 1 : ended
}

/** Finds the file that wrangler reads secrets from, by wrangler's rules. */
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

async function announce(url: string, outerUrl: string, token: string): Promise<void> {
  try {
    const keyFile = await waitUntilReady(url, exampleOwner, stop.signal)
    const block = formatSections(quickStart({ url, outerUrl, token, keyFile }))
    const others = outerUrl === url ? '' : `For other machines: ${outerUrl}\n`
    const sweep = `Wrangler's warning above is about the sweep of unused objects: it need not run here.`
    process.stdout.write(`\nThe registry serves at ${url}\n${others}${sweep}\n\n${block}\n`)
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

/** A command that reads the token. Without a terminal the output may go to a log, which must not have the token. */
function readToken(file: string): string {
  const name = quoteWord(relative(projectDirectory, file))
  return `"$(sed -n 's/^ADMIN_TOKEN=//p' ${name} | tail -n 1 | tr -d \\"\\')"`
}

function quoteWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Ends this command after npm. npm passes SIGINT and SIGTERM on, but if npm is killed, only a new parent shows it. */
function watchParent(): void {
  const parent = process.ppid
  const look = () => {
    if (process.ppid !== parent) stop.abort()
  }
  if (process.env.npm_lifecycle_event !== undefined) setInterval(look, 500).unref()
}

answerHelp(`npm start -- [--port PORT] [--ip ADDRESS] [--persist-to DIR] [other options of wrangler dev]

Runs a whole registry on this machine: makes its secrets, brings its database up to date, serves it, and
prints the commands to paste next.

  --port PORT        8787 without it; 0 for any that is free
  --ip ADDRESS       127.0.0.1 without it; 0.0.0.0 for every interface of this machine
  --persist-to DIR   where the data lies, in place of .wrangler/state
  --var NAME:VALUE   a variable of wrangler.toml; REMEMBER_SECONDS is 0 without it`)
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort())
// If the terminal or a reader of the output goes away, writes fail. That must not keep this from ending its processes.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
watchParent()
try {
  process.exitCode = await start(process.argv.slice(2))
} catch (error) {
  reportFailure('npm start', error)
}
