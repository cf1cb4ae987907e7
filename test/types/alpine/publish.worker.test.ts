import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  listKeys,
  send,
} from '../../support/worker/registry.ts'
import { buildApk } from './builder.ts'
import { MAIN, publish, put } from './repository.ts'

beforeEach(() => createOwner())

describe('a publish', () => {
  it('answers 201 with the place and one line, and the bytes are there', async () => {
    const bytes = buildApk({ name: 'hello', version: '1.0.0-r0', arch: 'x86_64' })
    const answer = await put(bytes)
    expect(answer.status).toBe(201)
    expect(answer.text).toBe('published hello 1.0.0-r0 x86_64 to acme/edge/main, revision 1')
    expect(answer.headers.get('location')).toBe(`${MAIN}/x86_64/hello-1.0.0-r0.apk`)
    const file = await send(answer.headers.get('location') ?? '')
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes)
    expect(await countRows()).toEqual({
      package: 1,
      package_version: 1,
      package_file: 1,
      package_blob: 1,
      repository: 1,
    })
    expect(await listKeys('blobs/')).toHaveLength(1)
    expect(await listKeys('indexes/')).toHaveLength(2)
  })

  it.each([
    ['a trailing slash', `${MAIN}/`],
    ['a file name', `${MAIN}/anything_1.0_amd64.apk`],
    ['the owner in capitals', MAIN.replace('acme', 'ACME')],
  ])('takes a path with %s', async (_, path) => {
    const { status, text } = await put(buildApk({ name: 'hello', version: '1.0-r0' }), path)
    expect(`${status} ${text}`).toMatch(/^201 published hello 1\.0-r0 x86_64 to acme\/edge\/main/)
  })

  it('takes a chunked body, small and over several parts', async () => {
    const random = crypto.getRandomValues(new Uint8Array(65_536))
    const content = new Uint8Array(12 * 1024 * 1024)
    for (let at = 0; at < content.length; at += random.length) {
      random[0] = at >> 16
      content.set(random, at)
    }
    const sizes = { small: new Uint8Array(10), large: content }
    for (const [name, data] of Object.entries(sizes)) {
      const bytes = buildApk({
        name,
        version: '1-r0',
        files: [{ path: 'usr/share/data', content: data }],
        gzip: { level: 0 },
      })
      const body = new Blob([bytes]).stream()
      const { status, text } = await answerOf(MAIN, { method: 'PUT', headers: ADMIN, body })
      expect(`${status} ${text}`).toMatch(/^201 /)
      const file = await send(`${MAIN}/x86_64/${name}-1-r0.apk`)
      expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes)
    }
  })

  it('stores one blob per content, whatever the repository', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    await publish({ name: 'hello', version: '1-r0' }, '/api/packages/acme/alpine/v3.22/main')
    expect(await countRows()).toMatchObject({
      package: 1,
      package_version: 1,
      package_file: 2,
      package_blob: 1,
    })
    // The second publisher's own bytes go after its answer.
    await vi.waitFor(async () => expect(await listKeys('blobs/')).toHaveLength(1))
  })

  it('keeps what the API reports of a content', async () => {
    const bytes = await publish()
    const row = await env.DB.prepare('SELECT * FROM package_blob').first()
    const hex = async (name: string) =>
      [...new Uint8Array(await crypto.subtle.digest(name, bytes))]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('')
    expect(row).toMatchObject({
      size: bytes.length,
      md5: await hex('MD5'),
      sha1: await hex('SHA-1'),
      sha256: await hex('SHA-256'),
      sha512: await hex('SHA-512'),
    })
  })
})

describe('a file that exists', () => {
  it('is a conflict that says whether the bytes are the same', async () => {
    const bytes = await publish({ name: 'hello', version: '1-r0' })
    const same = await put(bytes)
    expect(`${same.status} ${same.text}`).toMatch(/^409 .*same bytes, revision 1: nothing to do$/)
    const other = await put(buildApk({ name: 'hello', version: '1-r0', info: { pkgdesc: 'x' } }))
    expect(`${other.status} ${other.text}`).toMatch(/^409 .*other bytes.*raise pkgrel/)
    expect(await listKeys('blobs/')).toHaveLength(1)
    expect(await countRows()).toMatchObject({ package_file: 1, package_blob: 1 })
  })

  it('has a code of its own for each', async () => {
    const bytes = await publish({ name: 'hello', version: '1-r0' })
    const headers = { ...ADMIN, accept: 'application/json' }
    expect(JSON.parse((await put(bytes, MAIN, headers)).text)).toMatchObject({
      status: 409,
      code: 'already-published',
    })
    const other = buildApk({ name: 'hello', version: '1-r0', info: { pkgdesc: 'x' } })
    expect(JSON.parse((await put(other, MAIN, headers)).text)).toMatchObject({
      status: 409,
      code: 'file-exists',
    })
  })

  it('is fine with if-exists=same, if it is the same', async () => {
    const bytes = await publish({ name: 'hello', version: '1-r0' })
    expect(await put(bytes, `${MAIN}?if-exists=same`)).toMatchObject({ status: 200 })
    const other = buildApk({ name: 'hello', version: '1-r0', info: { pkgdesc: 'x' } })
    expect(await put(other, `${MAIN}?if-exists=same`)).toMatchObject({ status: 409 })
    expect(await put(bytes, `${MAIN}?if-exists=any`)).toMatchObject({ status: 400 })
  })

  it('can be published again once it was removed', async () => {
    await publish({ name: 'hello', version: '1-r0' })
    const path = `${MAIN}/x86_64/hello-1-r0.apk`
    expect(await answerOf(path, { method: 'DELETE', headers: ADMIN })).toMatchObject({
      status: 204,
    })
    const bytes = await publish({ name: 'hello', version: '1-r0', info: { pkgdesc: 'again' } })
    expect(new Uint8Array(await (await send(path)).arrayBuffer())).toEqual(bytes)
  })
})

