// The lines that people copy from pages, run as they stand: into .cargo/config.toml, or by a shell.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cargoUsage } from '../../../src/types/cargo/usage.ts'
import type { SnippetGroup } from '../../../src/types/type.ts'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { runOrThrow } from '../../support/clients/run.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { Cargo } from './clients/cargo.ts'

describeWith(['cargo'], 'the lines to copy, with cargo', ({ cargo: path }) => {
  const server = useServer()

  it.each(['public', 'private'] as const)(
    'publish and use a crate of a %s owner',
    async (visibility) => {
      const owner = await createOwner(server(), visibility)
      const { url: origin } = server()
      const place = { origin, owner: owner.name, visibility, keyFiles: [], packageName: 'copied' }

      /** Does in a folder what the lines say. */
      async function follow(
        groups: readonly SnippetGroup[],
        cargo: Cargo,
        where: string,
        token: string,
      ) {
        const home = join(cargo.directory, 'home')
        for (const { language, text } of groups.flatMap(({ snippets }) => snippets)) {
          if (language === 'toml') {
            await mkdir(join(where, '.cargo'), { recursive: true })
            await writeFile(join(where, '.cargo', 'config.toml'), text)
            continue
          }
          const env = {
            CARGO_HOME: home,
            CAIRN_TOKEN: token,
            PATH: `${path}:${process.env.PATH}`,
          }
          await runOrThrow('sh', ['-ec', text], { cwd: where, env })
        }
      }

      const publisher = await Cargo.create(path, { url: `${origin}/nowhere` })
      const crate = { name: 'copied', source: 'pub const FOUND: bool = true;' }
      const source = await publisher.write(crate)
      await follow(cargoUsage.publish(place), publisher, source, owner.token)

      const user = await Cargo.create(path, { url: `${origin}/nowhere` })
      const app = await user.write({
        ...{ name: 'program', main: true, source: 'fn main() { println!("{}", copied::FOUND) }' },
      })
      await follow(cargoUsage.install({ ...place, version: '1.0.0' }), user, app, owner.readToken)
      expect((await user.run(['run', '-q'], app)).stdout).toBe('true\n')
    },
  )
})
