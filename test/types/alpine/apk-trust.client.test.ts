// What apk must refuse: an index or a package that was changed on its way, and a key that it does
// not have. Each case first shows that the same root installs when nothing is wrong.
import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { type Damage, startProxy } from '../../support/clients/proxy.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { createApkRoot } from './clients/apk.ts'

describeWith(['apk'], 'trust', ({ apk }) => {
  const server = useServer()

  async function publishedOwner(): Promise<TestOwner> {
    const owner = await createOwner(server(), 'public')
    await owner.mustPublish('edge/main', buildApk({ name: 'hello' }))
    return owner
  }

  async function addThrough(owner: TestOwner, damage: Damage) {
    await using proxy = await startProxy(server().url, damage)
    const url = owner.url.replace(server().url, proxy.url)
    const root = await createApkRoot(apk, { repositories: [`${url}/edge/main`], keys: [owner.key] })
    const { code, stdout, stderr } = await root.run(['add', '-U', 'hello'])
    return {
      code,
      said: stdout + stderr,
      installed: await root.installed(),
      damaged: proxy.damaged(),
    }
  }

  it('installs through the proxy when it damages nothing', async () => {
    const owner = await publishedOwner()
    const result = await addThrough(owner, { path: /never/, at: () => 0 })
    expect(result).toMatchObject({ code: 0, installed: ['hello-1.0-r0'], damaged: 0 })
  })

  for (const [where, at] of [
    ['in its signature', () => 60],
    ['in the middle', (length: number) => length >> 1],
    ['in its last byte', (length: number) => length - 1],
  ] as const) {
    it(`refuses an index with one bit flipped ${where}`, async () => {
      const owner = await publishedOwner()
      const result = await addThrough(owner, { path: /APKINDEX/, at })
      expect(result.damaged).toBeGreaterThan(0)
      expect(result.code).not.toBe(0)
      expect(result.installed).toEqual([])
    })
  }

  it('refuses a package with one bit flipped', async () => {
    const owner = await publishedOwner()
    const result = await addThrough(owner, { path: /hello-.*\.apk$/, at: (length) => length - 30 })
    expect(result.damaged).toBeGreaterThan(0)
    expect(result.code).not.toBe(0)
  })

  it('refuses the index without the key, and takes it with the key', async () => {
    const owner = await publishedOwner()
    const root = await createApkRoot(apk, { repositories: [`${owner.url}/edge/main`] })
    const update = await root.run(['update'])
    expect(update.code).not.toBe(0)
    expect(update.stdout + update.stderr).toContain('UNTRUSTED')
    expect((await root.run(['add', 'hello'])).code).not.toBe(0)
    await root.trust(owner.key)
    await root.must(['add', '-U', 'hello'])
  })

  it('refuses the index under a key of the right name and other content', async () => {
    const owner = await publishedOwner()
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }))
    const keys = [{ name: owner.key.name, pem }]
    const root = await createApkRoot(apk, { repositories: [`${owner.url}/edge/main`], keys })
    const { code, stdout, stderr } = await root.run(['add', '-U', 'hello'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/BAD signature|UNTRUSTED/)
  })
})
