// A running registry for tests: `wrangler dev` on a free port with its own secrets and its own
// state in a temporary folder, migrated first. Runs a copy of the project, since wrangler restarts
// the Worker when a source file is saved, and so that nothing of a developer's own is read.
import { createHash, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ProcessGroup, startProcessGroup } from './process-group.ts'
import { runOrThrow } from './run.ts'
import { cachedTool } from './tool-cache.ts'

const project = fileURLToPath(new URL('../../../', import.meta.url).href)
const wrangler = join(project, 'node_modules/wrangler/bin/wrangler.js')

export interface ServerState {
  directory: string
  adminToken: string
  port: number
  /** What each isolate may have, as the platform limits it; the runtime itself collects late otherwise. */
  heapMegabytes?: number
  /** Numbers in place of those that the Worker has by itself, such as `OWNER_FILES`. */
  variables?: Readonly<Record<string, number | string>>
  /** Files of wrangler's in the project, of Workers that run beside each other; the first one has the address. */
  configurations?: readonly string[]
}

/** A running registry as its clients see it. */
export interface Registry {
  url: string
  /** `127.0.0.1:port`. */
  host: string
  adminToken: string
}

export interface Server extends Registry {
  group: ProcessGroup
  state: ServerState
  /** Ends every process; the state stays. */
  stop(): Promise<void>
  /** Ends every process and removes the state. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes secrets, a port and a migrated, empty database. */
export async function createServerState(): Promise<ServerState> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-server-'))
  const adminToken = randomBytes(24).toString('base64url')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' })).trim()
  await copyProject(join(directory, 'project'))
  await writeFile(
    join(directory, 'secrets.env'),
    `ADMIN_TOKEN=${adminToken}\nSIGNING_KEY="${pem.replaceAll('\n', '\\n')}"\n`,
    { mode: 0o600 },
  )
  await cp(await migratedState(directory), join(directory, 'state'), { recursive: true })
  return { directory, adminToken, port: await findFreePort() }
}

/**
 * The state that wrangler's migration of an empty database leaves, made once for all servers: it takes
 * longer than their start.
 * @param directory has the project to make it with
 */
async function migratedState(directory: string): Promise<string> {
  const cwd = join(directory, 'project')
  const hash = createHash('sha256')
  const migrations = (await readdir(join(cwd, 'migrations'))).filter((name) =>
    name.endsWith('.sql'),
  )
  const sources = [
    'wrangler.toml',
    'package-lock.json',
    ...migrations.map((name) => `migrations/${name}`),
  ]
  for (const name of sources.sort())
    hash.update(`${name}\0`).update(await readFile(join(cwd, name)))
  return cachedTool(`database-${hash.digest('hex').slice(0, 16)}`, async (made) => {
    const migrate = ['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', made]
    await runOrThrow(process.execPath, [wrangler, ...migrate], {
      cwd,
      env: wranglerEnvironment(directory),
    })
  })
}

/** Where the registry of a state answers, once it runs. */
export function registryOf({ port, adminToken }: ServerState): Registry {
  const host = `127.0.0.1:${port}`
  return { url: `http://${host}`, host, adminToken }
}

/**
 * Starts on a new state, or on one that an earlier server left.
 * @param log a file that gets what the server writes
 * @param healthy whether it is to be healthy, or only to answer
 */
