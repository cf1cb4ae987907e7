// Packages made by the real nfpm, from a configuration and the files that it names.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runOrThrow } from '../../../support/clients/run.ts'
import { temporaryDirectory } from '../../../support/clients/temporary-directory.ts'

export interface NfpmContent {
  src?: string
  dst: string
  type?: 'symlink' | 'dir' | 'tree' | 'config' | 'config|noreplace'
  file_info?: { mode: number }
}

/** The part of nfpm's configuration that the tests use. */
export interface NfpmConfiguration {
  name: string
  version: string
  arch: string
  contents: readonly NfpmContent[]
  release?: string
  prerelease?: string
  version_metadata?: string
  maintainer?: string
  description?: string
  homepage?: string
  license?: string
  depends?: readonly string[]
  provides?: readonly string[]
  scripts?: Readonly<Record<string, string>>
  apk?: { arch?: string; signature?: { key_file: string; key_name?: string } }
}

export interface NfpmPackage {
  /** Under nfpm's own file name. */
  file: string
  bytes: Uint8Array
}

/** `files` by path, beside the configuration. */
export async function packWithNfpm(
  nfpm: string,
  configuration: NfpmConfiguration,
  files: Readonly<Record<string, string>> = {},
): Promise<NfpmPackage> {
  const directory = await temporaryDirectory()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content, { mode: 0o755 })
  }
  // YAML includes JSON.
  await writeFile(join(directory, 'nfpm.yaml'), JSON.stringify(configuration))
  const output = join(directory, 'output')
  await mkdir(output)
  await runOrThrow(nfpm, ['package', '--packager', 'apk', '--target', output], { cwd: directory })
  const [name = ''] = await readdir(output)
  const file = join(output, name)
  return { file, bytes: await readFile(file) }
}
