import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sha256 } from '../../src/core/digests.ts'
import { MAX_TAGS } from '../../src/core/packages/tags.ts'
import { tagBytesOf } from '../../src/core/quota/weights.ts'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  countRows,
  createOwner,
  expectNothing,
  listKeys,
  put,
  send,
  tokenOf,
} from '../support/worker/registry.ts'
import { answerTo, chunked, request } from '../support/worker/requests.ts'
import { TAIL_TYPE, type Tail, tailed } from '../support/worker/stand-ins/tail.ts'
import { type WrappedHead, wrap } from '../support/worker/stand-ins/wrapped.ts'
import { findTag, WRAPPED } from '../support/worker/stand-ins/wrapped-sample.ts'

// What a type can ask of a publish beyond a file that is the body, shown by two stand-ins.

beforeEach(() => createOwner())

const FILE = new TextEncoder().encode('the bytes of the file')
type Head = Omit<WrappedHead, 'length'>
const hello = (more: Partial<Head> = {}): Head => ({ name: 'Hello_World', version: '1', ...more })
const publish = (head: Head, file = FILE, headers: HeadersInit = ADMIN) =>
  put(wrap(head, file), `${WRAPPED}/new`, headers)

describe('a file inside another body', () => {
  it('is stored without what is around it, and the client is answered in its own form', async () => {
    const { status, text } = await publish(hello())
    expect([status, text]).toEqual([200, '{"ok":true}'])
    const file = await send(`${WRAPPED}/hello-world/1`)
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(FILE)
    expect(file.headers.get('etag')).toBe(`"${sha256(FILE)}"`)
    await expectConsistent()
  })

  it('is stored in parts where it is large, with its length declared or not', async () => {
    const large = crypto.getRandomValues(new Uint8Array(65_536))
    const file = Buffer.concat(Array.from({ length: 120 }, () => large))
    expect((await publish(hello(), file)).status).toBe(200)
    const body = wrap(hello({ version: '2' }), file)
    const sent = await answerTo(await chunked(request('PUT', `${WRAPPED}/new`, body)))
    expect(sent.status).toBe(200)
    for (const version of ['1', '2']) {
      const found = await send(`${WRAPPED}/hello-world/${version}`)
      expect(sha256(await found.bytes())).toBe(sha256(file))
    }
    await expectConsistent()
  })

  it('may have no bytes', async () => {
    expect((await publish(hello(), new Uint8Array())).status).toBe(200)
    expect(await (await send(`${WRAPPED}/hello-world/1`)).text()).toBe('')
  })

  const whole = wrap(hello(), FILE)
  it.each([
    [
      'that is cut off inside the file',
      whole.subarray(0, whole.indexOf(10) + 6),
      /^400 the input ends inside the file/,
    ],
    ['that is cut off behind the file', whole.subarray(0, -2), /^400 the input ends inside a line/],
    [
      'that ends otherwise',
      Buffer.concat([whole.subarray(0, -4), Buffer.from('eng\n')]),
      /^400 the last line/,
    ],
    ['with more behind it', Buffer.concat([whole, Buffer.from('x')]), /^400 something follows/],
    [
      'with more behind it, which its reader does not look at',
      Buffer.concat([wrap(hello({ careless: true }), FILE), new Uint8Array(300_000)]),
      /^400 bytes follow where the body should end/,
    ],
  ])('%s stores nothing', async (_, body, says) => {
    const { status, text } = await put(body, `${WRAPPED}/new`)
    expect(`${status} ${text}`).toMatch(says)
    await expectNothing()
  })

  it('is refused by the length of the whole body, before it is read', async () => {
    const { readable, writable } = new FixedLengthStream(100_000_001)
    const init = { method: 'PUT', headers: ADMIN, body: readable }
    expect((await answerOf(`${WRAPPED}/new`, init)).status).toBe(413)
    await writable.abort().catch(() => {})
    await expectNothing()
  })

  it('is of the package that its own words name, whatever else a token may write', async () => {
    const { headers } = await tokenOf('acme', {
      scopes: ['write'],
      packages: ['generic:*'],
    })
    const { status, text } = await publish(hello(), FILE, headers)
    expect(`${status} ${text}`).toMatch(/^403 the access token may not write /)
    await expectNothing()
  })
})