export async function startServer(
  given?: ServerState,
  log?: string,
  healthy = true,
): Promise<Server> {
  const state = given ?? (await createServerState())
  const { directory, port } = state
  const group = startProcessGroup(
    process.execPath,
    [
      ...[wrangler, 'dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
      ...['--log-level', 'warn', '--show-interactive-dev-session=false'],
      ...stateArguments(directory),
      ...variableArguments(state),
      ...(state.configurations ?? []).flatMap((file) => ['--config', file]),
    ],
    {
      cwd: join(directory, 'project'),
      env: { ...wranglerEnvironment(directory), ...heapEnvironment(state) },
      ...(log === undefined ? {} : { log }),
    },
  )
  const server: Server = {
    ...registryOf(state),
    group,
    state,
    stop: () => group.end(),
    [Symbol.asyncDispose]: async () => {
      await group.end()
      await rm(directory, { recursive: true, force: true })
    },
  }
  try {
    const ended = () => (group.exitCode() === null ? undefined : group.output())
    await waitUntilHealthy(server.url, ended, healthy)
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

export function isPortBusy(port: number): Promise<boolean> {
  return findFreePort(port).then(
    () => false,
    () => true,
  )
}

async function copyProject(target: string): Promise<void> {
  const others = ['node_modules', 'test', 'bench']
  for (const entry of await readdir(project))
    if (!entry.startsWith('.') && !others.includes(entry))
      await cp(join(project, entry), join(target, entry), { recursive: true })
  await symlink(join(project, 'node_modules'), join(target, 'node_modules'))
}

function stateArguments(directory: string): string[] {
  return ['--persist-to', join(directory, 'state'), '--env-file', join(directory, 'secrets.env')]
}

/** As `npm start` sets them, whose user does not wait for a name either. */
const LOCAL_VARIABLES = { PLAIN_HTTP: 'allow', REMEMBER_SECONDS: 0 }

function variableArguments({ variables }: ServerState): string[] {
  return Object.entries({ ...LOCAL_VARIABLES, ...variables }).flatMap(([name, value]) => [
    '--var',
    `${name}:${value}`,
  ])
}

/** Miniflare hands these on to the runtime. */
function heapEnvironment({ heapMegabytes }: ServerState): Record<string, string> {
  return heapMegabytes === undefined
    ? {}
    : { MINIFLARE_WORKERD_V8_FLAGS: `--max-heap-size=${heapMegabytes}` }
}

/** Where `npm test` keeps what node compiled for as long as it runs: each start of wrangler needs the same. */
export function compileCache(): Record<string, string> {
  const { NODE_COMPILE_CACHE } = process.env
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
}

/** For a wrangler that asks nobody anything and finds no settings of the developer's. */
export function wranglerEnvironment(directory: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    CI: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    X_LOCAL_OBSERVABILITY: 'false',
    X_LOCAL_EXPLORER: 'false',
    ...compileCache(),
  }
}

/**
 * One below those that systems give to outgoing connections: such a one was taken between here and its use.
 * @param wanted fails if it is taken; any, where it is left out
 */
export async function findFreePort(wanted?: number): Promise<number> {
  if (wanted !== undefined) return probe(wanted)
  for (let tries = 0; ; tries++) {
    const port = randomInt(12_000, 32_000)
    try {
      return await probe(port)
    } catch (error) {
      if (tries > 100) throw error
    }
  }
}

function probe(port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.on('error', reject)
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
  return promise
}

/**
 * @param ended says what the server wrote once it has ended, so that nobody waits for it
 * @throws Error with that, or after two minutes
 */
export async function waitUntilHealthy(
  url: string,
  ended: () => string | undefined,
  healthy = true,
): Promise<void> {
  let answer = 'nothing'
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(100)) {
    if (ended() !== undefined) break
    try {
      const response = await fetch(`${url}/api/healthz`, { signal: AbortSignal.timeout(5_000) })
      answer = `${response.status} ${await response.text()}`
      if (response.ok || !healthy) return
      // A missing secret or table does not mend itself.
      if (response.status === 503) break
    } catch (error) {
      answer = String(error)
    }
  }
  throw new Error(`the server does not answer (${answer}); it wrote:\n${ended() ?? ''}`)
}

/** For suites that send more wrong credentials from one address than a guesser may; before its start. */
export async function liftFailureLimit({ directory }: ServerState): Promise<void> {
  const file = join(directory, 'project/wrangler.toml')
  const configuration = await readFile(file, 'utf8')
  const lifted = configuration.replace(/(\[\[ratelimits\]\][^[]*limit = )30\b/, '$1100000')
  if (lifted === configuration) throw new Error(`no limit of failures in ${file}`)
  await writeFile(file, lifted)
}
