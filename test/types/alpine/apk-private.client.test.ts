// A private owner's repository, with the three ways in which apk takes credentials.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { temporaryDirectory } from '../../support/clients/temporary-directory.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { type ApkRoot, createApkRoot } from './clients/apk.ts'

describeWith(['apk'], 'a private owner', ({ apk }) => {
  const server = useServer()

  async function privateOwner(): Promise<TestOwner> {
    const owner = await createOwner(server(), 'private')
    await owner.mustPublish('edge/main', buildApk({ name: 'hello' }))
    return owner
  }

  const rootFor = (owner: TestOwner, url = owner.url) =>
    createApkRoot(apk, { repositories: [`${url}/edge/main`], keys: [owner.key] })

  async function netrc(host: string, token: string): Promise<string> {
    const file = join(await temporaryDirectory(), 'netrc')
    await writeFile(file, `machine ${host}\nlogin anyone\npassword ${token}\n`, { mode: 0o600 })
    return file
  }

  async function expectDenied(root: ApkRoot, env: Record<string, string> = {}): Promise<void> {
    const update = await root.run(['update'], env)
    expect(update.code).not.toBe(0)
    expect(update.stdout + update.stderr).toMatch(/HTTP 401|Permission denied/)
    expect((await root.run(['add', 'hello'], env)).code).not.toBe(0)
    expect(await root.installed()).toEqual([])
  }

  it('installs with credentials in the URL, and does not show them', async () => {
    const owner = await privateOwner()
    const root = await rootFor(owner, owner.urlWithCredentials(owner.readToken))
    const { code, stdout, stderr } = await root.run(['add', '-U', 'hello'])
    expect(code).toBe(0)
    expect(await root.installed()).toEqual(['hello-1.0-r0'])
    expect(stdout + stderr).not.toContain(owner.readToken)
  })

  it('installs with a .netrc named by NETRC', async () => {
    const owner = await privateOwner()
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'], { NETRC: await netrc('127.0.0.1', owner.readToken) })
    expect(await root.installed()).toEqual(['hello-1.0-r0'])
  })

  it('installs with the .netrc of the home folder', async () => {
    const owner = await privateOwner()
    const root = await rootFor(owner)
    const line = `machine 127.0.0.1 login anyone password ${owner.readToken}\n`
    await writeFile(join(root.directory, '.netrc'), line, { mode: 0o600 })
    await root.must(['add', '-U', 'hello'])
  })

  it('installs with HTTP_AUTH', async () => {
    const owner = await privateOwner()
    const root = await rootFor(owner)
    await root.must(['add', '-U', 'hello'], { HTTP_AUTH: `basic:*:anyone:${owner.readToken}` })
    expect(await root.installed()).toEqual(['hello-1.0-r0'])
  })

  it('upgrades with HTTP_AUTH after a publish', async () => {
    const owner = await privateOwner()
    const root = await rootFor(owner)
    const env = { HTTP_AUTH: `basic:*:anyone:${owner.readToken}` }
    await root.must(['add', '-U', 'hello'], env)
    await owner.mustPublish('edge/main', buildApk({ name: 'hello', version: '1.1-r0' }))
    await root.must(['upgrade', '-U'], env)
    expect(await root.installed()).toEqual(['hello-1.1-r0'])
  })

  it('refuses without credentials', async () => {
    await expectDenied(await rootFor(await privateOwner()))
  })

  it('refuses a wrong token, however it is given', async () => {
    const owner = await privateOwner()
    await expectDenied(await rootFor(owner, owner.urlWithCredentials('wrong')))
    await expectDenied(await rootFor(owner), { HTTP_AUTH: 'basic:*:anyone:wrong' })
    await expectDenied(await rootFor(owner), { NETRC: await netrc('127.0.0.1', 'wrong') })
  })

  it('refuses the token of another owner', async () => {
    const owner = await privateOwner()
    const other = await privateOwner()
    const root = await rootFor(owner, owner.urlWithCredentials(other.readToken))
    expect((await root.run(['update'])).code).not.toBe(0)
    expect((await root.run(['add', 'hello'])).code).not.toBe(0)
  })
})