describe('a refused publish leaves nothing behind', () => {
  const good = buildApk({ name: 'hello', version: '1-r0' })
  const flipped = good.slice()
  flipped[good.length - 30] = (flipped[good.length - 30] ?? 0) ^ 1

  it.each([
    ['no package', new TextEncoder().encode('hello\n'), 400, /./],
    ['nothing', new Uint8Array(0), 400, /no body/],
    ['a package cut short', good.subarray(0, good.length - 100), 400, /./],
    ['a package with a flipped bit', flipped, 400, /./],
    ['a package of format v3', new TextEncoder().encode('ADBd1234'), 400, /v3/],
    [
      'a bad version',
      buildApk({ version: '1.2.4-SNAPSHOT' }),
      400,
      /version "1\.2\.4-SNAPSHOT" is not an apk version: use 1\.2\.4_git\d{8}/,
    ],
    ['a foreign architecture', buildApk({ arch: 'amd64' }), 400, /architecture "amd64".*x86_64/],
    ['a bad name', buildApk({ name: '../evil' }), 400, /package name "\.\.\/evil"/],
    ['no datahash', buildApk({ omitDatahash: true }), 400, /datahash/],
    [
      'a snapshot without a build date',
      buildApk({ version: '1.2.4_SNAPSHOT-abc', info: { builddate: null } }),
      400,
      new RegExp(`use 1\\.2\\.4_git${new Date().toISOString().slice(0, 10).replaceAll('-', '')}$`),
    ],
    [
      'metadata that the database does not take',
      buildApk({ info: { depend: 'word '.repeat(8000) } }),
      400,
      /the index entry would take \d+ bytes, more than 32768: shorten depend in \.PKGINFO$/,
    ],
    ['a wrong datahash', buildApk({ wrongDatahash: true }), 400, /datahash/],
  ])('%s', async (_, bytes, status, text) => {
    const answer = await put(bytes)
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(text)
    expect(answer.text).not.toMatch(/\n/)
    expect(await countRows()).toMatchObject({ package_file: 0, package_blob: 0, repository: 0 })
    expect(await listKeys()).toEqual([])
  })

  it.each([
    [
      'edge/hello.apk',
      'repository "hello.apk" is the name of a file, before which the path lacks the repository: write …/alpine/edge/main/hello.apk',
    ],
    ['edge/hello.APK/', 'repository "hello.APK" is the name of a file, .*'],
    [
      'hello.apk/main',
      'branch "hello.apk" is the name of a file, before which the path lacks the branch and the repository: write …/alpine/edge/main/hello.apk',
    ],
  ])('a file name where the name of a repository belongs: %s', async (path, says) => {
    const { status, text } = await put(good, `/api/packages/acme/alpine/${path}`)
    expect(`${status} ${text}`).toMatch(new RegExp(`^400 ${says}$`))
    expect(await countRows()).toMatchObject({ repository: 0 })
    expect(await listKeys()).toEqual([])
  })

  it.each([
    ['branch', '/api/packages/acme/alpine/-edge/main'],
    ['branch', '/api/packages/acme/alpine/a%2fb/main'],
    ['repository', '/api/packages/acme/alpine/edge/ma%00in'],
    ['repository', `/api/packages/acme/alpine/edge/${'m'.repeat(65)}`],
  ])('a bad %s in the path %s', async (kind, path) => {
    const { status, text } = await put(good, path)
    expect(`${status} ${text}`).toMatch(
      new RegExp(`^400 ${kind} ".*" is not a valid name: use 1 to 64`),
    )
    expect(await listKeys()).toEqual([])
  })

  it('a body over the limit, by its declared length', async () => {
    const { readable } = new FixedLengthStream(100_000_001)
    const { status, text } = await answerOf(MAIN, { method: 'PUT', headers: ADMIN, body: readable })
    expect(`${status} ${text}`).toBe(
      '413 the body is larger than the limit of 100000000 bytes: send less',
    )
  })
})
