// The blocks of docs/types/cargo.md, one after the other: the configuration into .cargo/config.toml, the lines by a shell.
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { readBlocks } from '../../support/start/blocks.ts'
import { Cargo } from './clients/cargo.ts'

const page = fileURLToPath(new URL('../../../docs/types/cargo.md', import.meta.url).href)
const blocks = readBlocks(readFileSync(page, 'utf8'))

describeWith(['cargo'], 'docs/types/cargo.md', ({ cargo: path }) => {
  const server = useServer()

  it('publishes, adds, installs and yanks by its blocks', async () => {
    const owner = await createOwner(server(), 'public')
    const { url } = server()
    const names = blocks.map(({ mark }) => mark?.name)
    expect(names).toEqual(['config', 'publish', 'add', 'yank'])
    const [config = '', publish = '', add = '', yank = ''] = blocks.map(({ code }) =>
      code.replace(
        'https://packages.example.com/api/packages/acme',
        `${url}/api/packages/${owner.name}`,
      ),
    )
    const publisher = await Cargo.create(path, { url: `${url}/nowhere` })
    // `cargo install` reads the configuration of the home alone, as the page says.
    await writeFile(join(publisher.directory, 'home', 'config.toml'), config)
    const tool = await publisher.write({ name: 'hello', main: true, source: 'fn main() {}' })
    const env = {
      ...{ HOME: publisher.directory, CARGO_HOME: join(publisher.directory, 'home') },
      ...{ PATH: `${path}:${process.env.PATH}`, CARGO_REGISTRIES_ACME_TOKEN: owner.token },
    }
    await runOrThrow('sh', ['-ec', publish], { cwd: tool, env })
    const library = await publisher.write({ name: 'other', source: '' })
    await mkdir(join(library, '.cargo'))
    await writeFile(join(library, '.cargo', 'config.toml'), config)
    await runOrThrow('sh', ['-ec', add], { cwd: library, env })
    const index = async () => {
      const answer = await fetch(`${url}/api/packages/${owner.name}/cargo/he/ll/hello`)
      return JSON.parse(await answer.text()) as { readonly vers: string; readonly yanked: boolean }
    }
    expect(await index()).toMatchObject({ vers: '1.0.0', yanked: false })
    const [once = '', undo = ''] = yank.trim().split('\n')
    await runOrThrow('sh', ['-ec', once], { cwd: library, env })
    expect(await index()).toMatchObject({ yanked: true })
    await runOrThrow('sh', ['-ec', undo], { cwd: library, env })
    expect(await index()).toMatchObject({ yanked: false })
  })
})
