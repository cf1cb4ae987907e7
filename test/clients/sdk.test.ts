// The public Go SDK of Forgejo's and Gitea's API against a running registry: what a program that is written with it
// lists, reads and removes, and what it is told of calls that mean nothing here.
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/clients/found.ts'
import { createOwner, type TestOwner } from '../support/clients/registry.ts'
import { runOrThrow } from '../support/clients/run.ts'
import { useServer } from '../support/clients/use-server.ts'
import { buildApk } from '../types/alpine/builder.ts'

interface Said {
  result: unknown
  status: number
  next_page: number
  last_page: number
  total: string
  error: string
}

const VERSIONS = ['1.0.0-r0', '2.0.0-r0', '1.5.0-r0']

describeWith(['sdk'], "the SDK of Forgejo's API", ({ sdk }) => {
  const server = useServer()
  let owner: TestOwner

  const ask = async (call: string, ...rest: string[]): Promise<Said> =>
    JSON.parse(await runOrThrow(sdk, [server().url, owner.token, call, ...rest]))
  const named = (result: unknown) =>
    (result as { name: string; version: string }[]).map(({ name, version }) => [name, version])

  beforeAll(async () => {
    owner = await createOwner(server(), 'private')
    for (const version of VERSIONS) {
      await owner.mustPublish('edge/main', buildApk({ name: 'hello', version, arch: 'noarch' }))
    }
    const file = `${server().url}/api/packages/${owner.name}/generic/handbook/2026%2F11/a%20b.txt`
    const headers = { authorization: `Bearer ${owner.token}` }
    expect((await fetch(file, { method: 'PUT', headers, body: 'text' })).status).toBe(201)
  })

  it('takes the registry for one that it can ask', async () => {
    const { result, error } = await ask('version')
    expect([result, error]).toEqual([expect.stringMatching(/^1\.24\.0\+cairn-\d+\.\d+\.\d+$/), ''])
  })

  it('lists packages, all at once and page by page', async () => {
    const newest = [...VERSIONS].reverse().map((version) => ['hello', version])
    const all = [['handbook', '2026/11'], ...newest]
    for (const page of [[], ['-1'], ['0', '0'], ['1', '1000']]) {
      const { result, status, total, error } = await ask('list', owner.name, ...page)
      expect([page, named(result), status, total, error]).toEqual([page, all, 200, '4', ''])
    }
    const { result, next_page, last_page } = await ask('list', owner.name, '2', '1')
    expect([named(result), next_page, last_page]).toEqual([[newest[0]], 3, 4])
    const beyond = await ask('list', owner.name, '9', '1')
    expect([beyond.result, beyond.next_page, beyond.error]).toEqual([[], 0, ''])
  })

  it('lists the versions of a package', async () => {
    const { result, total } = await ask('versions', owner.name, 'alpine', 'hello')
    expect([named(result).map(([, version]) => version), total]).toEqual([
      [...VERSIONS].reverse(),
      '3',
    ])
  })

  it('reads a version with its files, and the one that was published last', async () => {
    const { result } = await ask('get', owner.name, 'alpine', 'hello', '1.0.0-r0')
    expect(result).toMatchObject({
      ...{ type: 'alpine', name: 'hello', version: '1.0.0-r0', repository: null, creator: null },
      owner: { login: owner.name, visibility: 'private' },
      html_url: `${server().url}/${owner.name}/-/packages/alpine/hello/1.0.0-r0`,
    })
    const latest = await ask('latest', owner.name, 'alpine', 'hello')
    expect(latest.result).toMatchObject({ version: '1.5.0-r0' })
    const files = await ask('files', owner.name, 'generic', 'handbook', '2026/11')
    expect(files.result).toEqual([
      {
        ...{ id: expect.any(Number), size: 4, name: 'a b.txt' },
        md5: expect.stringMatching(/^[0-9a-f]{32}$/),
        sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        sha512: expect.stringMatching(/^[0-9a-f]{128}$/),
      },
    ])
  })

  it('is told what a git repository means here', async () => {
    for (const call of [
      ['link', owner.name, 'alpine', 'hello', 'website'],
      ['unlink', owner.name, 'alpine', 'hello'],
    ]) {
      const [name = '', ...rest] = call
      const { status, error } = await ask(name, ...rest)
      expect(status).toBe(404)
      expect(error).toContain('this registry has no git repositories')
      expect(error).not.toContain('"detail"')
    }
  })

  it('removes a version, and is told of one that is not there', async () => {
    const place = [owner.name, 'alpine', 'hello', '2.0.0-r0'] as const
    expect(await ask('delete', ...place)).toMatchObject({ status: 204, error: '' })
    for (const call of ['delete', 'get', 'files']) {
      const { status, error } = await ask(call, ...place)
      expect([call, status, error]).toEqual([call, 404, `no such package: "${place.join('/')}"`])
    }
    const { result } = await ask('versions', owner.name, 'alpine', 'hello')
    expect(named(result).map(([, version]) => version)).toEqual(['1.5.0-r0', '1.0.0-r0'])
  })
})
