// What apk sees of packages that were deleted, and of a repository that was emptied.
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { createApkRoot } from './clients/apk.ts'

describeWith(['apk'], 'removal', ({ apk }) => {
  const server = useServer()
  const rootFor = (owner: TestOwner) =>
    createApkRoot(apk, { repositories: [`${owner.url}/edge/main`], keys: [owner.key] })
  const hello = (version: string) => buildApk({ name: 'hello', version })

  it('installs the version that is left', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', hello('1.0-r0'), hello('1.1-r0'))
    expect((await owner.remove('edge/main/x86_64/hello-1.1-r0.apk')).status).toBe(204)
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    expect(await root.installed()).toEqual(['hello-1.0-r0'])
    expect((await root.run(['add', 'hello=1.1-r0'])).code).not.toBe(0)
  })

  it('fails with "not found" under an index from before the deletion', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', hello('1.0-r0'), buildApk({ name: 'other' }))
    const root = await rootFor(owner)
    await root.must(['update'])
    await owner.remove('edge/main/x86_64/hello-1.0-r0.apk')
    const { code, stdout, stderr } = await root.run(['add', 'hello'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/404|No such file|not found/)
    // The same stale index installs what is still there.
    await root.must(['del', 'hello'])
    await root.must(['add', 'other'])
  })

  it('updates and upgrades quietly from an emptied repository', async () => {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', hello('1.0-r0'))
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'])
    await owner.remove('edge/main/x86_64/hello-1.0-r0.apk')
    for (const command of [['update'], ['upgrade', '-U']]) {
      const { code, stdout, stderr } = await root.run(command)
      expect({ command, code, warned: /WARNING|ERROR/.test(stdout + stderr) }).toEqual({
        command,
        code: 0,
        warned: false,
      })
    }
    const fresh = await rootFor(owner)
    expect(await fresh.run(['update'])).toMatchObject({ code: 0 })
    expect((await fresh.run(['add', 'hello'])).code).not.toBe(0)
  })

  it('installs other bytes under a name that was deleted and published again', async () => {
    const owner = await createOwner(server(), 'public')
    const build = (content: string) =>
      buildApk({ name: 'hello', files: [{ path: 'etc/greeting', content }] })
    await owner.mustPublish('edge/main', build('first'))
    const before = await rootFor(owner)
    await before.must(['add', '-U', 'hello'])
    expect(await before.read('etc/greeting')).toBe('first')
    await owner.remove('edge/main/x86_64/hello-1.0-r0.apk')
    await owner.mustPublish('edge/main', build('second'))
    const after = await rootFor(owner)
    await after.must(['add', '-U', 'hello'])
    expect(await after.read('etc/greeting')).toBe('second')
    // Who has the first keeps it (apk compares versions) until it asks for what is available.
    await before.must(['upgrade', '-U', '--available'])
    expect(await before.read('etc/greeting')).toBe('second')
  })

  it('fails for a repository that never was', async () => {
    const owner = await createOwner(server(), 'public')
    const root = await rootFor(owner)
    const { code, stdout, stderr } = await root.run(['update'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/404|No such file/)
  })
})
