// Requests that no client sends: lengths that lie, bodies that break off, paths full of tricks.
// None is a 5xx, and none stores anything. That a body over the limit is refused before it arrives
// is shown in test/worker: wrangler's development server reads every body to its end first.
import { beforeAll, describe, expect, it } from 'vitest'
import { createOwner, type TestOwner } from '../../support/clients/registry.ts'
import { useServer } from '../../support/clients/use-server.ts'
import { buildApk } from './builder.ts'
import { exchange, type RawAnswer } from './judge-http.ts'

describe('raw requests', () => {
  const server = useServer()
  let owner: TestOwner
  beforeAll(async () => {
    owner = await createOwner(server(), 'public')
  })
  const bytes = buildApk({ name: 'raw', version: '1-r0' })

  const head = (method: string, path: string, headers: Record<string, string> = {}) =>
    [
      `${method} ${path} HTTP/1.1`,
      `Host: ${server().host}`,
      `Authorization: Bearer ${owner.token}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n')
  const repository = () => `/api/packages/${owner.name}/alpine/edge/main`

  async function expectNothing(): Promise<void> {
    expect((await owner.get('edge/main/x86_64/APKINDEX.tar.gz')).status).toBe(404)
    expect((await owner.get('edge/main/x86_64/raw-1-r0.apk')).status).toBe(404)
    const health = await fetch(`${server().url}/api/healthz`)
    expect(health.status).toBe(200)
  }

  /** Nobody is left to be told; wrangler's proxy, which stands before the Worker, says so by a 500. */
  function expectRefusedOrLost({ status, text }: RawAnswer): void {
    if (status === 500) expect(text).toMatch(/\r\n\r\nError: Network connection lost\.$/)
    else expect([0, 400], text).toContain(status)
  }

  const put = (headers: Record<string, string>) => head('PUT', repository(), headers)
  const length = (value: number | string) => put({ 'Content-Length': String(value) })
  const chunk = (content: Uint8Array) =>
    Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')])

  describe('a Content-Length that lies', () => {
    it('and says too much, before the connection ends, stores nothing', async () => {
      const answer = await exchange(server().host, [length(bytes.length + 100), bytes], 'close')
      expectRefusedOrLost(answer)
      await expectNothing()
    })

    it('and says too little stores nothing, and what follows is no request', async () => {
      const answer = await exchange(server().host, [length(bytes.length - 100), bytes], 'close')
      expect(answer.status).toBe(400)
      expect(answer.text).toMatch(/ends inside the data segment/)
      await expectNothing()
    })

    it.each(['-1', '1e3', '0x10', '99999999999999999999', 'many', '12, 13', ''])(
      'and says %j is refused',
      async (value) => {
        const answer = await exchange(server().host, [length(value), bytes], 'close')
        expect(answer.status).toBeLessThan(500)
        expect(answer.status).not.toBe(201)
        await expectNothing()
      },
    )

    it('beside a Transfer-Encoding does not smuggle a request', async () => {
      const inner = head('DELETE', `${repository()}/x86_64/raw-1-r0.apk`)
      const both = put({ 'Content-Length': '5', 'Transfer-Encoding': 'chunked' })
      const answer = await exchange(server().host, [both, '0\r\n\r\n', inner], 'close')
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      await expectNothing()
    })
  })

  describe('a body that breaks off', () => {
    it.each([
      ['declared', () => [length(bytes.length), bytes.subarray(0, 300)]],
      ['in chunks', () => [put({ 'Transfer-Encoding': 'chunked' }), chunk(bytes.subarray(0, 300))]],
      ['within a chunk', () => [put({ 'Transfer-Encoding': 'chunked' }), '200\r\n', 'abc']],
      ['after its head', () => [length(bytes.length)]],
    ] as const)('%s, stores nothing', async (_, parts) => {
      for (const end of ['close', 'reset'] as const) {
        const answer = await exchange(server().host, parts(), end)
        expectRefusedOrLost(answer)
        await expectNothing()
      }
    })

    it('in chunks that are none is refused', async () => {
      const chunked = put({ 'Transfer-Encoding': 'chunked' })
      for (const junk of ['zz\r\nabc\r\n', '-5\r\nabc\r\n', 'fffffffffffffffff\r\nabc']) {
        const answer = await exchange(server().host, [chunked, junk], 'close')
        expectRefusedOrLost(answer)
        await expectNothing()
      }
    })
  })

  const long = 'x'.repeat(2048)
  const tricks = [
    ...[
      '..',
      '.',
      '%2e%2e',
      '%2E%2E/%2E%2E',
      '..%2f..',
      '%2f',
      '%5c..',
      '%00',
      'a%00b',
      '%zz',
      '%',
    ],
    ...['%252e%252e', '%252f', '%c0%ae', '%ff', '%ed%a0%80', '%0a', '%0d%0aX-A:%20b', '%1b[31m'],
    ...['%e2%80%ae', '%7f', ' ', 'a b', '*', '\\..\\..', ';x=1', ':', '@', "'", '"', '<b>', '{}'],
    ...['\x01', '\x1b[2J', '\x7f', '\xff', long, `${long}%00`, '-', '_', '+', '~', '__proto__'],
    ...['', '/', '//', 'constructor', '?', '#', '%3f', '%23', '$', 'APKINDEX.tar.gz'],
  ]
  const places: Record<string, (trick: string) => string> = {
    owner: (trick) => `/api/packages/${trick}/alpine/edge/main`,
    branch: (trick) => `/api/packages/${owner.name}/alpine/${trick}/main`,
    repository: (trick) => `/api/packages/${owner.name}/alpine/edge/${trick}`,
    architecture: (trick) => `/api/packages/${owner.name}/alpine/edge/main/${trick}/raw-1-r0.apk`,
    file: (trick) => `/api/packages/${owner.name}/alpine/edge/main/x86_64/${trick}`,
    package: (trick) => `/api/packages/${owner.name}/alpine/edge/main/x86_64/${trick}.apk`,
    type: (trick) => `/api/packages/${owner.name}/${trick}/edge/main`,
    token: (trick) => `/api/v1/owners/${owner.name}/tokens/${trick}`,
    api: (trick) => `/api/v1/owners/${trick}`,
    root: (trick) => `/${trick}`,
  }

  for (const [place, path] of Object.entries(places))
    it(`path tricks as ${place} are no 5xx and store nothing`, async () => {
      const broken: string[] = []
      // Not a package: a path that the URL standard resolves to a right one must store nothing.
      const body = 'no package'
      const requests = tricks.flatMap((trick) => [
        head('GET', path(trick), { Connection: 'close' }),
        head('DELETE', path(trick), { Connection: 'close' }),
        `${head('PUT', path(trick), { Connection: 'close', 'Content-Length': String(body.length) })}${body}`,
      ])
      const queue = [...requests]
      const work = async () => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
          const { status, text } = await exchange(server().host, [Buffer.from(next, 'latin1')])
          const [line = ''] = next.split('\r\n')
          const bare = text.slice(text.indexOf('\r\n\r\n') + 4).replace(/\n$/, '')
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
          const escaped = /[\0-\x09\x0b-\x1f\x7f]/.test(bare.replaceAll('\r\n', ''))
          if (status >= 500 || status < 200 || status === 201 || (status >= 400 && escaped))
            broken.push(`${JSON.stringify(line.slice(0, 200))}: ${status} ${bare.slice(0, 200)}`)
        }
      }
      await Promise.all(Array.from({ length: 8 }, work))
      expect(broken).toEqual([])
      await expectNothing()
    })
})
