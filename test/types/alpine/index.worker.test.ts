import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { override } from '../../support/worker/bindings.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  send,
} from '../../support/worker/registry.ts'
import { buildApk } from './builder.ts'
import { type ReadIndex, readIndex, verifies } from './index-reader.ts'
import { MAIN, publish, put } from './repository.ts'

async function indexOf(architecture: string, path = MAIN): Promise<ReadIndex> {
  const response = await send(`${path}/${architecture}/APKINDEX.tar.gz`)
  expect(response.status).toBe(200)
  return readIndex(new Uint8Array(await response.arrayBuffer()))
}

const namesIn = (index: ReadIndex) =>
  index.entries.map((entry) => `${entry.P}-${entry.V} ${entry.A}`)

const remove = (path: string) => answerOf(`${MAIN}/${path}`, { method: 'DELETE', headers: ADMIN })

async function currentKey() {
  const response = await send('/api/packages/acme/alpine/key')
  const [, name = ''] =
    /filename="(.+)"/.exec(response.headers.get('content-disposition') ?? '') ?? []
  return { name, pem: await response.text() }
}

beforeEach(() => createOwner())

describe('the index', () => {
  it('has every field of the package, as `apk index` orders them', async () => {
    const bytes = buildApk({
      name: 'hello',
      version: '1.2-r3',
      arch: 'x86_64',
      files: [{ path: 'usr/bin/hello', content: '#!/bin/sh\necho hello\n', mode: 0o755 }],
      info: {
        pkgdesc: 'Grüße',
        url: 'https://example.org/',
        license: 'MIT',
        size: '4096',
        builddate: '1700000000',
        origin: 'greetings',
        maintainer: 'Me <me@example.org>',
        commit: 'f'.repeat(40),
        provider_priority: '5',
        depend: ['so:libc.musl-x86_64.so.1', 'other>=1'],
        provides: ['cmd:hello=1.2-r3'],
        install_if: 'greetings=1.2-r3 docs',
      },
    })
    expect((await put(bytes)).status).toBe(201)
    const { text, entries } = await indexOf('x86_64')
    expect(text).toBe(
      [
        `C:${entries[0]?.C}`,
        'P:hello',
        'V:1.2-r3',
        'A:x86_64',
        `S:${bytes.length}`,
        'I:4096',
        'T:Grüße',
        'U:https://example.org/',
        'L:MIT',
        'o:greetings',
        'm:Me <me@example.org>',
        't:1700000000',
        `c:${'f'.repeat(40)}`,
        'k:5',
        'D:so:libc.musl-x86_64.so.1 other>=1',
        'p:cmd:hello=1.2-r3',
        'i:greetings=1.2-r3 docs',
        '',
        '',
      ].join('\n'),
    )
    expect(entries[0]?.C).toMatch(/^Q1[A-Za-z0-9+/]{27}=$/)
  })

  it('is signed with both digests by the key that clients get, and says whose it is', async () => {
    await publish()
    const index = await indexOf('x86_64')
    const { name, pem } = await currentKey()
    expect(name).toMatch(/^acme@[0-9a-f]{16}\.rsa\.pub$/)
    expect(index.signatures.map((signature) => signature.algorithm)).toEqual(['RSA256', 'RSA'])
    expect(verifies(index, name, pem)).toBe(true)
    expect(index.description).toBe('acme/edge/main')
    const tampered = { ...index, signed: index.signed.slice(0, -1) }
    expect(verifies(tampered, name, pem)).toBe(false)
  })

  it('lists what was published last last, also when it was there before', async () => {
    for (const [name, version] of [
      ['b', '1-r0'],
      ['a', '1.10-r0'],
      ['a', '1.9-r0'],
      ['a+', '1-r0'],
    ] as const) {
      await publish({ name, version })
    }
    const inOrder = async () => namesIn(await indexOf('x86_64')).map((each) => each.split(' ')[0])
    expect(await inOrder()).toEqual(['b-1-r0', 'a-1.10-r0', 'a-1.9-r0', 'a+-1-r0'])
    expect((await remove('x86_64/a-1.10-r0.apk')).status).toBe(204)
    await publish({ name: 'a', version: '1.10-r0' })
    expect(await inOrder()).toEqual(['b-1-r0', 'a-1.9-r0', 'a+-1-r0', 'a-1.10-r0'])
  })

  it('stays, signed and empty, when the last package is removed', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    expect((await remove('x86_64/hello-1-r0.apk')).status).toBe(204)
    const index = await indexOf('x86_64')
    const { name, pem } = await currentKey()
    expect([index.text, verifies(index, name, pem)]).toEqual(['', true])
    expect(await countRows()).toMatchObject({ package: 0, package_version: 0, package_file: 0 })
  })

  it('keeps repositories apart', async () => {
    await publish({ name: 'one' })
    await publish({ name: 'two' }, '/api/packages/acme/alpine/v3.22/main')
    expect(namesIn(await indexOf('x86_64'))).toHaveLength(1)
    expect((await indexOf('x86_64', '/api/packages/acme/alpine/v3.22/main')).entries[0]?.P).toBe(
      'two',
    )
  })

  it('leaves the replaced object for those who just read its row, and then to the sweep', async () => {
    await publish({ name: 'one' })
    await publish({ name: 'two' })
    const { results } = await env.DB.prepare('SELECT r2_key, due_at FROM garbage').all()
    expect(results).toHaveLength(1)
    expect(Number(results[0]?.due_at)).toBeGreaterThan(Date.now() + 14 * 60 * 1000)
    expect(await listKeys('indexes/')).toContain(results[0]?.r2_key)
  })
})

