import { beforeEach, describe, expect, it } from 'vitest'
import { override } from '../../support/worker/bindings.ts'
import { expectConsistent } from '../../support/worker/consistency.ts'
import {
  ADMIN,
  countRows,
  createOwner,
  listKeys,
  send,
  tokenOf,
} from '../../support/worker/registry.ts'
import { answerTo, request, stalling, withBody } from '../../support/worker/requests.ts'
import { buildCrate, buildMetadata, buildPublish, type CrateSpec, frame } from './builder.ts'
import { ask, CRATES, mustPublish, publish } from './client.ts'
import { readIndex } from './index-reader.ts'

beforeEach(() => createOwner())

const REGISTRY = 'sparse+https://example.com/index/'

describe('a publish', () => {
  it('puts all that cargo reads of it into the index', async () => {
    const spec: CrateSpec = {
      ...{ name: 'Hello_World', version: '1.0.0-rc.1+b.7', links: 'z', rustVersion: '1.60' },
      dependencies: [
        { name: 'serde', req: '1.2', rename: 'serde1', optional: true, features: ['derive'] },
        {
          name: 'log',
          target: 'cfg(unix)',
          kind: 'build',
          registry: REGISTRY,
          defaultFeatures: false,
        },
      ],
      features: { default: ['dep:serde1'], old: ['log/std'] },
    }
    const answer = await publish(spec)
    expect(answer.said).toBe(
      '200 {"ok":true,"warnings":{"invalid_categories":[],"invalid_badges":[],"other":[]}}',
    )
    const path = `${CRATES}/Hello_World/1.0.0-rc.1+b.7/download`
    expect(answer.headers.get('location')).toBe(path)
    const crate = await send(path)
    expect(crate.headers.get('content-disposition')).toContain('"Hello_World-1.0.0-rc.1+b.7.crate"')
    expect(new Uint8Array(await crate.arrayBuffer())).toEqual(buildCrate(spec))
    const cksum = crate.headers.get('etag')?.slice(1, -1)
    const common = { features: [], optional: false, default_features: true, package: null }
    expect(await readIndex('hello_world')).toEqual([
      {
        ...{ name: 'Hello_World', vers: '1.0.0-rc.1+b.7', cksum, yanked: false, links: 'z', v: 2 },
        ...{ rust_version: '1.60', features: { old: ['log/std'] } },
        ...{ features2: { default: ['dep:serde1'] } },
        pubtime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        deps: [
          {
            ...{ ...common, name: 'log', req: '^1', target: 'cfg(unix)', kind: 'build' },
            ...{ registry: REGISTRY, default_features: false },
          },
          {
            ...{ ...common, name: 'serde1', package: 'serde', req: '^1.2', optional: true },
            ...{ features: ['derive'], target: null, kind: 'normal', registry: null },
          },
        ],
      },
    ])
    await expectConsistent()
  })

  it('of one version is one, whatever its build, and of one name has one spelling', async () => {
    await mustPublish({ name: 'Hello_World', version: '1.0.0-rc.1+b.7' })
    const again = async (name: string, version: string) => (await publish({ name, version })).said
    expect(await again('Hello_World', '1.0.0-rc.1+b.8')).toBe(
      '409 the version of Hello_World 1.0.0-rc.1+b.8 exists in acme/cargo: raise the version and publish again',
    )
    for (const name of ['hello-world', 'hello_world', 'Hello-World']) {
      expect(await again(name, '2.0.0')).toBe(
        `409 ${name} 2.0.0 is of a package that acme/cargo has as "Hello_World": publish it under that spelling, or choose another name`,
      )
    }
    expect((await countRows()).package_file).toBe(1)
    expect(await again('Hello_World', '1.0.0-rc.2')).toMatch(/^200/)
  })

  it('of many spellings at once makes one crate', async () => {
    const names = ['race_d', 'race-d', 'Race_d', 'RACE-D']
    const said = await Promise.all(names.map((name, at) => publish({ name, version: `1.0.${at}` })))
    expect(said.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    const winner = names[said.findIndex(({ status }) => status === 200)] ?? ''
    expect((await readIndex(winner)).map(({ name }) => name)).toEqual([winner])
    await expectConsistent()
  })

  it('is a token`s that may write the crate, however its name is spelt', async () => {
    const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['cargo:my-*'] })
    expect((await publish({ name: 'My_Crate' }, headers)).status).toBe(200)
    expect((await publish({ name: 'your_crate' }, headers)).said).toMatch(
      /^403 the access token may/,
    )
    // What the JSON claims counts, and the crate cannot be another's.
    const spec = { name: 'your-crate', metadata: { name: 'my-crate' }, folder: 'my-crate-1.0.0' }
    expect((await publish(spec, headers)).said).toMatch(/^400 the name is "my-crate" in the JSON/)
    const bare = await tokenOf('acme', { scopes: ['write'] })
    const authorization = bare.token
    expect((await publish({ name: 'other' }, { authorization })).status).toBe(200)
  })

  it('has room for a manifest of many features, and no more', async () => {
    const features = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`feature-${at}`, [] as string[]]),
      )
    await mustPublish({ name: 'many', features: features(5000) })
    const many = await publish({ name: 'more', features: features(25_000) })
    expect(many.said).toMatch(
      /^400 what the index and the pages say of the crate would take \d+ bytes/,
    )
  })
})

