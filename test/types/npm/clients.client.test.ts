// A package's life with each client, by the configuration that the pages show: publish, install, the lock file, an
// exact version, a tag, an update, a private owner, and what the client prints of refusals.
import { describe, expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { CLIENTS, createProject, type NpmClient, type Place } from './clients/clients.ts'

describeWith(['npmClients'], 'clients of npm', ({ npmClients: tools }) => {
  const server = useServer()

  const placeOf = (owner: TestOwner): Place => {
    const [visibility] = owner.name.split('-') as ['public' | 'private']
    return { tools, origin: server().url, owner: owner.name, visibility }
  }

  async function publish(
    client: NpmClient,
    owner: TestOwner,
    members: Readonly<Record<string, unknown>>,
    token = owner.token,
  ) {
    const { name = '@acme/tool' } = members
    const place: Place = { ...placeOf(owner), token, publishing: true }
    const project = await createProject(client, place, { name, version: '1.0.0', ...members })
    await project.write({
      'index.js': `console.log(${JSON.stringify(members)})\n`,
      'README.md': '# It',
    })
    if (client.prepare !== undefined) await project.run(...client.prepare)
    return { project, ...(await project.run(...client.publish)) }
  }

  async function mustPublish(...parameters: Parameters<typeof publish>) {
    const published = await publish(...parameters)
    succeed(published)
    return published.project
  }

  describe.each(CLIENTS)('$name', (client) => {
    it('publishes and installs, also by the lock file alone, exactly, by a tag, and updates', async () => {
      const owner = await createOwner(server(), 'public')
      await mustPublish(client, owner, { name: '@acme/base' })
      const dependencies = { '@acme/base': '^1.0.0' }
      const tool = await mustPublish(client, owner, { bin: './index.js', dependencies })
      const app = await createProject(client, placeOf(owner))
      const added = await app.run(...client.add, '@acme/tool')
      succeed(added)
      expect(await app.installed('@acme/tool')).toBe('1.0.0')
      const locked = await app.read(client.lockFile)
      expect(locked).toContain('@acme/base')
      // Yarn has digests of its own archives.
      if (client.name !== 'Yarn') expect(locked).toMatch(/sha512-[A-Za-z0-9+/]{86}==/)
      await mustPublish(client, owner, { version: '1.1.0', bin: './index.js', dependencies })
      const other = await createProject(client, placeOf(owner))
      await other.write({
        'package.json': await app.read('package.json'),
        [client.lockFile]: locked,
      })
      const frozen = await other.run(...client.frozen)
      succeed(frozen)
      expect(await other.installed('@acme/tool')).toBe('1.0.0')
      succeed(await app.run(...client.update))
      expect(await app.installed('@acme/tool')).toBe('1.1.0')
      const exact = await createProject(client, placeOf(owner))
      succeed(await exact.run(...client.add, '@acme/tool@1.0.0'))
      expect(await exact.installed('@acme/tool')).toBe('1.0.0')
      if (client.tag.length > 0) {
        const tagged = await tool.run(...client.tag, '@acme/tool@1.1.0', 'next')
        succeed(tagged)
        const newest = await createProject(client, placeOf(owner))
        succeed(await newest.run(...client.add, '@acme/tool@next'))
        expect(await newest.installed('@acme/tool')).toBe('1.1.0')
      }
    })

    it('of a private owner needs a token, and says so', async () => {
      const owner = await createOwner(server(), 'private')
      await mustPublish(client, owner, {})
      const place = placeOf(owner)
      const reader = await createProject(client, { ...place, token: owner.readToken })
      const added = await reader.run(...client.add, '@acme/tool')
      succeed(added)
      expect(await reader.installed('@acme/tool')).toBe('1.0.0')
      const stranger = await createProject(client, { ...place, token: 'cairn_wrong' })
      const refused = await stranger.run(...client.add, '@acme/tool')
      expect(refused.code).not.toBe(0)
      expect(refused.said).toMatch(WRONG[client.name])
      const writing = await publish(client, owner, { version: '2.0.0' }, owner.readToken)
      expect(writing.code).not.toBe(0)
      if (client.name !== 'Yarn 1')
        expect(joined(writing.said)).toContain('the access token lacks the scope write')
    })

    it('shows why a publish is refused', async () => {
      const owner = await createOwner(server(), 'public')
      const project = await mustPublish(client, owner, {})
      await project.write({ 'index.js': 'other' })
      const again = await project.run(...client.publish)
      expect(again.code).not.toBe(0)
      expect(joined(again.said)).toMatch(TAKEN[client.name])
    })
  })
})

function succeed({ code, said }: { readonly code: number; readonly said: string }): void {
  if (code !== 0) throw new Error(`it ended with ${code}:\n${said}`)
}

/** pnpm breaks lines, with bars before them. */
const joined = (text: string) => text.replace(/\s*\n[\s│]*/g, ' ')

const WRONG: Readonly<Record<NpmClient['name'], RegExp>> = {
  npm: /npm notice the credentials are wrong/,
  pnpm: /401/,
  'Yarn 1': /the credentials are wrong/,
  Yarn: /401|Unauthorized|authentication/i,
  Bun: /401/,
}

const EXISTS =
  /the version of @acme\/tool 1\.0\.0 exists in public-\w+\/npm: publish another version/
const TAKEN: Readonly<Record<NpmClient['name'], RegExp>> = {
  // It looks first.
  npm: /You cannot publish over the previously published versions: 1\.0\.0/,
  pnpm: EXISTS,
  'Yarn 1': EXISTS,
  Yarn: EXISTS,
  Bun: EXISTS,
}