describe('noarch packages', () => {
  it('are in the index of every architecture, also of one that comes later or never', async () => {
    await publish({ name: 'native', version: '1-r0', arch: 'x86_64' })
    await publish({ name: 'script', version: '1-r0', arch: 'noarch' })
    await publish({ name: 'native', version: '1-r0', arch: 'aarch64' })
    expect(namesIn(await indexOf('x86_64'))).toEqual(['native-1-r0 x86_64', 'script-1-r0 noarch'])
    expect(namesIn(await indexOf('aarch64'))).toEqual(['native-1-r0 aarch64', 'script-1-r0 noarch'])
    expect(namesIn(await indexOf('riscv64'))).toEqual(['script-1-r0 noarch'])
    expect(namesIn(await indexOf('noarch'))).toEqual(['script-1-r0 noarch'])
  })

  it('have an empty index before there are any', async () => {
    await publish({ arch: 'x86_64' })
    expect((await indexOf('aarch64')).text).toBe('')
  })

  it('answer under every architecture and are removed under their own', async () => {
    const bytes = await publish({ name: 'script', version: '1-r0', arch: 'noarch' })
    for (const architecture of ['noarch', 'x86_64', 'riscv64']) {
      const file = await send(`${MAIN}/${architecture}/script-1-r0.apk`)
      expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes)
    }
    const wrong = await remove('x86_64/script-1-r0.apk')
    expect(`${wrong.status} ${wrong.text}`).toMatch(
      /^404 .* is a noarch package: remove it at …\/noarch/,
    )
    expect((await remove('noarch/script-1-r0.apk')).status).toBe(204)
    for (const architecture of ['noarch', 'x86_64']) {
      expect((await answerOf(`${MAIN}/${architecture}/script-1-r0.apk`)).status).toBe(404)
      expect((await indexOf(architecture)).text).toBe('')
    }
  })

  it.each([
    ['noarch', 'x86_64'],
    ['x86_64', 'noarch'],
  ])('exclude one of the same name and version: %s, then %s', async (first, second) => {
    await publish({ name: 'both', version: '1-r0', arch: first })
    const { status, text } = await put(buildApk({ name: 'both', version: '1-r0', arch: second }))
    expect(`${status} ${text}`).toMatch(
      new RegExp(`^409 .*published in acme/edge/main for ${first}`),
    )
    expect(namesIn(await indexOf('x86_64'))).toEqual([`both-1-r0 ${first}`])
  })

  it('do not exclude two architectures from having one name and version', async () => {
    await publish({ name: 'both', version: '1-r0', arch: 'x86_64' })
    await publish({ name: 'both', version: '1-r0', arch: 'aarch64' })
    expect(await countRows()).toMatchObject({ package: 1, package_version: 1, package_file: 2 })
  })
})

it('a repository has so many architectures and no more', async () => {
  const names = Array.from({ length: 31 }, (_, at) => `arch${at}`)
  for (const arch of names) await publish({ name: 'a', version: '1-r0', arch })
  const { status, text } = await put(buildApk({ name: 'a', version: '1-r0', arch: 'another' }))
  expect(`${status} ${text}`).toMatch(/^400 architecture another would be one more than the 32/)
  await publish({ name: 'b', version: '1-r0', arch: 'arch0' })
})

