// setup.sh with --root, by a POSIX shell that is not Alpine's: every apk of the tests on a root of
// its own, with keys and lines in it that are not the script's.
import { generateKeyPairSync } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { run } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { readTree } from '../../support/start/file-tree.ts'
import { buildApk } from './builder.ts'
import { type ApkRoot, createApkRoot } from './clients/apk.ts'

describeWith(['apk'], 'setup.sh --root', ({ apk }) => {
  const server = useServer()

  async function publicOwner(...repositories: string[]): Promise<TestOwner> {
    const owner = await createOwner(server(), 'public')
    for (const repository of repositories)
      await owner.mustPublish(repository, buildApk({ name: `of-${repository.replace('/', '-')}` }))
    return owner
  }

  /** An apk that every root of the test has updated with, so that it has made its folders. */
  async function newRoot(): Promise<ApkRoot> {
    const root = await createApkRoot(apk, { repositories: [] })
    await root.must(['update'])
    return root
  }

  async function fetchScript(owner: TestOwner, repository = 'edge/main'): Promise<string> {
    const { status, text } = await owner.get(`${repository}/setup.sh`)
    expect(status).toBe(200)
    return text
  }

  async function programs(): Promise<string> {
    const bin = await temporaryDirectory()
    await writeFile(join(bin, 'apk'), `#!/bin/sh\nexec '${apk.path}' "$@"\n`, { mode: 0o755 })
    return `${bin}:${process.env.PATH}`
  }

  async function setUp(root: ApkRoot, script: string, ...args: string[]) {
    const file = join(await temporaryDirectory(), 'setup.sh')
    await writeFile(file, script)
    const env = { PATH: await programs(), HOME: root.directory }
    return run('sh', [file, '--root', root.directory, ...args], { env })
  }

  async function mustSetUp(root: ApkRoot, script: string, ...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await setUp(root, script, ...args)
    if (code !== 0) throw new Error(`setup.sh ended with ${code}: ${stdout}${stderr}`)
  }

  /** All but what every apk leaves. */
  function treeOf(root: ApkRoot): Record<string, string> {
    const { 'var/log/apk.log': _, 'lib/apk/db/lock': __, ...tree } = readTree(root.directory)
    return tree
  }

  const keyFile = (root: ApkRoot, { key }: TestOwner) =>
    join(root.directory, 'etc/apk/keys', key.name)
  const keys = (root: ApkRoot) => Object.keys(readTree(join(root.directory, 'etc/apk/keys'))).sort()

  it('adds to that root and installs there, twice, and takes all of it back', async () => {
    const owner = await publicOwner('edge/main')
    const root = await newRoot()
    const before = treeOf(root)
    const script = await fetchScript(owner)
    await mustSetUp(root, script)
    const after = treeOf(root)
    await mustSetUp(root, script)
    expect(treeOf(root)).toEqual(after)
    await mustSetUp(root, script, '--uninstall')
    expect(treeOf(root)).toEqual(before)
    await mustSetUp(root, script)
    await root.must(['add', 'of-edge-main'])
    expect(await root.installed()).toEqual(['of-edge-main-1.0-r0'])
  })

  it('works with a root that has neither keys nor repositories', async () => {
    const owner = await publicOwner('edge/main')
    const root = await newRoot()
    for (const name of ['keys', 'repositories'])
      await rm(join(root.directory, 'etc/apk', name), { recursive: true })
    const before = treeOf(root)
    const script = await fetchScript(owner)
    await mustSetUp(root, script)
    await root.must(['add', '--simulate', 'of-edge-main'])
    await mustSetUp(root, script, '--uninstall')
    expect(treeOf(root)).toEqual(before)
  })

  it('keeps a key for as long as another repository of the owner needs it', async () => {
    const owner = await publicOwner('edge/main', 'edge/extra')
    const root = await newRoot()
    const before = treeOf(root)
    const main = await fetchScript(owner)
    const extra = await fetchScript(owner, 'edge/extra')
    await mustSetUp(root, main)
    await mustSetUp(root, extra)
    await mustSetUp(root, main, '--uninstall')
    await root.must(['add', 'of-edge-extra'])
    await root.must(['del', 'of-edge-extra'])
    expect((await root.run(['add', 'of-edge-main'])).code).not.toBe(0)
    await mustSetUp(root, extra, '--uninstall')
    const { 'lib/apk/db/scripts.tar': _, ...rest } = treeOf(root)
    const { 'lib/apk/db/scripts.tar': __, ...expected } = before
    expect(rest).toEqual(expected)
  })

  it('keeps a key that a line of somebody else needs', async () => {
    const owner = await publicOwner('edge/main', 'edge/extra')
    const root = await newRoot()
    const script = await fetchScript(owner)
    await mustSetUp(root, script)
    const file = join(root.directory, 'etc/apk/repositories')
    await writeFile(file, `${owner.url}/edge/extra\n`)
    await mustSetUp(root, script, '--uninstall')
    await root.must(['add', '-U', 'of-edge-extra'])
  })

  it('leaves a key alone that was there before, and refuses another of its name', async () => {
    const owner = await publicOwner('edge/main')
    const root = await newRoot()
    await root.trust(owner.key)
    const before = treeOf(root)
    const script = await fetchScript(owner)
    await mustSetUp(root, script)
    await mustSetUp(root, script, '--uninstall')
    expect(treeOf(root)).toEqual(before)
    await writeFile(keyFile(root, owner), 'of somebody else\n')
    const refused = await setUp(root, script)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is another key') })
    expect(await readFile(keyFile(root, owner), 'utf8')).toBe('of somebody else\n')
  })

  it('changes nothing when its key is not the one that signed', async () => {
    const owner = await publicOwner('edge/main')
    const root = await newRoot()
    const script = await fetchScript(owner)
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const other = String(publicKey.export({ type: 'spki', format: 'pem' }))
    expect(script).toContain(owner.key.pem)
    // Also not when the right key is trusted already, by whatever name.
    await root.trust({ ...owner.key, name: 'mine.rsa.pub' })
    const before = treeOf(root)
    expect(await setUp(root, script.replace(owner.key.pem, other))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing was changed'),
    })
    expect(treeOf(root)).toEqual(before)
  })

  it('changes nothing when the token is wrong, and replaces an old one', async () => {
    const owner = await createOwner(server(), 'private')
    await owner.mustPublish('edge/main', buildApk({ name: 'hello' }))
    const root = await newRoot()
    const script = await fetchScript(owner)
    const withToken = (token: string) => script.replace('set -eu\n', `$&CAIRN_TOKEN=${token}\n`)
    const before = treeOf(root)
    for (const token of ['cairn_wrong', "'a b'", "''"]) {
      const refused = await setUp(root, withToken(token))
      expect([token, refused.code, treeOf(root)]).toEqual([token, 1, before])
    }
    await mustSetUp(root, withToken(owner.readToken))
    const installed = treeOf(root)
    await mustSetUp(root, withToken(owner.token))
    const list = await root.read(`etc/apk/repositories.d/${owner.name}-edge-main.list`)
    expect(list).toContain(`:${owner.token}@`)
    expect(list).not.toContain(owner.readToken)
    // Its cached index went with it.
    expect(Object.keys(treeOf(root)).length).toBe(Object.keys(installed).length)
    await mustSetUp(root, script, '--uninstall')
    expect(treeOf(root)).toEqual(before)
  })

  it('drops a key of its own that is no longer served', async () => {
    const owner = await publicOwner('edge/main')
    const root = await newRoot()
    const script = await fetchScript(owner)
    const current = script.slice(script.indexOf('  # SHA-256'), script.indexOf('\n}\n'))
    const previous = current.replace(owner.key.name, 'previous.rsa.pub')
    await mustSetUp(root, script.replace(current, `${current}\n${previous}`))
    expect(keys(root)).toEqual(['previous.rsa.pub', owner.key.name].sort())
    await mustSetUp(root, script)
    expect(keys(root)).toEqual([owner.key.name])
  })

  it('refuses a file of its name that is about another host, and what is no Alpine', async () => {
    const owner = await publicOwner('edge/main')
    const root = await newRoot()
    const script = await fetchScript(owner)
    await mustSetUp(root, script)
    const elsewhere = script.replaceAll(server().url, 'http://elsewhere.test')
    for (const args of [[], ['--uninstall']])
      expect(await setUp(root, elsewhere, ...args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('about another repository'),
      })
    const none = { ...root, directory: await temporaryDirectory() }
    expect(await setUp(none, script)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no Alpine Linux'),
    })
    expect(treeOf(none)).toEqual({})
  })

  it('asks for the token of a private owner on a terminal, and does not show it', async () => {
    const owner = await createOwner(server(), 'private')
    await owner.mustPublish('edge/main', buildApk({ name: 'hello' }))
    const root = await newRoot()
    const file = join(await temporaryDirectory(), 'setup.sh')
    await writeFile(file, await fetchScript(owner))
    // The script comes by a pipe, as from wget, and the answer from the terminal.
    const command = `sh -s -- --root '${root.directory}' < '${file}'; stty -a`
    const terminal = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execvp('sh', ['sh', '-c', sys.argv[1]])
said = b''
answered = False
while True:
    try: part = os.read(fd, 4096)
    except OSError: break
    if not part: break
    said += part
    if not answered and b'(not shown): ' in said:
        answered = True
        os.write(fd, sys.argv[2].encode() + b'\\n')
sys.stdout.buffer.write(said)
`
    const env = { PATH: await programs(), HOME: root.directory }
    const args = ['-c', terminal, command, owner.readToken]
    const { stdout, stderr } = await run('python3', args, { env })
    expect(stderr).toBe('')
    expect(stdout).toContain(`Access token of ${owner.name} (not shown): `)
    expect(stdout).toContain(`Added edge/main of ${owner.name}`)
    expect(stdout).not.toContain(owner.readToken)
    expect(stdout).toMatch(/ echo /)
    await root.must(['add', 'hello'])
  })
})
