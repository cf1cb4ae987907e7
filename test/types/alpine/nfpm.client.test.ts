// Packages made by nfpm, as GoReleaser ships them: published, and either installed by apk or refused
// with a text that says what to change.
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { curl, uploadArguments } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { createApkRoot, makeIndexText, readIndexText } from './clients/apk.ts'
import { type NfpmConfiguration, packWithNfpm } from './clients/nfpm.ts'

describeWith(['nfpm', 'apk', 'curl'], 'packages by nfpm', ({ nfpm, apk, curl: curlProgram }) => {
  const server = useServer()
  const hello = { src: 'hello.sh', dst: '/usr/bin/hello' }
  const files = { 'hello.sh': '#!/bin/sh\necho hello\n' }
  const base = { name: 'hello', version: '1.2.3', arch: 'amd64', contents: [hello] }

  /** Publishes as GoReleaser does: PUT to the repository's URL with nfpm's file name after it. */
  async function publish(
    owner: TestOwner,
    configuration: NfpmConfiguration,
    given: Record<string, string> = files,
  ) {
    const made = await packWithNfpm(nfpm, configuration, given)
    const url = `${owner.url}/edge/main/${basename(made.file)}`
    const answer = await curl(curlProgram, uploadArguments(owner.token, made.file, url))
    return { ...answer, ...made }
  }

  async function install(owner: TestOwner, name: string, arch = 'x86_64') {
    const repositories = [`${owner.url}/edge/main`]
    const root = await createApkRoot(apk, { repositories, keys: [owner.key], arch })
    await root.must(['add', '-U', name])
    return root
  }

  const owner = () => createOwner(server(), 'public')

  for (const [title, extra, version] of [
    ['with a release', { release: '3' }, '1.2.3-r3'],
    ['without a release', {}, '1.2.3'],
    ['with a prerelease', { version: 'v1.2.3-rc1', release: '1' }, '1.2.3_rc1-r1'],
  ] as const)
    it(`installs one ${title}`, async () => {
      const acme = await owner()
      const answer = await publish(acme, { ...base, ...extra })
      expect(answer).toMatchObject({ code: 0, status: 201 })
      expect(answer.text).toContain(`hello ${version} x86_64`)
      const root = await install(acme, 'hello')
      expect(await root.installed()).toEqual([`hello-${version}`])
      expect(await root.read('usr/bin/hello')).toBe(files['hello.sh'])
    })

  it('installs one with a script, a dependency and a description of two lines', async () => {
    const acme = await owner()
    const scripts = { postinstall: 'post.sh' }
    const given = { ...files, 'post.sh': '#!/bin/sh\necho done > /etc/hello.log\n' }
    const description = 'First line\nSecond line = of it'
    await publish(acme, { ...base, name: 'base', contents: [{ ...hello, dst: '/usr/bin/base' }] })
    const configuration = { ...base, scripts, description, depends: ['base'] }
    expect(await publish(acme, configuration, given)).toMatchObject({ status: 201 })
    const root = await install(acme, 'hello')
    expect(await root.installed()).toEqual(['base-1.2.3', 'hello-1.2.3'])
    expect(await root.read('etc/hello.log')).toBe('done\n')
  })

  it('installs one for all architectures', async () => {
    const acme = await owner()
    expect(await publish(acme, { ...base, arch: 'all' })).toMatchObject({ status: 201 })
    const root = await install(acme, 'hello', 'aarch64')
    expect(await root.installed()).toEqual(['hello-1.2.3'])
  })

  // nfpm writes size = 0 for each of these, by which apk would take them for packages without files.
  it('installs one that holds only symbolic links', async () => {
    const acme = await owner()
    const link = { src: '/usr/bin/other', dst: '/usr/bin/hello', type: 'symlink' } as const
    expect(await publish(acme, { ...base, contents: [link] })).toMatchObject({ status: 201 })
    const root = await install(acme, 'hello')
    const target = await runOrThrow('readlink', [join(root.directory, 'usr/bin/hello')])
    expect(target.trim()).toBe('/usr/bin/other')
  })

  it('installs one that holds only empty files', async () => {
    const acme = await owner()
    const empty = { src: 'empty', dst: '/etc/hello.empty' }
    const configuration = { ...base, contents: [empty] }
    expect(await publish(acme, configuration, { empty: '' })).toMatchObject({ status: 201 })
    const root = await install(acme, 'hello')
    expect(await root.read('etc/hello.empty')).toBe('')
  })

  it('installs one that holds only a folder', async () => {
    const acme = await owner()
    const contents = [{ dst: '/var/lib/hello', type: 'dir' }] as const
    expect(await publish(acme, { ...base, contents })).toMatchObject({ status: 201 })
    const root = await install(acme, 'hello')
    await runOrThrow('test', ['-d', join(root.directory, 'var/lib/hello')])
  })

  it('keeps the signature of one that nfpm signed, and lists it as apk index does', async () => {
    const acme = await owner()
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const directory = await temporaryDirectory()
    const keyFile = join(directory, 'key.pem')
    await writeFile(keyFile, String(privateKey.export({ type: 'pkcs1', format: 'pem' })))
    const keys = join(directory, 'keys')
    await mkdir(keys)
    const name = 'jane@example.org.rsa.pub'
    await writeFile(join(keys, name), String(publicKey.export({ type: 'spki', format: 'pem' })))
    const published = await publish(acme, {
      ...base,
      release: '1',
      maintainer: 'Jane Döe <jane@example.org>',
      description: 'Says hello\nand more',
      homepage: 'https://example.org',
      license: 'MIT',
      depends: ['busybox>1.30', 'so:libc.musl-x86_64.so.1'],
      provides: ['greeting=1.2.3'],
      apk: { signature: { key_file: keyFile } },
    })
    expect(published).toMatchObject({ status: 201 })

    const url = `${acme.url}/edge/main/x86_64`
    const fetched = join(directory, 'hello.apk')
    await runOrThrow(curlProgram, ['-fsS', '-o', fetched, `${url}/hello-1.2.3-r1.apk`])
    await runOrThrow(apk.path, ['--keys-dir', keys, 'verify', fetched])
    const index = join(directory, 'index')
    await runOrThrow(curlProgram, ['-fsS', '-o', index, `${url}/APKINDEX.tar.gz`])
    const expected = await makeIndexText(apk, [published.file], keys)
    expect((await readIndexText(index)).trim()).toBe(expected.trim())
  })

  for (const [title, extra, shown, proposed] of [
    ['a snapshot', { version: '1.2.4-SNAPSHOT-abc' }, '1.2.4_SNAPSHOT-abc', '1.2.4_git'],
    ['build metadata', { version: '1.2.3+build5' }, '1.2.3-pbuild5', '1.2.3_p5'],
    [
      'a release as a time',
      { version: '1.4.4-1289492819' },
      '1.4.4_1289492819',
      '1.4.4-r1289492819',
    ],
    ['a dotted prerelease', { version: '1.2.3-beta.2' }, '1.2.3_beta.2', '1.2.3_beta2'],
  ] as const)
    it(`refuses the version of ${title} and says what to write`, async () => {
      const answer = await publish(await owner(), { ...base, ...extra })
      expect(answer).toMatchObject({ code: 22, status: 400 })
      expect(answer.text).toContain(`"${shown}" is not an apk version`)
      expect(answer.text).toContain(proposed)
      // What it ends with, a proposal or an example, must be a version by apk's own judgement.
      const [, remedy = ''] = /(\S+)\s*$/.exec(answer.text) ?? []
      const dated = remedy.replace('yyyymmdd', '20260102')
      await runOrThrow(apk.path, ['version', '--check', dated])
    })

  it('refuses the mode that a tree gets, and names the folder and the setting', async () => {
    const tree = { src: 'tree', dst: '/usr/share/hello', type: 'tree' } as const
    const given = { ...files, 'tree/sub/b': 'x' }
    const refused = await publish(await owner(), { ...base, contents: [tree] }, given)
    expect(refused).toMatchObject({ code: 22, status: 400 })
    expect(refused.text).toMatch(/"usr\/share\/hello\/", .* has a mode .* file_info\.mode/)
    const contents = [{ ...tree, file_info: { mode: 0o755 } }]
    const taken = await publish(await owner(), { ...base, contents }, given)
    expect(taken).toMatchObject({ code: 0, status: 201 })
  })

  it("refuses another system's name for an architecture and names apk's", async () => {
    const answer = await publish(await owner(), { ...base, apk: { arch: 'amd64' } })
    expect(answer).toMatchObject({ code: 22, status: 400 })
    expect(answer.text).toContain('amd64')
    expect(answer.text).toContain('x86_64')
  })
})
