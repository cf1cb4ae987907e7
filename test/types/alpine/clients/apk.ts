// Real apk on a fresh root of its own: trusts only the keys given, and has a shell, so that scripts
// of packages run. Signature checks are always on.
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApkClient } from '../../../support/clients/found.ts'
import type { KeyFile } from '../../../support/clients/registry.ts'
import { type Finished, run, runOrThrow } from '../../../support/clients/run.ts'
import { temporaryDirectory } from '../../../support/clients/temporary-directory.ts'

export interface ApkRoot {
  directory: string
  /** `update`, `add hello`, … with environment such as HTTP_AUTH. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>
  /** The same, throwing what apk said unless it ends with 0. */
  must(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>
  /** `name-version` of every package installed, sorted. */
  installed(): Promise<string[]>
  read(path: string): Promise<string>
  trust(key: KeyFile): Promise<void>
}

export interface ApkRootOptions {
  repositories: readonly string[]
  keys?: readonly KeyFile[]
  arch?: string
}

/** Removed when the test has ended. */
export async function createApkRoot(apk: ApkClient, options: ApkRootOptions): Promise<ApkRoot> {
  const directory = await temporaryDirectory()
  const common = ['--root', directory, '--arch', options.arch ?? 'x86_64', '--timeout', '30']
  const invoke = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run(apk.path, [...common, ...args], { env: { HOME: directory, ...env } })
  const must = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { code, stdout, stderr } = await invoke(args, env)
    if (code !== 0) throw new Error(`apk ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }
  const keys = join(directory, 'etc/apk/keys')
  const trust = (key: KeyFile) => writeFile(join(keys, key.name), key.pem)
  // As root apk refuses --usermode, and without it everybody else cannot make a root.
  await must(['--initdb', ...(process.getuid?.() === 0 ? [] : ['--usermode']), 'add'])
  await mkdir(keys, { recursive: true })
  for (const key of options.keys ?? []) await trust(key)
  const lines = options.repositories.map((line) => `${line}\n`)
  await writeFile(join(directory, 'etc/apk/repositories'), lines.join(''))
  await addShell(apk, directory)
  return {
    directory,
    run: invoke,
    must,
    installed: async () => {
      const database = await readFile(join(directory, 'lib/apk/db/installed'), 'utf8')
      const names = [...database.matchAll(/^P:(.*)$/gm)].map(([, name]) => name)
      const versions = [...database.matchAll(/^V:(.*)$/gm)].map(([, version]) => version)
      return names.map((name, index) => `${name}-${versions[index]}`).sort()
    },
    read: (path) => readFile(join(directory, path), 'utf8'),
    trust,
  }
}

async function addShell(apk: ApkClient, root: string): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true })
  await copyFile(join(apk.shell, 'bin/busybox'), join(root, 'bin/busybox'))
  await symlink('busybox', join(root, 'bin/sh'))
  for (const file of await readdir(join(apk.shell, 'lib')))
    if (file.startsWith('ld-musl-'))
      await copyFile(join(apk.shell, 'lib', file), join(root, 'lib', file))
}

/** The text of the index that `apk index` makes of these packages, signed by a key it is given. */
export async function makeIndexText(
  apk: ApkClient,
  files: readonly string[],
  keysDirectory: string,
): Promise<string> {
  const index = join(await temporaryDirectory(), 'APKINDEX.tar.gz')
  const options = ['--keys-dir', keysDirectory, '--no-warnings', '--output', index]
  await runOrThrow(apk.path, ['index', ...options, ...files])
  return readIndexText(index)
}

/** The entries of an index file, read by tar. */
export async function readIndexText(file: string): Promise<string> {
  // A signed index is two archives joined; tar stops at the first unless told otherwise.
  return runOrThrow('tar', ['--ignore-zeros', '-xzOf', file, 'APKINDEX'])
}
