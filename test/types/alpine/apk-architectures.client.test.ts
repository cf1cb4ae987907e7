// Packages for every architecture (noarch) and for one, seen by apk of different architectures.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { createApkRoot } from './clients/apk.ts'

describeWith(['apk'], 'architectures', ({ apk }) => {
  const server = useServer()
  const rootFor = (owner: TestOwner, arch: string) =>
    createApkRoot(apk, { repositories: [`${owner.url}/edge/main`], keys: [owner.key], arch })
  const named = (name: string, arch: string) =>
    buildApk({ name, arch, files: [{ path: `usr/share/${name}`, content: arch }] })

  for (const order of ['noarch first', 'noarch last']) {
    it(`installs a noarch package on every architecture (${order})`, async () => {
      const owner = await createOwner(server(), 'public')
      const packages = [
        named('data', 'noarch'),
        named('tool', 'x86_64'),
        buildApk({ name: 'tool', arch: 'aarch64', files: [{ path: 'usr/bin/tool' }] }),
      ]
      if (order === 'noarch last') packages.reverse()
      await owner.mustPublish('edge/main', ...packages)
      for (const arch of ['x86_64', 'aarch64']) {
        const root = await rootFor(owner, arch)
        await root.must(['add', '-U', 'data', 'tool'])
        expect(await root.installed()).toEqual(['data-1.0-r0', 'tool-1.0-r0'])
        expect(await root.read('usr/share/data')).toBe('noarch')
      }
    })
  }

  it('installs noarch on an architecture that has no packages of its own', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', named('data', 'noarch'), named('tool', 'x86_64'))
    for (const arch of ['riscv64', 'armv7', 's390x']) {
      const root = await rootFor(owner, arch)
      await root.must(['add', '-U', 'data'])
      expect(await root.installed()).toEqual(['data-1.0-r0'])
    }
  })

  it('offers an architecture only what was built for it', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', named('data', 'noarch'), named('tool', 'x86_64'))
    const root = await rootFor(owner, 'aarch64')
    const { code, stdout, stderr } = await root.run(['add', '-U', 'tool'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toContain('tool (no such package)')
  })

  it('updates on a foreign architecture where nothing is noarch', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', named('tool', 'x86_64'))
    const root = await rootFor(owner, 'aarch64')
    expect(await root.run(['update'])).toMatchObject({ code: 0 })
  })

  it('upgrades a noarch package everywhere after one publish', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', named('tool', 'x86_64'), named('data', 'noarch'))
    const roots = [await rootFor(owner, 'x86_64'), await rootFor(owner, 'ppc64le')]
    for (const root of roots) await root.must(['add', '-U', 'data'])
    await owner.mustPublish(
      'edge/main',
      buildApk({ name: 'data', version: '1.1-r0', arch: 'noarch' }),
    )
    for (const root of roots) {
      await root.must(['upgrade', '-U'])
      expect(await root.installed()).toEqual(['data-1.1-r0'])
    }
  })

  it('fetches a noarch package', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', named('data', 'noarch'))
    const root = await rootFor(owner, 'x86_64')
    const directory = await temporaryDirectory()
    await root.must(['fetch', '-U', '--output', directory, 'data'])
    const fetched = await readFile(join(directory, 'data-1.0-r0.apk'))
    expect(Buffer.compare(fetched, named('data', 'noarch'))).toBe(0)
  })
})
