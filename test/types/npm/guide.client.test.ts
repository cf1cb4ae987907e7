// The blocks of docs/types/npm.md, as the files that each client reads: what they say is enough to publish and to install.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { readBlocks } from '../../support/start/blocks.ts'
import { CLIENTS, type Configuration, createProject } from './clients/clients.ts'

const page = fileURLToPath(new URL('../../../docs/types/npm.md', import.meta.url).href)
const blocks = readBlocks(readFileSync(page, 'utf8'))

describeWith(['npmClients'], 'docs/types/npm.md', ({ npmClients: tools }) => {
  const server = useServer()

  /** With the registry of the test in place of the page's. */
  function blockOf(name: string, owner: TestOwner): string {
    const { code } = blocks.find(({ mark }) => mark?.name === name) ?? {}
    if (code === undefined) throw new Error(`no block is called ${name}`)
    const { url } = server()
    return code
      .replaceAll('https://packages.example.com', url)
      .replaceAll('//packages.example.com', url.replace('http:', ''))
      .replaceAll('/acme/npm/', `/${owner.name}/npm/`)
  }

  function follow(owner: TestOwner): Configuration {
    const yarnrc = blockOf('yarnrc', owner)
    const server = /npmRegistryServer(:.*)/.exec(yarnrc) ?? []
    return {
      npmrc: blockOf('npmrc', owner),
      userNpmrc: blockOf('user-npmrc', owner),
      yarnrc: yarnrc.replace(server[0] ?? '', `$&\n    npmPublishRegistry${server[1]}`),
      workspace: blockOf('pnpm-workspace', owner),
    }
  }

  it('has the blocks that are tried, and no other', () => {
    expect(blocks.map(({ mark }) => mark?.name)).toEqual([
      'npmrc',
      'user-npmrc',
      'yarnrc',
      'pnpm-workspace',
    ])
  })

  it.each(CLIENTS)('$name publishes and installs by them', async (client) => {
    const owner = await createOwner(server(), 'private')
    const place = { tools, origin: server().url, owner: owner.name, visibility: 'private' as const }
    const files = { ...place, token: owner.token }
    const tool = { name: '@acme/tool', version: '1.0.0' }
    const project = await createProject(client, files, tool, follow(owner))
    await project.write({ 'index.js': '' })
    if (client.prepare !== undefined) await project.run(...client.prepare)
    const published = await project.run(...client.publish)
    expect(published.code, published.said).toBe(0)
    const reading = { ...place, token: owner.readToken }
    const app = await createProject(client, reading, undefined, follow(owner))
    const added = await app.run(...client.add, '@acme/tool')
    expect(added.code, added.said).toBe(0)
    expect(await app.installed('@acme/tool')).toBe('1.0.0')
  })
})
