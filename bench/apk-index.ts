// The real apk's own way to an index, as the peer of a publish: `apk index` of a folder of packages,
// and `apk index --merge` of one package into such an index.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runOrThrow } from '../test/support/clients/run.ts'
import { findApks } from '../test/types/alpine/clients/apk-tool.ts'
import { timed } from './measure.ts'
import { buildPackage, type PackageEntry } from './packages.ts'

export interface ApkIndex {
  /** What the packages are, for the registry to be seeded with the same. */
  readonly entries: readonly PackageEntry[]
  /** Bytes of the index that apk wrote, which has no signature. */
  readonly size: number
  /** Milliseconds that it took. */
  readonly indexed: number
  /** Milliseconds of one merge of one package. */
  merge(): Promise<number>
}

/** The program, or why there is none. */
export async function findApk(): Promise<{ program: string } | { missing: string }> {
  try {
    const [apk] = await findApks()
    return apk === undefined ? { missing: 'no apk was found' } : { program: apk.path }
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}

export class ApkFolder {
  readonly #program: string
  readonly #directory: string

  private constructor(program: string, directory: string) {
    this.#program = program
    this.#directory = directory
  }

  static async open(program: string): Promise<ApkFolder> {
    return new ApkFolder(program, await mkdtemp(join(tmpdir(), 'cairn-bench-apk-')))
  }

  async index(count: number): Promise<ApkIndex> {
    const cwd = join(this.#directory, String(count))
    await mkdir(cwd)
    const files: string[] = []
    const entries: PackageEntry[] = []
    for (let number = 0; number < count; number++) {
      const { bytes, entry } = buildPackage(number, 'x86_64')
      const file = `${entry.name}-${entry.version}.apk`
      await writeFile(join(cwd, file), bytes)
      entries.push(entry)
      files.push(file)
    }
    const one = buildPackage(5_000_000, 'x86_64')
    await writeFile(join(cwd, 'one.apk'), one.bytes)
    const options = ['index', '--no-warnings', '--allow-untrusted']
    const run = (args: readonly string[]) =>
      runOrThrow(this.#program, [...options, ...args], { cwd })
    const indexed = await timed(() => run(['-o', 'APKINDEX.tar.gz', ...files]))
    const merge = ['--merge', '--index', 'APKINDEX.tar.gz', '-o', 'merged.tar.gz', 'one.apk']
    return {
      entries,
      indexed,
      size: (await stat(join(cwd, 'APKINDEX.tar.gz'))).size,
      merge: () => timed(() => run(merge)),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}
