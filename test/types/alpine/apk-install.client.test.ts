// Installing with apk: trust the key, update, add, exact versions, upgrade, fetch, delete, and what
// packages require of each other.
import { readdir, readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curl } from '../../support/clients/curl.ts'
import { describeWith } from '../../support/clients/found.ts'
import { startProxy } from '../../support/clients/proxy.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { type ApkSpec, buildApk } from './builder.ts'
import { createApkRoot } from './clients/apk.ts'

describeWith(['apk', 'curl'], 'installing with apk', ({ apk, curl: curlProgram }) => {
  const server = useServer()
  const publicOwner = () => createOwner(server(), 'public')
  const rootFor = (owner: TestOwner) =>
    createApkRoot(apk, { repositories: [`${owner.url}/edge/main`], keys: [owner.key] })
  const hello = (version: string, more: ApkSpec = {}) =>
    buildApk({
      name: 'hello',
      version,
      files: [{ path: 'usr/bin/hello', content: `#!/bin/sh\necho hello ${version}\n` }],
      ...more,
    })

  it('trusts the key under the name that curl saves it by', async () => {
    const owner = await publicOwner()
    await owner.mustPublish('edge/main', hello('1.0.0-r0'))
    const root = await createApkRoot(apk, { repositories: [`${owner.url}/edge/main`] })
    const keys = join(root.directory, 'etc/apk/keys')
    // curl -JO writes into the current folder and needs the body for itself.
    await runOrThrow(curlProgram, ['-fsSJO', `${owner.url}/key`], { cwd: keys })

    expect((await root.run(['update'])).code).toBe(0)
    await root.must(['add', 'hello'])
    expect(await root.installed()).toEqual(['hello-1.0.0-r0'])

    const index = join(await temporaryDirectory(), 'index')
    const url = `${owner.url}/edge/main/x86_64/APKINDEX.tar.gz`
    await runOrThrow(curlProgram, ['-fsS', '-o', index, url])
    const members = await runOrThrow('tar', ['--ignore-zeros', '-tzf', index])
    const saved = (await readFile(join(keys, owner.key.name), 'utf8')).trim()
    expect(saved).toMatch(/^-----BEGIN PUBLIC KEY-----/)
    expect(members.split('\n')).toContain(`.SIGN.RSA256.${owner.key.name}`)
  })

  it('gives the same key by its name', async () => {
    const owner = await publicOwner()
    const answer = await curl(curlProgram, [`${owner.url}/${owner.key.name}`])
    expect(answer).toMatchObject({ status: 200, text: owner.key.pem })
  })

  it('adds a package and runs its script', async () => {
    const owner = await publicOwner()
    const scripts = { '.post-install': '#!/bin/sh\necho "installed $1" > /etc/hello.log\n' }
    await owner.mustPublish('edge/main', hello('1.0.0-r0', { scripts }))
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    expect(await root.read('usr/bin/hello')).toBe('#!/bin/sh\necho hello 1.0.0-r0\n')
    expect(await root.read('etc/hello.log')).toBe('installed 1.0.0-r0\n')
  })

  it('adds an exact version, and the newest by apk order without one', async () => {
    const owner = await publicOwner()
    const versions = ['1.0.0-r0', '1.0.0_rc1-r0', '1.0.0-r10', '1.0.0-r9', '0.9-r99']
    await owner.mustPublish('edge/main', ...versions.map((version) => hello(version)))
    const exact = await rootFor(owner)
    await exact.must(['add', '-U', 'hello=1.0.0-r0'])
    expect(await exact.installed()).toEqual(['hello-1.0.0-r0'])
    const newest = await rootFor(owner)
    await newest.must(['add', '-U', 'hello'])
    expect(await newest.installed()).toEqual(['hello-1.0.0-r10'])
    const older = await rootFor(owner)
    await older.must(['add', '-U', 'hello<1.0.0'])
    expect(await older.installed()).toEqual(['hello-1.0.0_rc1-r0'])
  })

  it('upgrades right after a publish', async () => {
    const owner = await publicOwner()
    await owner.mustPublish('edge/main', hello('1.0.0-r0'))
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    await owner.mustPublish('edge/main', hello('1.0.0-r1'))
    await root.must(['update'])
    await root.must(['upgrade'])
    expect(await root.installed()).toEqual(['hello-1.0.0-r1'])
  })

  it('sees every publish of one second', async () => {
    const owner = await publicOwner()
    await owner.mustPublish('edge/main', hello('1.0.0-r0'))
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    for (const version of ['1.0.0-r1', '1.0.0-r2', '1.0.0-r3']) {
      await owner.mustPublish('edge/main', hello(version))
      await root.must(['upgrade', '-U'])
      expect(await root.installed()).toEqual([`hello-${version}`])
    }
  })

  it('sees a publish when it asks only for what changed since its last check', async () => {
    const owner = await publicOwner()
    await owner.mustPublish('edge/main', hello('1.0.0-r0'))
    await using proxy = await startProxy(server().url)
    const url = owner.url.replace(server().url, proxy.url)
    const root = await createApkRoot(apk, { repositories: [`${url}/edge/main`], keys: [owner.key] })
    await root.must(['add', '-U', 'hello'])
    await owner.mustPublish('edge/main', hello('1.0.0-r1'))
    // apk takes the age of its cached index for the time of its last check.
    const cache = join(root.directory, 'var/cache/apk')
    const tenMinutesAgo = new Date(Date.now() - 600_000)
    for (const name of await readdir(cache))
      await utimes(join(cache, name), tenMinutesAgo, tenMinutesAgo)
    await root.must(['upgrade', '--cache-max-age', '5'])
    const asked = proxy.requests.filter(({ headers }) => headers['if-modified-since'])
    expect(asked.map(({ status }) => status)).toEqual([200])
    expect(await root.installed()).toEqual(['hello-1.0.0-r1'])
  })

  it('fetches the very bytes that were published', async () => {
    const owner = await publicOwner()
    const published = hello('1.0.0-r0')
    await owner.mustPublish('edge/main', published)
    const root = await rootFor(owner)
    const directory = await temporaryDirectory()
    await root.must(['fetch', '-U', '--output', directory, 'hello'])
    const fetched = await readFile(join(directory, 'hello-1.0.0-r0.apk'))
    expect(Buffer.compare(fetched, published)).toBe(0)
  })

  it('deletes what it installed', async () => {
    const owner = await publicOwner()
    await owner.mustPublish('edge/main', hello('1.0.0-r0'))
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    await root.must(['del', 'hello'])
    expect(await root.installed()).toEqual([])
    await expect(root.read('usr/bin/hello')).rejects.toThrow('ENOENT')
  })

  it('follows a dependency across packages and repositories', async () => {
    const owner = await publicOwner()
    const library = (version: string) =>
      buildApk({
        name: 'libgreeting',
        version,
        files: [{ path: `usr/lib/greeting`, content: version }],
        info: { provides: [`so:libgreeting.so.${version[0]}=${version}`] },
      })
    const dependent = hello('1.0.0-r0', { info: { depend: ['so:libgreeting.so.1', 'tools>=2'] } })
    await owner.mustPublish('edge/main', dependent, library('1.0-r0'), library('2.0-r0'))
    const tools = (version: string) => buildApk({ name: 'tools', version, files: [] })
    await owner.mustPublish('edge/extra', tools('1.0-r0'), tools('2.1-r0'))
    const root = await createApkRoot(apk, {
      repositories: [`${owner.url}/edge/main`, `${owner.url}/edge/extra`],
      keys: [owner.key],
    })
    await root.must(['add', '-U', 'hello'])
    const expected = ['hello-1.0.0-r0', 'libgreeting-1.0-r0', 'tools-2.1-r0']
    expect(await root.installed()).toEqual(expected)
  })

  it('finds a package by what it provides', async () => {
    const owner = await publicOwner()
    const provider = (name: string, priority: string) =>
      buildApk({
        name,
        files: [{ path: `usr/sbin/${name}`, content: name }],
        info: { provides: ['web-server', `cmd:${name}=1.0-r0`], provider_priority: priority },
      })
    await owner.mustPublish('edge/main', provider('plain', '10'), provider('preferred', '20'))
    const byPriority = await rootFor(owner)
    await byPriority.must(['add', '-U', 'web-server'])
    expect(await byPriority.installed()).toEqual(['preferred-1.0-r0'])
    const byCommand = await rootFor(owner)
    await byCommand.must(['add', '-U', 'cmd:plain'])
    expect(await byCommand.installed()).toEqual(['plain-1.0-r0'])
  })

  it('installs by install_if once its conditions hold', async () => {
    const owner = await publicOwner()
    const named = (name: string, info: ApkSpec['info'] = {}) =>
      buildApk({ name, files: [{ path: `usr/share/${name}`, content: name }], info })
    await owner.mustPublish(
      'edge/main',
      named('hello'),
      named('docs'),
      named('hello-doc', { install_if: 'docs hello=1.0-r0' }),
    )
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    expect(await root.installed()).toEqual(['hello-1.0-r0'])
    await root.must(['add', 'docs'])
    expect(await root.installed()).toEqual(['docs-1.0-r0', 'hello-1.0-r0', 'hello-doc-1.0-r0'])
  })

  it('fails for a package that nobody published', async () => {
    const owner = await publicOwner()
    await owner.mustPublish('edge/main', hello('1.0.0-r0'))
    const root = await rootFor(owner)
    const { code, stdout, stderr } = await root.run(['add', '-U', 'missing'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toContain('missing (no such package)')
  })
})