describe('refuses, and stores nothing of', () => {
  const json = (changed: object) => JSON.stringify({ ...buildMetadata(), ...changed })
  const crate = buildCrate()
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty body', new Uint8Array(0), /^400 the body ends inside the length of the JSON/],
    ['a JSON that is none', frame('{', crate), /^400 what comes before the crate is no JSON/],
    [
      'a long JSON',
      frame(' '.repeat(1024 * 1024 + 1), crate),
      /^400 the first four bytes say that/,
    ],
    ['a cut crate', buildPublish().subarray(0, -10), /^400 the body ends inside the crate, after/],
    ['no crate', frame(json({}), new Uint8Array(0)), /^400 the crate is empty/],
    [
      'what is no crate',
      frame(json({}), new TextEncoder().encode('x')),
      /^400 the crate does not begin/,
    ],
    [
      'another crate',
      frame(json({ vers: '1.0.1' }), crate),
      /^400 the crate holds "hello-world-1\.0\.0/,
    ],
    [
      'a wrong type',
      frame(json({ deps: 1 }), crate),
      /^400 "deps" in the JSON is "1" and should be/,
    ],
  ])('%s', async (_, body, says) => {
    const answer = await ask('PUT', `${CRATES}/new`, { body })
    expect(answer.said).toMatch(says)
    const code = says.source.includes('body ends') || says.source.includes('four bytes')
    expect(JSON.parse(answer.text)).toMatchObject({
      ...{ code: code ? 'invalid-request' : 'invalid-package', status: 400 },
    })
    expect([await countRows(), await listKeys()]).toMatchObject([
      { package: 0, package_blob: 0 },
      [],
    ])
  })

  it('a crate for which there is no room, before it is read', async () => {
    const files = { data: new Uint8Array(1_000_000) }
    const large = buildCrate({ files, level: 0 })
    override({ OWNER_FILE_BYTES: large.length - 1 })
    const body = frame(json({}), large).subarray(0, 600_000)
    const asked = withBody(request('PUT', `${CRATES}/new`), stalling(body))
    const { status, text } = await answerTo(asked)
    expect([status, text]).toEqual([
      413,
      expect.stringContaining(
        `may have ${large.length - 1}, and this would be ${large.length} more`,
      ),
    ])
  })

  it('a form', async () => {
    const form = new FormData()
    form.set('file', new Blob([buildPublish().slice()]))
    const sent = await send(`${CRATES}/new`, { method: 'PUT', headers: ADMIN, body: form })
    expect(sent.status).toBe(400)
    await sent.text()
    expect((await countRows()).package).toBe(0)
  })
})
