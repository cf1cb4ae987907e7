// What cargo shows of refusals: the reason that this registry gives, word for word.
import { expect, it } from 'vitest'
import { describeWith } from '../../support/clients/found.ts'
import { createOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { Cargo } from './clients/cargo.ts'

describeWith(['cargo'], 'refusals with cargo', ({ cargo: path }) => {
  const server = useServer()

  async function prepare() {
    const owner = await createOwner(server(), 'public')
    const url = `${server().url}/api/packages/${owner.name}/cargo`
    const withToken = (token?: string) =>
      Cargo.create(path, token === undefined ? { url } : { url, token })
    return { owner, url, withToken, publisher: await withToken(owner.token) }
  }

  it('names and versions that are none, spellings, repetitions', async () => {
    const { owner, publisher } = await prepare()
    await publisher.publish({ name: 'hello_world' })
    const refused = async (name: string, version = '1.0.0') =>
      publisher.mustNotPublish({ name, version })
    expect(await refused('hello-world', '2.0.0')).toMatch(
      `the remote server responded with an error (status 409 Conflict): hello-world 2.0.0 is of a package ` +
        `that ${owner.name}/cargo has as "hello_world": publish it under that spelling, or choose another name`,
    )
    expect(await refused('Hello_World', '2.0.0')).toContain('has as "hello_world"')
    expect(await refused('hello_world')).toMatch(
      /crate hello_world@1\.0\.0 already exists on `r` index/,
    )
    expect(await refused('hello_world', '1.0.0+other')).toMatch(
      /crate hello_world@1\.0\.0\+other already exists on `r` index/,
    )
    expect(await refused('_hidden')).toMatch(
      /\(status 400 Bad Request\): name is not the name of a crate: "_hidden" should be a letter, then/,
    )
    expect(await refused('a'.repeat(65))).toMatch(/should be a letter, then at most 63 letters/)
    expect(await refused('long', `1.0.0-${'a'.repeat(200)}`)).toMatch(
      /more than 150 characters, shorten it/,
    )
  })

  it('what is not there, and owners', async () => {
    const { owner, publisher } = await prepare()
    await publisher.publish({ name: 'hello' })
    expect(await publisher.mustFail(['yank', '--registry', 'r', 'hello@2.0.0'])).toMatch(
      /\(status 404 Not Found\): there is no version "2\.0\.0" of a crate "hello" here/,
    )
    const listed = await publisher.run(['owner', '--registry', 'r', '--list', 'hello'])
    expect(listed.stdout).toBe(`${owner.name}
`)
    expect(await publisher.mustFail(['owner', '--registry', 'r', '--list', 'other'])).toMatch(
      /there is no crate "other" here/,
    )
    for (const change of ['--add', '--remove']) {
      expect(await publisher.mustFail(['owner', '--registry', 'r', change, 'me', 'hello'])).toMatch(
        /a crate has no owners of its own: who may publish it is said by access tokens/,
      )
    }
  })

  it('tokens that are missing, wrong, or not for this', async () => {
    const { owner, withToken } = await prepare()
    const hello = { name: 'hello' }
    expect(await (await withToken()).mustNotPublish(hello)).toMatch(/cargo login/)
    const wrong = `${owner.token.slice(0, -1)}${owner.token.endsWith('a') ? 'b' : 'a'}`
    expect(await (await withToken(wrong)).mustNotPublish(hello)).toMatch(
      /\(status 401 Unauthorized\): credentials needed: store an access token with "cargo login/,
    )
    expect(await (await withToken(owner.readToken)).mustNotPublish(hello)).toMatch(
      /\(status 403 Forbidden\): .*scope/,
    )
  })
})
