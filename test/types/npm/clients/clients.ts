// The clients of npm's registry as people run them: each in a home of its own, with the lines that the pages show.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npmUsage } from '../../../../src/types/npm/usage.ts'
import { type Finished, run } from '../../../support/clients/run.ts'
import { temporaryDirectory } from '../../../support/clients/temporary-directory.ts'

export interface NpmClient {
  readonly name: 'npm' | 'pnpm' | 'Yarn 1' | 'Yarn' | 'Bun'
  /** Below the folder of packages, the first that there is; a script runs in this Node. */
  readonly program: readonly string[]
  /** What it runs in a package's folder before it publishes. */
  readonly prepare?: readonly string[]
  readonly publish: readonly string[]
  readonly add: readonly string[]
  /** What the lock file says and nothing else. */
  readonly frozen: readonly string[]
  readonly update: readonly string[]
  readonly tag: readonly string[]
  readonly lockFile: string
}

const BUN = ['linux-x64', 'linux-aarch64', 'darwin-aarch64', 'darwin-x64']

export const CLIENTS: readonly NpmClient[] = [
  {
    ...{ name: 'npm', program: ['npm/bin/npm-cli.js'], lockFile: 'package-lock.json' },
    ...{ publish: ['publish'], add: ['install'], frozen: ['ci'], update: ['update'] },
    tag: ['dist-tag', 'add'],
  },
  {
    ...{ name: 'pnpm', program: ['.bin/pnpm'], lockFile: 'pnpm-lock.yaml' },
    ...{ publish: ['publish', '--no-git-checks'], add: ['add'], update: ['update'] },
    ...{ frozen: ['install', '--frozen-lockfile'], tag: ['dist-tag', 'add'] },
  },
  {
    ...{ name: 'Yarn 1', program: ['yarn/bin/yarn.js'], lockFile: 'yarn.lock' },
    ...{ publish: ['publish', '--non-interactive'], add: ['add'], update: ['upgrade'] },
    ...{ frozen: ['install', '--frozen-lockfile'], tag: ['tag', 'add'] },
  },
  {
    ...{ name: 'Yarn', program: ['@yarnpkg/cli-dist/bin/yarn.js'], lockFile: 'yarn.lock' },
    ...{
      prepare: ['install'],
      publish: ['npm', 'publish'],
      add: ['add'],
      update: ['up', '@acme/*'],
    },
    ...{ frozen: ['install', '--immutable'], tag: ['npm', 'tag', 'add'] },
  },
  {
    ...{ name: 'Bun', program: BUN.map((at) => `@oven/bun-${at}/bin/bun`), lockFile: 'bun.lock' },
    ...{ publish: ['publish'], add: ['add'], update: ['update'] },
    // Bun has no command for tags.
    ...{ frozen: ['install', '--frozen-lockfile'], tag: [] },
  },
]

export interface Place {
  /** The folder of packages of the clients. */
  readonly tools: string
  readonly origin: string
  readonly owner: string
  readonly visibility: 'public' | 'private'
  /** In the environment; absent: no token is configured. */
  readonly token?: string
  /** Whether the configuration is that for publishing, which has the token also of a public owner. */
  readonly publishing?: true
}

export interface Project {
  readonly directory: string
  /** Runs the client with this home and configuration in the project's folder. */
  run(...args: readonly string[]): Promise<Finished & { readonly said: string }>
  /** The version of a package that is installed; undefined if it is not. */
  installed(name: string): Promise<string | undefined>
  read(file: string): Promise<string>
  write(files: Readonly<Record<string, string>>): Promise<void>
}

/** A folder with a package.json and what the pages say to put beside it. */
export async function createProject(
  client: NpmClient,
  place: Place,
  packageJson: Readonly<Record<string, unknown>> = { name: 'app', version: '1.0.0', private: true },
  configuration: Configuration = showConfiguration(client, place),
): Promise<Project> {
  const [directory, home] = [await temporaryDirectory(), await temporaryDirectory()]
  const write = async (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(directory, path, '..'), { recursive: true })
      await writeFile(join(directory, path), text)
    }
  }
  const { npmrc, userNpmrc, yarnrc, workspace } = configuration
  await write({ 'package.json': JSON.stringify({ license: 'MIT', ...packageJson }) })
  if (client.name === 'Yarn')
    await write({ '.yarnrc.yml': `${yarnrc}${YARN_HERE.join('\n')}\n`, 'yarn.lock': '' })
  else await write({ '.npmrc': npmrc })
  if (workspace !== '') await write({ 'pnpm-workspace.yaml': workspace })
  await writeFile(join(home, '.npmrc'), userNpmrc)
  const found = client.program.map((path) => join(place.tools, path)).find(existsSync) ?? ''
  const program = found.endsWith('.js') ? process.execPath : found
  const env = {
    ...{
      HOME: home,
      XDG_CACHE_HOME: home,
      XDG_DATA_HOME: home,
      XDG_STATE_HOME: home,
      NO_COLOR: '1',
    },
    // A cache of all projects would hide what the registry answers.
    ...{ BUN_INSTALL_CACHE_DIR: join(home, 'bun'), YARN_GLOBAL_FOLDER: join(home, 'yarn') },
    ...(place.token === undefined ? {} : { CAIRN_TOKEN: place.token }),
  }
  return {
    directory,
    write,
    read: (file) => readFile(join(directory, file), 'utf8'),
    async run(...args) {
      const start = found.endsWith('.js') ? [found] : []
      const finished = await run(program, [...start, ...args], { cwd: directory, env })
      return { ...finished, said: `${finished.stdout}\n${finished.stderr}` }
    },
    async installed(name) {
      const path = join(directory, 'node_modules', name, 'package.json')
      return existsSync(path) ? JSON.parse(await readFile(path, 'utf8')).version : undefined
    },
  }
}

/** What a registry of a test needs beside: Yarn takes none without TLS otherwise. */
const YARN_HERE = [
  ...['unsafeHttpWhitelist: ["127.0.0.1"]', 'enableTelemetry: false', 'nodeLinker: node-modules'],
  'enableImmutableInstalls: false',
]

/** The texts of the files that clients read. */
export interface Configuration {
  readonly npmrc: string
  readonly userNpmrc: string
  readonly yarnrc: string
  readonly workspace: string
}

/** As the pages show it. */
function showConfiguration({ name }: NpmClient, place: Place): Configuration {
  const shown = { ...place, keyFiles: [], packageName: '@acme/tool' }
  const groups = place.publishing ? npmUsage.publish(shown) : npmUsage.install(shown)
  const snippets = groups.find(({ title }) => title === name)?.snippets ?? []
  const textOf = (wanted: string) =>
    snippets.find(({ title }) => title.startsWith(wanted))?.text ?? ''
  return {
    npmrc: textOf('.npmrc'),
    workspace: textOf('pnpm-workspace'),
    userNpmrc: place.token === undefined ? '' : textOf('~/.npmrc'),
    yarnrc: textOf('.yarnrc.yml'),
  }
}
