// Installs by the real apk, each into a new root, which knows no index and no package: apk asks for the index, then
// for one package after the other.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyFile, TestOwner } from '../test/support/clients/registry.ts'
import { runOrThrow } from '../test/support/clients/run.ts'
import { timed } from './measure.ts'

export interface ApkInstall {
  /** Of the repository. */
  readonly url: string
  readonly key: KeyFile
  readonly names: readonly string[]
}

/** Where an owner's packages are for apk. */
export function installOf(
  owner: TestOwner,
  repository: string,
  names: readonly string[],
): ApkInstall {
  return { url: `${owner.url}/${repository}`, key: owner.key, names }
}

/**
 * Milliseconds from the start of the program to its end.
 * @throws Error with what apk said, unless all of it is installed
 */
export async function installByApk(
  program: string,
  { url, key, names }: ApkInstall,
): Promise<number> {
  const root = await mkdtemp(join(tmpdir(), 'cairn-bench-root-'))
  try {
    const settings = join(root, 'etc/apk')
    await mkdir(join(settings, 'keys'), { recursive: true })
    await writeFile(join(settings, 'keys', key.name), key.pem)
    await writeFile(join(settings, 'repositories'), `${url}\n`)
    // As root apk refuses --usermode, and without it everybody else cannot make a root.
    const user = process.getuid?.() === 0 ? [] : ['--usermode']
    const made = ['--root', root, '--arch', 'x86_64', '--initdb', ...user]
    const options = ['--quiet', '--update-cache', '--timeout', '60']
    return await timed(() =>
      runOrThrow(program, [...made, ...options, 'add', ...names], { env: { HOME: root } }),
    )
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
