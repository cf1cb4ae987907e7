// What an install takes from a token that is restricted to packages: nothing that was asked for by another's name.
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { createApkRoot } from './clients/apk.ts'

type Info = Readonly<Record<string, string | readonly string[]>>

/** What the attacker's package says of itself, and what somebody else installs. */
const ATTACKS: readonly (readonly [string, Info, string])[] = [
  ['provides the name in a higher version', { provides: 'victim=9' }, 'victim'],
  ['provides the name by priority', { provides: 'mail', provider_priority: '100' }, 'mail'],
  ['comes with the package', { install_if: 'victim' }, 'victim'],
  ['comes with what everything needs', { install_if: 'so:libv.so.1' }, 'victim'],
  ['provides its library in a higher version', { provides: 'so:libv.so.1=9' }, 'so:libv.so.1'],
  ['provides its command by priority', { provides: 'cmd:v=9', provider_priority: '9' }, 'cmd:v'],
]

describeWith(['apk'], 'a token for hello*', ({ apk }) => {
  const server = useServer()

  async function publishAs(owner: TestOwner, bytes: Uint8Array) {
    const api = `${server().url}/api/v1/owners/${owner.name}/tokens`
    const body = JSON.stringify({ name: 'ci', scopes: ['write'], packages: ['alpine:hello*'] })
    const admin = { authorization: `Bearer ${server().adminToken}` }
    const created = await fetch(api, { method: 'POST', headers: admin, body })
    const { token } = (await created.json()) as { token: string }
    const headers = { authorization: `Bearer ${token}` }
    const published = await fetch(`${owner.url}/edge/main`, { method: 'PUT', headers, body: bytes })
    return { status: published.status, text: await published.text() }
  }

  it.each(ATTACKS)('%s: apk add takes nothing of its packages', async (_, info, wanted) => {
    const owner = await createOwner(server(), 'public')
    const provides = ['so:libv.so.1=1', 'cmd:v=1', 'mail']
    // Of a name without a version apk takes a provider by itself only where that has a priority.
    const victim: Info = { provides, provider_priority: '1' }
    await owner.mustPublish('edge/main', buildApk({ name: 'victim', info: victim }))
    const honest = await publishAs(owner, buildApk({ name: 'hello-honest' }))
    expect(honest.status).toBe(201)
    const published = await publishAs(owner, buildApk({ name: 'hello', version: '9-r0', info }))
    const repositories = [`${owner.url}/edge/main`]
    const root = await createApkRoot(apk, { repositories, keys: [owner.key] })
    await root.must(['add', '-U', wanted])
    expect(await root.installed()).toEqual(['victim-1.0-r0'])
    expect([published.status, published.text]).toEqual([
      403,
      expect.stringContaining('the access token may not write'),
    ])
  })

  it('a package of the same sources: apk lets nothing write over the files of another', async () => {
    const owner = await createOwner(server(), 'public')
    const files = (content: string) => [{ path: 'usr/bin/v', content }]
    const info = { origin: 'victim' }
    await owner.mustPublish('edge/main', buildApk({ name: 'victim', info, files: files('right') }))
    const hello = buildApk({ name: 'hello', version: '9-r0', info, files: files('wrong') })
    const published = await publishAs(owner, hello)
    const other = buildApk({ name: 'hello', files: files('wrong') })
    expect((await publishAs(owner, other)).status).toBe(201)
    const root = await createApkRoot(apk, {
      repositories: [`${owner.url}/edge/main`],
      keys: [owner.key],
    })
    await root.must(['add', '-U', 'victim'])
    const { code, stdout, stderr } = await root.run(['add', 'hello'])
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('trying to overwrite')])
    expect(await root.read('usr/bin/v')).toBe('right')
    expect([published.status, published.text]).toEqual([
      403,
      expect.stringContaining('origin alpine:victim'),
    ])
  })
})
