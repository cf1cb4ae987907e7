// apko, a client of its own: takes the key's name from the URL, asks HEAD first, looks for packages
// beside the index whatever their architecture, and spells HTTP_AUTH with a host.
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { startProxy } from '../../support/clients/proxy.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { buildWithApko } from './clients/apko.ts'

describeWith(['apko'], 'apko', ({ apko }) => {
  const server = useServer()

  async function ownerWithPackages(visibility: 'public' | 'private'): Promise<TestOwner> {
    const owner = await createOwner(server(), visibility)
    const content = 'for all'
    await owner.mustPublish(
      'edge/main',
      buildApk({
        name: 'tool',
        info: { depend: ['data>=1.0'] },
        files: [{ path: 'usr/bin/tool' }],
      }),
      buildApk({ name: 'data', arch: 'noarch', files: [{ path: 'usr/share/data', content }] }),
    )
    return owner
  }

  const publicBuild = (owner: TestOwner) => ({
    repository: `${owner.url}/edge/main`,
    keys: [`${owner.url}/${owner.key.name}`],
  })

  it('installs a package and the noarch one it depends on', async () => {
    const owner = await ownerWithPackages('public')
    const result = await buildWithApko(apko, { ...publicBuild(owner), packages: ['tool'] })
    expect(result.code, result.stderr).toBe(0)
    expect(result.installed).toEqual(['data-1.0-r0', 'tool-1.0-r0'])
    expect(await result.read('usr/share/data')).toBe('for all')
  })

  it('installs noarch on an architecture without packages of its own', async () => {
    const owner = await ownerWithPackages('public')
    const build = { ...publicBuild(owner), packages: ['data'], arch: 'aarch64' }
    const result = await buildWithApko(apko, build)
    expect(result.code, result.stderr).toBe(0)
    expect(result.installed).toEqual(['data-1.0-r0'])
  })

  it('installs the version that was published last', async () => {
    const owner = await ownerWithPackages('public')
    await owner.mustPublish('edge/main', buildApk({ name: 'tool', version: '1.10-r0' }))
    await owner.mustPublish('edge/main', buildApk({ name: 'tool', version: '1.9-r0' }))
    const result = await buildWithApko(apko, { ...publicBuild(owner), packages: ['tool'] })
    expect(result.installed).toEqual(['tool-1.10-r0'])
  })

  it('refuses the index under another key of that name', async () => {
    const owner = await ownerWithPackages('public')
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = join(await temporaryDirectory(), owner.key.name)
    await writeFile(key, String(publicKey.export({ type: 'spki', format: 'pem' })))
    const build = { ...publicBuild(owner), keys: [key], packages: ['tool'] }
    const result = await buildWithApko(apko, build)
    expect(result.code).not.toBe(0)
    expect(result.stderr).toMatch(/verif|signature/)
  })

  it('refuses an index with one bit flipped', async () => {
    const owner = await ownerWithPackages('public')
    const damage = { path: /APKINDEX/, at: (length: number) => length >> 1 }
    await using proxy = await startProxy(server().url, damage)
    const { repository, keys } = publicBuild(owner)
    const build = { repository: repository.replace(server().url, proxy.url), keys }
    const result = await buildWithApko(apko, { ...build, packages: ['tool'] })
    expect(proxy.damaged()).toBeGreaterThan(0)
    expect(result.code).not.toBe(0)
  })

  it('asks for the key without credentials, also of a private owner', async () => {
    const owner = await ownerWithPackages('private')
    const answer = await fetch(`${owner.url}/${owner.key.name}`)
    expect(await answer.text()).toBe(owner.key.pem)
  })

  it('installs from a private owner with HTTP_AUTH', async () => {
    const owner = await ownerWithPackages('private')
    // apko splits HTTP_AUTH at every colon, so the host in it can have no port.
    await using proxy = await startProxy(server().url)
    const url = owner.url.replace(server().url, 'http://registry.test')
    const result = await buildWithApko(apko, {
      repository: `${url}/edge/main`,
      keys: [`${url}/${owner.key.name}`],
      packages: ['tool'],
      env: { HTTP_PROXY: proxy.url, HTTP_AUTH: `basic:registry.test:anyone:${owner.readToken}` },
    })
    expect(result.code, result.stderr).toBe(0)
    expect(result.installed).toEqual(['data-1.0-r0', 'tool-1.0-r0'])
    expect(proxy.requests.some(({ path }) => path.endsWith('APKINDEX.tar.gz'))).toBe(true)
  })

  it('installs from a private owner with credentials in the URL', async () => {
    const owner = await ownerWithPackages('private')
    const result = await buildWithApko(apko, {
      repository: `${owner.urlWithCredentials(owner.readToken)}/edge/main`,
      keys: [`${owner.url}/${owner.key.name}`],
      packages: ['tool'],
    })
    expect(result.code, result.stderr).toBe(0)
    expect(result.installed).toEqual(['data-1.0-r0', 'tool-1.0-r0'])
  })

  it('is refused by a private owner without credentials and with wrong ones', async () => {
    const owner = await ownerWithPackages('private')
    const wrong = owner.urlWithCredentials('wrong')
    for (const url of [owner.url, wrong]) {
      const keys = [`${owner.url}/${owner.key.name}`]
      const build = { repository: `${url}/edge/main`, keys, packages: ['tool'] }
      const result = await buildWithApko(apko, build)
      expect(result.code).not.toBe(0)
      expect(result.stderr).toContain('401')
    }
  })
})
