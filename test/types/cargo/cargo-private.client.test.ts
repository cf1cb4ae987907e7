// A private owner's registry with the real cargo: config.json asks for a token, and cargo sends it everywhere.

import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { Cargo } from './clients/cargo.ts'

describeWith(['cargo'], 'private crates with cargo', ({ cargo: path }) => {
  const server = useServer()

  async function prepare() {
    const owner = await createOwner(server(), 'private')
    const url = `${server().url}/api/packages/${owner.name}/cargo`
    return { owner, url }
  }

  const use = {
    ...{ name: 'program', main: true, source: 'fn main() { println!("{}", secret::KEPT) }' },
    lines: ['[dependencies]', 'secret = { version = "1", registry = "r" }'],
  } as const

  it('are for those with a token, stored by cargo login or from the environment', async () => {
    const { owner, url } = await prepare()
    const publisher = await Cargo.create(path, { url })
    const login = await publisher.run(['login', '--registry', 'r'], undefined, {
      stdin: `${owner.token}\n`,
    })
    expect([login.code, login.stderr]).toEqual([0, expect.stringContaining('token for `r` saved')])
    await publisher.publish({ name: 'secret', source: 'pub const KEPT: bool = true;' })

    const reader = await Cargo.create(path, { url, token: owner.readToken })
    const app = await reader.write(use)
    expect((await reader.run(['run', '-q'], app)).stdout).toBe('true\n')
    expect(await reader.must(['search', '--registry', 'r', 'secret'])).toMatch(
      /^secret = "1\.0\.0"/m,
    )
    expect(await reader.mustFail(['yank', '--registry', 'r', 'secret@1.0.0'])).toMatch(/status 403/)

    // A token as others store it, with a scheme before it.
    const basic = await Cargo.create(path, { url, token: `Bearer ${owner.readToken}` })
    expect((await basic.run(['run', '-q'], await basic.write(use))).stdout).toBe('true\n')

    await publisher.must(['logout', '--registry', 'r'])
    expect(await publisher.mustFail(['yank', '--registry', 'r', 'secret@1.0.0'])).toMatch(
      /cargo login/,
    )
  })

  it('are for nobody else, who is told where to get a token', async () => {
    const { owner, url } = await prepare()
    const stranger = await Cargo.create(path, { url })
    const said = await stranger.mustFail(['build'], await stranger.write(use))
    expect(said).toMatch(/no token found for `r`, please run `cargo login --registry r`/)
    const login = await stranger.run(['login', '--registry', 'r'], undefined, { stdin: '\n' })
    expect(login.stdout + login.stderr).toContain(`${server().url}/${owner.name}/-/manage`)
    const other = await createOwner(server(), 'private')
    const elsewhere = await Cargo.create(path, { url, token: other.token })
    expect(await elsewhere.mustFail(['build'], await elsewhere.write(use))).toMatch(
      /no matching package named `secret` found|failed to/,
    )
  })
})
