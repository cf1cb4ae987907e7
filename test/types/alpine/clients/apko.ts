// Real apko building a root file system from packages of the registry, with no network beyond it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Finished, run, runOrThrow } from '../../../support/clients/run.ts'
import { temporaryDirectory } from '../../../support/clients/temporary-directory.ts'

export interface ApkoBuild {
  repository: string
  /** URLs; apko takes the key's name from the last part. */
  keys: readonly string[]
  packages: readonly string[]
  arch?: string
  env?: Readonly<Record<string, string>>
}

export interface ApkoResult extends Finished {
  /** `name (version)` as apko reported them, sorted. */
  installed: string[]
  /** Reads a file of what was built. */
  read(path: string): Promise<string>
}

export async function buildWithApko(apko: string, build: ApkoBuild): Promise<ApkoResult> {
  const directory = await temporaryDirectory()
  const output = join(directory, 'rootfs.tar')
  // In a repository named by tag: of any other URL …/alpine/<branch>/<repository> apko takes the
  // branch for one of Alpine's own and looks up Alpine's keys on the internet.
  const configuration = {
    contents: {
      keyring: build.keys,
      repositories: [`@registry ${build.repository}`],
      packages: build.packages.map((name) => `${name}@registry`),
    },
  }
  // YAML includes JSON.
  const file = join(directory, 'apko.yaml')
  await writeFile(file, JSON.stringify(configuration))
  const arch = build.arch ?? 'x86_64'
  const finished = await run(apko, ['build-minirootfs', '--build-arch', arch, file, output], {
    cwd: directory,
    env: { HOME: directory, ...build.env },
  })
  const reports = finished.stderr.matchAll(/installing (\S+) \((\S+)\)/g)
  return {
    ...finished,
    installed: [...reports].map(([, name, version]) => `${name}-${version}`).sort(),
    read: (path) => runOrThrow('tar', ['-xOf', output, path]),
  }
}