describe('removing', () => {
  it('takes the version with the last file, and the package with the last version', async () => {
    await publish({ name: 'hello', version: '1-r0', arch: 'x86_64' })
    await publish({ name: 'hello', version: '1-r0', arch: 'aarch64' })
    await publish({ name: 'hello', version: '2-r0', arch: 'x86_64' })
    await remove('x86_64/hello-1-r0.apk')
    expect(await countRows()).toMatchObject({ package: 1, package_version: 2, package_file: 2 })
    await remove('aarch64/hello-1-r0.apk')
    expect(await countRows()).toMatchObject({ package: 1, package_version: 1, package_file: 1 })
    await remove('x86_64/hello-2-r0.apk')
    expect(await countRows()).toMatchObject({ package: 0, package_version: 0, package_file: 0 })
  })

  it('marks the content as unreferenced, and a new use of it as referenced', async () => {
    const unreferenced = () =>
      env.DB.prepare('SELECT unreferenced_at IS NULL AS used FROM package_blob').first('used')
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '1-r0' }, '/api/packages/acme/alpine/v3.22/main')
    await remove('x86_64/hello-1-r0.apk')
    expect(await unreferenced()).toBe(1)
    await answerOf('/api/packages/acme/alpine/v3.22/main/x86_64/hello-1-r0.apk', {
      method: 'DELETE',
      headers: ADMIN,
    })
    expect(await unreferenced()).toBe(0)
    await publish({ name: 'hello', version: '1-r0' })
    expect(await unreferenced()).toBe(1)
    // The new bytes took the place of the old ones, which wait for the sweep.
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM garbage WHERE r2_key LIKE 'blobs/%'").first(
        'n',
      ),
    ).toBe(1)
  })

  it('is 404 for what is not there, and the second time', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    expect((await remove('x86_64/absent-1-r0.apk')).status).toBe(404)
    expect((await remove('x86_64/hello-1-r0.apk')).status).toBe(204)
    expect((await remove('x86_64/hello-1-r0.apk')).status).toBe(404)
  })
})

describe('a change of keys', () => {
  it('has the index signed by both during a rotation, and by the new one after it', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const old = await currentKey()
    const rotate = (secrets: Parameters<typeof override>[0]) => override(secrets)
    rotate({ SIGNING_KEY: env.OTHER_SIGNING_KEY, SIGNING_KEY_PREVIOUS: env.SIGNING_KEY })
    const fresh = await currentKey()
    expect(fresh.name).not.toBe(old.name)
    const both = await indexOf('x86_64')
    expect([verifies(both, old.name, old.pem), verifies(both, fresh.name, fresh.pem)]).toEqual([
      true,
      true,
    ])
    const named = await send(`/api/packages/acme/alpine/${old.name}`)
    expect(await named.text()).toBe(old.pem)

    rotate({ SIGNING_KEY_PREVIOUS: '' })
    const after = await indexOf('x86_64')
    expect([verifies(after, old.name, old.pem), verifies(after, fresh.name, fresh.pem)]).toEqual([
      false,
      true,
    ])
  })

  it('signs once, however many ask at the same time', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    override({ SIGNING_KEY: env.OTHER_SIGNING_KEY })
    await Promise.all(Array.from({ length: 10 }, () => indexOf('x86_64')))
    const revision = await env.DB.prepare('SELECT revision FROM repository').first('revision')
    expect(revision).toBe(2)
  })

  it.each([['old-registry-1.rsa.pub'], ['old-registry-1']])(
    'keeps the name %s, under which clients trust the key already',
    async (name) => {
      override({
        ...{ SIGNING_KEY_NAME: name, SIGNING_KEY_PREVIOUS: env.OTHER_SIGNING_KEY },
        // The same file: a client can hold one of the two, so that the other signs nothing.
        SIGNING_KEY_PREVIOUS_NAME: 'old-registry-1.rsa.pub',
      })
      await publish()
      expect((await currentKey()).name).toBe('old-registry-1.rsa.pub')
      const { signatures } = await indexOf('x86_64')
      expect(signatures.map((signature) => signature.keyName)).toEqual([
        'old-registry-1.rsa.pub',
        'old-registry-1.rsa.pub',
      ])
    },
  )
})
