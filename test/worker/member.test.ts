import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { override, wrapMethod } from '../support/worker/bindings.ts'
import { createOwner, put, send, tokenOf } from '../support/worker/registry.ts'
import { TAIL_TYPE, tailed } from '../support/worker/stand-ins/tail.ts'

// A member of a stored zip, served from its range, shown by a stand-in.

const TAIL = `/api/packages/acme/${TAIL_TYPE}`
/** Bytes of their own: the edge cache outlives a test file. */
const BEFORE = new TextEncoder().encode('what is before the member, and none of its bytes')
const TEXT = 'module example.org/hello\n'.repeat(500)
const digest = createHash('sha256').update(TEXT).digest('hex')

interface Place {
  readonly method: 0 | 8
  readonly data: Uint8Array
  readonly size?: number
}

async function publish({ method, data, size = TEXT.length }: Place, owner = 'public') {
  await createOwner('acme', owner)
  const content = Buffer.concat([BEFORE, data, crypto.getRandomValues(new Uint8Array(100))])
  expect((await put(tailed({ name: 'a', version: '1' }, content), `${TAIL}/new`)).status).toBe(201)
  return `${TAIL}/a/1/member/${method}/${BEFORE.length}/${data.length}/${size}/${digest}`
}

const plain: Place = { method: 0, data: new TextEncoder().encode(TEXT) }
const deflated: Place = { method: 8, data: deflateRawSync(TEXT) }

describe.each([
  ['stored', plain],
  ['deflated', deflated],
])('a member that is %s', (_, place) => {
  let path = ''
  beforeEach(async () => {
    path = await publish(place)
  })

  it('is answered as it was before it was packed, from the store and then from the cache', async () => {
    const first = await send(path)
    expect([first.status, first.headers.get('content-length')]).toEqual([200, String(TEXT.length)])
    expect(first.headers.get('etag')).toBe(`"${digest}"`)
    expect(first.headers.get('accept-ranges')).toBeNull()
    expect(await first.text()).toBe(TEXT)
    await vi.waitFor(async () => {
      const again = await send(path)
      expect(await again.text()).toBe(TEXT)
      expect(again.headers.get('server-timing')).toContain('cache;desc=hit')
    })
  })

  it('is read by its range alone, and not for HEAD or 304', async () => {
    const ranges: unknown[] = []
    const get = (key: string, options?: R2GetOptions) => {
      ranges.push(options?.range)
      return env.BLOBS.get(key, options)
    }
    override({ BLOBS: wrapMethod(env.BLOBS, 'get', get as R2Bucket['get']) })
    const head = await send(path, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(TEXT.length)])
    const same = await send(path, { headers: { 'if-none-match': `"${digest}"` } })
    expect([same.status, await same.text()]).toEqual([304, ''])
    expect(ranges).toEqual([])
    await (await send(path)).text()
    expect(ranges[0]).toEqual({ offset: BEFORE.length, length: place.data.length })
  })
})

it.each([
  ['shorter', { ...plain, size: TEXT.length + 1 }],
  ['longer', { ...deflated, size: TEXT.length - 1 }],
  ['no deflate', { ...plain, method: 8 } as const],
])('a member whose bytes are %s than was found breaks off', async (_, place) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const response = await send(await publish(place))
  await expect(response.text()).rejects.toThrow()
})

it('a member of a private file is nobody else’s', async () => {
  const path = await publish(plain, 'private')
  expect((await send(path)).status).toBe(401)
  const { headers } = await tokenOf('acme', { scopes: ['read'] })
  const answer = await send(path, { headers })
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
  await answer.text()
})
