// Asks the real apk what it makes of a package: lists it by `apk index`, or by hand where that
// refuses, as a registry that checks nothing would; signs the index; installs from it.
import { createSign, generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ApkClient } from '../../support/clients/found.ts'
import { run } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { type BuiltApk, gzipMember, tarEnd, tarEntry } from './builder.ts'
import { type ApkRoot, createApkRoot, readIndexText } from './clients/apk.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = {
  name: 'judge.rsa.pub',
  pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
}

export interface Verdict {
  /** `installs`: added, repaired and removed with exit 0, without a complaint; some file was there. */
  readonly outcome: 'installs' | 'loses files' | 'fails'
  /** Who listed it: `apk index`, or nobody but a registry that checks nothing. */
  readonly listedBy: 'apk' | 'hand'
  readonly said: string
}

export async function judge(apk: ApkClient, built: BuiltApk): Promise<Verdict> {
  const directory = await temporaryDirectory()
  const info = readInfo(built.pkginfo)
  const { pkgname = 'hello', pkgver = '1.0-r0', arch = 'x86_64' } = info
  const file = join(directory, 'repository', arch, `${pkgname}-${pkgver}.apk`.replaceAll('\0', ''))
  // A name that no file can have is listed all the same.
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, built.bytes).catch(() => {})
  const made = await listByApk(apk, built.bytes, directory)
  const index = join(directory, 'repository/x86_64/APKINDEX.tar.gz')
  await mkdir(dirname(index), { recursive: true })
  await writeFile(index, signIndex(made.text ?? listByHand(built, info)))
  const repositories = [join(directory, 'repository')]
  const root = await createApkRoot(apk, { repositories, keys: [key] })
  const added = await attempt(root, ['add', pkgname])
  const lost = !added.failed && !/^R:/m.test(await root.read('lib/apk/db/installed'))
  const later = [await attempt(root, ['fix', pkgname]), await attempt(root, ['del', pkgname])]
  const failed = [added, ...later].some((each) => each.failed)
  return {
    outcome: failed ? 'fails' : lost ? 'loses files' : 'installs',
    listedBy: made.text === undefined ? 'hand' : 'apk',
    said: [made, added, ...later].map((each) => each.said).join(''),
  }
}

async function attempt(root: ApkRoot, args: readonly string[]) {
  const { code, stdout, stderr } = await root.run(args)
  const said = stdout + stderr
  return { said, failed: code !== 0 || /ERROR|WARNING/.test(said) }
}

async function listByApk(apk: ApkClient, bytes: Uint8Array, directory: string) {
  const file = join(directory, 'given.apk')
  const index = join(directory, 'index.tar.gz')
  await writeFile(file, bytes)
  const options = ['--allow-untrusted', '--no-warnings', '--output', index]
  const { code, stderr } = await run(apk.path, ['index', ...options, file])
  const said = stderr === '' ? '' : `${basename(file)}: ${stderr}`
  const text = code === 0 ? await readIndexText(index) : ''
  return text.trim() === '' ? { said } : { said, text }
}

function listByHand(built: BuiltApk, info: Readonly<Record<string, string>>): string {
  const { pkgname, pkgver, arch = 'x86_64', size = '1' } = info
  const lines = [`C:${built.identity}`, `A:${arch}`]
  if (pkgname !== undefined) lines.push(`P:${pkgname}`)
  if (pkgver !== undefined) lines.push(`V:${pkgver}`)
  lines.push(`S:${built.bytes.length}`, `I:${Number(size) || 1}`, `T:${info.pkgdesc ?? ''}`)
  for (const [letter, field] of Object.entries(otherFields))
    if (info[field] !== undefined) lines.push(`${letter}:${info[field]}`)
  return `${lines.join('\n')}\n\n`
}

const otherFields = {
  ...{ U: 'url', L: 'license', o: 'origin', m: 'maintainer', t: 'builddate', c: 'commit' },
  ...{ k: 'provider_priority', D: 'depend', p: 'provides', i: 'install_if' },
}

/** Values by field: the last one, but all of a list. */
function readInfo(pkginfo: string): Record<string, string> {
  const info: Record<string, string> = {}
  for (const line of pkginfo.split('\n')) {
    const [, field = '', value = ''] = /^(\w+) = (.*)$/s.exec(line) ?? []
    const before = ['depend', 'provides'].includes(field) ? info[field] : undefined
    if (field !== '') info[field] = before === undefined ? value : `${before} ${value}`
  }
  return info
}

function signIndex(text: string): Uint8Array {
  const content = gzipMember(Buffer.concat([tarEntry({ name: 'APKINDEX', content: text }), tarEnd]))
  const signature = new Uint8Array(createSign('RSA-SHA256').update(content).sign(privateKey))
  const entry = tarEntry({ name: `.SIGN.RSA256.${key.name}`, content: signature })
  return new Uint8Array(Buffer.concat([gzipMember(entry), content]))
}
