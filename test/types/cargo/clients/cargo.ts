// Cargo with a home of its own, which knows the registry of an owner as `r`. It asks no other registry: the
// crates of the tests depend on nothing from elsewhere.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Finished, run } from '../../../support/clients/run.ts'
import { temporaryDirectory } from '../../../support/clients/temporary-directory.ts'
import { type DependencySpec, formatManifest } from '../builder.ts'

export interface CargoRegistry {
  /** Of the owner's paths, such as `http://127.0.0.1:8787/api/packages/acme/cargo`. */
  readonly url: string
  readonly token?: string
}

export interface CrateSource {
  readonly name: string
  readonly version?: string
  /** Lines of Cargo.toml behind [package]. */
  readonly lines?: readonly string[]
  readonly packageLines?: readonly string[]
  /** src/lib.rs, or with `main` src/main.rs. */
  readonly source?: string
  readonly main?: boolean
  readonly dependencies?: readonly DependencySpec[]
}

export class Cargo {
  /** Where it is, before everything else. */
  readonly #path: string
  /** Where crates are made. */
  readonly directory: string
  readonly #token: string | undefined

  private constructor(path: string, directory: string, token: string | undefined) {
    this.#path = path
    this.directory = directory
    this.#token = token
  }

  static async create(path: string, { url, token }: CargoRegistry): Promise<Cargo> {
    const directory = await temporaryDirectory()
    const config = [
      ...['[registries.r]', `index = "sparse+${url}/"`],
      ...['[registry]', 'global-credential-providers = ["cargo:token"]'],
      // A refusal is seen at once, and nothing is asked twice.
      ...['[net]', 'retry = 0', '[build]', `target-dir = "${join(directory, 'target')}"`],
    ]
    await mkdir(join(directory, 'home'))
    await writeFile(join(directory, 'home', 'config.toml'), `${config.join('\n')}\n`)
    return new Cargo(path, directory, token)
  }

  /** Writes a crate, and gives its folder. */
  async write(crate: CrateSource): Promise<string> {
    const { name, version = '1.0.0', source = '', main, lines = [], packageLines = [] } = crate
    const folder = join(this.directory, `${name}-${version}`)
    const file = join(folder, 'src', main ? 'main.rs' : 'lib.rs')
    await mkdir(dirname(file), { recursive: true })
    const { dependencies = [] } = crate
    const manifest = formatManifest({ name, version, packageLines, dependencies })
    await writeFile(join(folder, 'Cargo.toml'), `${manifest}${lines.join('\n')}\n`)
    await writeFile(file, source)
    return folder
  }

  /** @param folder in which it runs */
  run(
    args: readonly string[],
    folder = this.directory,
    { stdin, env = {} }: { stdin?: string; env?: Readonly<Record<string, string>> } = {},
  ): Promise<Finished> {
    return run('cargo', args, {
      cwd: folder,
      env: {
        ...{ HOME: this.directory, CARGO_HOME: join(this.directory, 'home') },
        ...{ PATH: `${this.#path}:${process.env.PATH ?? ''}`, CARGO_TERM_COLOR: 'never' },
        ...(this.#token === undefined ? {} : { CARGO_REGISTRIES_R_TOKEN: this.#token }),
        ...env,
      },
      ...(stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) }),
      timeoutMs: 120_000,
    })
  }

  /** What it wrote, on both outputs; throws with it if it failed. */
  async must(args: readonly string[], folder = this.directory): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, folder)
    if (code === 0) return stdout + stderr
    throw new Error(`cargo ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  }

  /** What it wrote when it failed, with each line break and what follows it as one blank. */
  async mustFail(args: readonly string[], folder = this.directory): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, folder)
    if (code !== 0) return (stdout + stderr).replace(/\s+/g, ' ')
    throw new Error(`cargo ${args.join(' ')} did not fail:\n${stdout}${stderr}`)
  }

  /** Without building it first, which another test does. */
  async publish(crate: CrateSource): Promise<string> {
    return this.must(['publish', '--registry', 'r', '--no-verify'], await this.write(crate))
  }

  async mustNotPublish(crate: CrateSource): Promise<string> {
    return this.mustFail(['publish', '--registry', 'r', '--no-verify'], await this.write(crate))
  }
}