describe('what the client claims of a file', () => {
  it('holds', async () => {
    expect((await publish(hello({ sha256: sha256(FILE) }))).status).toBe(200)
  })

  it.each([
    ['small', 20],
    ['large', 12 * 1024 * 1024],
  ])('does not hold of a %s one, which is never stored', async (_, size) => {
    const stored: string[] = []
    const bucket = wrapMethod(env.BLOBS, 'put', ((key: string, ...more: [never]) => {
      stored.push(key)
      return env.BLOBS.put(key, ...more)
    }) as R2Bucket['put'])
    override({ BLOBS: bucket })
    const { status, text } = await publish(hello({ sha256: sha256('') }), new Uint8Array(size))
    expect(`${status} ${text}`).toMatch(/^400 sha256 is [0-9a-f]{64}, and not as claimed$/)
    expect(stored.filter((key) => key !== 'marker')).toEqual([])
    await expectNothing()
  })
})

describe('metadata', () => {
  it('is refused where D1 would not take it, and nothing stays stored', async () => {
    const { status, text } = await publish(hello({ padding: 1_500_000 }))
    expect(`${status} ${text}`).toMatch(
      /^400 what the package says of itself takes 15000\d\d bytes/,
    )
    await expectNothing()
    expect((await publish(hello({ padding: 1_400_000 }))).status).toBe(200)
    await expectConsistent()
  })
})

