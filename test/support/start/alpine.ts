// An Alpine Linux to run commands in as they would be typed there: Alpine's own apk and busybox as
// the only programs, in a root of their own, and nothing trusted yet. Only the list of Alpine's own
// repositories is empty, since tests have no network.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApkClient } from '../clients/found.ts'
import { type Finished, run, runOrThrow } from '../clients/run.ts'

export interface Alpine extends AsyncDisposable {
  directory: string
  /** The program and its arguments that run a command inside, as root and with nothing exported. */
  enter: readonly [string, ...string[]]
  /** Runs a shell script until a command of it fails. */
  run(script: string): Promise<Finished>
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const folders = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc/apk/keys', 'dev', 'proc', 'tmp', 'var']

export async function createAlpine(apk: ApkClient): Promise<Alpine> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-alpine-'))
  for (const folder of folders) await mkdir(join(directory, folder), { recursive: true })
  for (const part of ['bin/busybox', 'sbin/apk', 'lib', 'usr/lib'])
    await cp(join(apk.shell, part), join(directory, part), {
      recursive: true,
      verbatimSymlinks: true,
    })
  await writeFile(join(directory, 'etc/apk/repositories'), '')
  await writeFile(join(directory, 'etc/apk/arch'), 'x86_64\n')
  // Who is not root becomes it in a user namespace.
  const become = process.getuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user']
  const chroot = [...become, '/usr/sbin/chroot', directory]
  const inside = async (...command: string[]) => {
    const [program = '', ...args] = [...chroot, ...command]
    return runOrThrow(program, args)
  }
  await inside('/bin/busybox', '--install', '-s')
  await inside('/sbin/apk', '--initdb', 'add')
  const bare = ['/usr/bin/env', '-i', `PATH=${searchPath}`, 'HOME=/root']
  const [program = '', ...args] = [...chroot, ...bare]
  return {
    directory,
    enter: [program, ...args],
    run: (script) => run(program, [...args, '/bin/sh', '-ec', script]),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
