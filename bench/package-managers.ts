// npm and Cargo as the benchmarks see them: how a version is published, which documents a client reads,
// and how the real client installs many packages.
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { runOrThrow } from '../test/support/clients/run.ts'
import { buildPublish as buildCratePublish } from '../test/types/cargo/builder.ts'
import { findCargo } from '../test/types/cargo/clients/cargo-tool.ts'
import { buildPublish as buildNpmPublish } from '../test/types/npm/builder.ts'

export interface Upload {
  readonly url: string
  readonly body: Uint8Array
}

export interface Document {
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A base is an owner's address of the type, without a slash at its end. */
export interface PackageManager {
  readonly type: 'npm' | 'cargo'
  upload(base: string, name: string, version: string): Upload
  /** Addresses of a package's documents, in each form that the client asks for. */
  documents(base: string, name: string): readonly Document[]
  /** Runs the real client in an empty folder, with an empty cache. */
  install(base: string, names: readonly string[], folder: string): Promise<void>
}

const SHORT = 'application/vnd.npm.install-v1+json'

export const npm: PackageManager = {
  type: 'npm',
  upload: (base, name, version) => ({
    url: `${base}/${name}`,
    body: buildNpmPublish({ name, version }),
  }),
  documents: (base, name) => [
    { name: 'full packument', url: `${base}/${name}`, headers: { accept: 'application/json' } },
    { name: 'short packument', url: `${base}/${name}`, headers: { accept: SHORT } },
  ],
  async install(base, names, folder) {
    const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']))
    const manifest = { name: 'bench', version: '1.0.0', private: true, dependencies }
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
    await writeFile(join(folder, '.npmrc'), `registry=${base}/\n`)
    const cache = ['--cache', join(folder, 'cache')]
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-update-notifier']
    await runOrThrow('npm', ['install', '--prefix', folder, ...cache, ...quiet], { cwd: folder })
  },
}

export const cargo: PackageManager = {
  type: 'cargo',
  upload: (base, name, version) => ({
    url: `${base}/api/v1/crates/new`,
    body: buildCratePublish({ name, version }),
  }),
  documents: (base, name) => [
    {
      name: 'index file',
      url: `${base}/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`,
      headers: {},
    },
  ],
  async install(base, names, folder) {
    const home = join(folder, 'home')
    await mkdir(join(folder, 'src'), { recursive: true })
    await mkdir(home)
    const lines = names.map((name) => `${name} = { version = "=1.0.0", registry = "bench" }`)
    const head = '[package]\nname = "consumer"\nversion = "1.0.0"\nedition = "2021"\n'
    await writeFile(join(folder, 'Cargo.toml'), `${head}\n[dependencies]\n${lines.join('\n')}\n`)
    await writeFile(join(folder, 'src/lib.rs'), '')
    const config = `[registries.bench]\nindex = "sparse+${base}/"\n`
    await writeFile(join(home, 'config.toml'), config)
    const programs = await findCargo()
    // Cargo asks the compiler beside it, not rustup's, which looks into the usual home.
    const path = `${programs}${delimiter}${process.env.PATH ?? ''}`
    const env = { PATH: path, HOME: folder, CARGO_HOME: home }
    await runOrThrow(join(programs, 'cargo'), ['fetch'], { cwd: folder, env })
  },
}