describe('one spelling of a name', () => {
  const says =
    /^409 hello-world 2 is of a package that acme\/stand-in-wrapped has as "Hello_World": /

  it('is that of the first publish', async () => {
    expect((await publish(hello())).status).toBe(200)
    const { status, text } = await publish(hello({ name: 'hello-world', version: '2' }))
    expect(`${status} ${text}`).toMatch(says)
    expect((await publish(hello({ version: '2' }))).status).toBe(200)
    expect(await countRows()).toMatchObject({ package: 1, package_version: 2 })
    expect((await send(`${WRAPPED}/HELLO_WORLD/2`)).status).toBe(200)
    await expectConsistent()
  })

  it('is decided between many at once', async () => {
    const names = ['Hello_World', 'hello-world', 'HELLO_world', 'hello_World']
    const all = await Promise.all(
      names.map((name, at) => publish(hello({ name, version: String(at) }))),
    )
    expect(all.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    expect(await countRows()).toMatchObject({ package: 1, package_version: 1, package_file: 1 })
    await expectConsistent()
  })

  it('stays when the package is gone', async () => {
    await publish(hello())
    await answerOf(`${WRAPPED}/hello-world/1`, { method: 'DELETE', headers: ADMIN })
    expect((await publish(hello({ name: 'hello-world' }))).status).toBe(409)
    expect((await publish(hello())).status).toBe(200)
  })
})

describe('tags that come with a publish', () => {
  const tags = (...names: string[]) => ({ tags: names.map((name) => ({ name })) })
  const latest = () => findTag('hello-world', 'latest')

  it('are refused with the file where the package would have more than a thousand', async () => {
    await publish(hello(tags('latest')))
    const names = Array.from({ length: MAX_TAGS - 2 }, (_, at) => at)
    await env.DB.prepare(
      `INSERT INTO package_tag (package_id, name, version_id)
       SELECT v.package_id, 't' || j.value, v.id FROM package_version v, json_each(?1) j`,
    )
      .bind(JSON.stringify(names))
      .run()
    // As moves of the tags would have charged them.
    const charged = names.reduce((sum, at) => sum + tagBytesOf(`t${at}`), 0)
    await env.DB.prepare('UPDATE owner_usage SET metadata_bytes = metadata_bytes + ?1')
      .bind(charged)
      .run()
    const { status, text } = await publish(hello({ version: '2', ...tags('latest', 'a', 'b') }))
    expect([status, text]).toEqual([400, expect.stringMatching(/more than 1000 tags.*remove some/)])
    expect(await countRows()).toMatchObject({ package_version: 1, package_file: 1 })
    expect((await publish(hello({ version: '2', ...tags('latest', 'a') }))).status).toBe(200)
    expect((await publish(hello({ version: '3', ...tags('a', 't7') }))).status).toBe(200)
    await expectConsistent()
  })

  it('point at the version, and are moved by the next', async () => {
    await publish(hello(tags('latest', 'next')))
    await publish(hello({ version: '2', ...tags('latest') }))
    expect([await latest(), await findTag('hello-world', 'next')]).toEqual(['2', '1'])
    await publish(hello({ version: '3' }))
    expect(await latest()).toBe('2')
    await expectConsistent()
  })

  it('stay where they are, if they are wanted only where there is none', async () => {
    const ifAbsent = { tags: [{ name: 'latest', onlyIfAbsent: true }] } as const
    await publish(hello(ifAbsent))
    await publish(hello({ version: '2', ...ifAbsent }))
    expect(await latest()).toBe('1')
  })

  it('are not moved by a publish that is refused', async () => {
    await publish(hello(tags('latest')))
    await publish(hello({ version: '2', ...tags('latest') }))
    expect((await publish(hello({ version: '1', ...tags('latest') }))).status).toBe(409)
    expect(await latest()).toBe('2')
  })

  it('are not moved again where the answer was lost and another publish came', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await publish(hello({ version: '0' }))
    let lost = false
    const batch = async (statements: D1PreparedStatement[]) => {
      const results = await env.DB.batch(statements)
      if (lost) return results
      lost = true
      override({ DB: env.DB })
      expect((await publish(hello({ version: '2', ...tags('latest') }))).status).toBe(200)
      throw new Error('the answer was lost')
    }
    override({ DB: wrapMethod(env.DB, 'batch', batch as D1Database['batch']) })
    expect((await publish(hello({ version: '1', ...tags('latest') }))).status).toBe(200)
    expect([lost, await latest()]).toEqual([true, '2'])
    await expectConsistent()
  })
})

describe('a file that says at its end what it is', () => {
  const TAIL = `/api/packages/acme/${TAIL_TYPE}`
  const send_ = (tail: Tail, size = 100) => put(tailed(tail, new Uint8Array(size)), `${TAIL}/new`)

  it.each([
    ['small', 100],
    ['large', 11 * 1024 * 1024],
  ])('is published: %s', async (_, size) => {
    const { status } = await send_({ name: 'a', version: '1', paths: ['x/y'] }, size)
    expect(status).toBe(201)
    expect((await (await send(`${TAIL}/a/1`)).arrayBuffer()).byteLength).toBeGreaterThan(size)
    const keys = await listKeys()
    expect(keys.filter((key) => key.startsWith('contents/'))).toHaveLength(1)
    await expectConsistent()
  })

  it('is deleted where it is refused', async () => {
    const { status, text } = await put(new Uint8Array(200).fill(255), `${TAIL}/new`)
    expect(`${status} ${text}`).toMatch(/^400 the file does not end with what it holds$/)
    expect((await put(new Uint8Array(3), `${TAIL}/new`)).status).toBe(400)
    const { headers } = await tokenOf('acme', { scopes: ['write'], packages: ['generic:*'] })
    const body = tailed({ name: 'a', version: '1' }, new Uint8Array(9))
    expect((await put(body, `${TAIL}/new`, headers)).status).toBe(403)
    await expectNothing()
  })

  it('is deleted where its reader has a defect, or the list of what it holds is not stored', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect((await send_({ name: 'a', version: '1', beyond: true })).status).toBe(500)
    expect(logged.mock.calls.flat().join()).toContain('RangeError')
    const bucket = wrapMethod(env.BLOBS, 'put', ((key: string, ...more: [never]) =>
      key.startsWith('contents/')
        ? Promise.reject(new Error('no list'))
        : env.BLOBS.put(key, ...more)) as R2Bucket['put'])
    override({ BLOBS: bucket })
    expect((await send_({ name: 'a', version: '1' })).status).toBe(503)
    await expectNothing()
  })

  it('is deleted where the store does not give it back', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const failing = () => Promise.reject(new Error('no read'))
    override({ BLOBS: wrapMethod(env.BLOBS, 'get', failing as R2Bucket['get']) })
    expect((await send_({ name: 'a', version: '1' })).status).toBe(503)
    await expectNothing()
  })
})

describe('digests', () => {
  const digestsOf = () =>
    env.DB.prepare('SELECT sha256, sha1, md5, sha512 FROM package_blob').first<
      Record<string, string>
    >()
  const body = tailed({ name: 'a', version: '1' }, FILE)
  const hex = (name: string) => createHash(name).update(body).digest('hex')
  const all = () => ({
    ...{ sha256: hex('sha256'), sha1: hex('sha1'), md5: hex('md5'), sha512: hex('sha512') },
  })

  it('are those that the type takes, and the others of a content come with another type', async () => {
    await put(body, `/api/packages/acme/${TAIL_TYPE}/new`)
    expect(await digestsOf()).toEqual({ ...all(), md5: '', sha512: '' })
    await put(body, '/api/packages/acme/generic/tool/1/file')
    expect(await digestsOf()).toEqual(all())
    await expectConsistent()
  })

  it('stay as they are when a type comes that takes fewer, and are null where there are none', async () => {
    await put(body, '/api/packages/acme/generic/tool/1/file')
    await put(body, `/api/packages/acme/${TAIL_TYPE}/new`)
    expect(await digestsOf()).toEqual(all())
    await env.DB.prepare("UPDATE package_blob SET md5 = '', sha512 = ''").run()
    const { text } = await answerOf('/api/v1/packages/acme/generic/tool/1/files')
    const { sha256, sha1 } = all()
    expect(JSON.parse(text)).toMatchObject([{ sha256, sha1, md5: null, sha512: null }])
    const page = await answerOf('/acme/-/packages/generic/tool/1', {
      headers: { accept: 'text/html' },
    })
    expect([page.status, page.text.includes('SHA-1'), page.text.includes('MD5')]).toEqual([
      ...[200, true, false],
    ])
  })
})

describe('a tag that falls back', () => {
  const latest = () => findTag('hello-world', 'latest')
  const tags = [{ name: 'latest', fallsBack: true }, { name: 'next' }] as const
  const remove = (version: string) =>
    answerOf(`${WRAPPED}/hello-world/${version}`, { method: 'DELETE', headers: ADMIN })

  it('points at the highest version that remains when its own is removed, and goes with the last', async () => {
    for (const version of ['10', '2', '11', '9']) await publish(hello({ version, tags }))
    expect(await latest()).toBe('9')
    await remove('9')
    expect(await latest()).toBe('11')
    await remove('11')
    expect([await latest(), await findTag('hello-world', 'next')]).toEqual(['10', null])
    await expectConsistent()
    await remove('10')
    expect(await latest()).toBe('2')
    await remove('2')
    expect(await latest()).toBeNull()
    await expectConsistent()
  })

  it('stays where it was moved', async () => {
    for (const version of ['1', '2', '3', '0']) await publish(hello({ version, tags }))
    await remove('3')
    expect(await latest()).toBe('0')
    await remove('0')
    expect(await latest()).toBe('2')
    await expectConsistent()
  })

  it('gives the package a new state', async () => {
    const state = () => env.DB.prepare('SELECT state FROM package').first<string>('state')
    for (const version of ['1', '2']) await publish(hello({ version, tags }))
    const before = await state()
    await remove('2')
    expect(await state()).not.toBe(before)
  })
})
