import { env } from 'cloudflare:workers'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { stageUpload } from '../../src/core/blobs/stage.ts'
import type { ByteSource } from '../../src/formats/bytes.ts'
import { override } from '../support/worker/bindings.ts'
import { expectConsistent } from '../support/worker/consistency.ts'
import {
  ADMIN,
  answerOf,
  createOwner,
  expectNothing,
  listKeys,
  send,
} from '../support/worker/registry.ts'
import { answerTo, chunked, request } from '../support/worker/requests.ts'
import { HEAD, SIGNATURE } from '../support/worker/stand-ins/signed.ts'
import { SIGNED } from '../support/worker/stand-ins/signed-sample.ts'

// An upload of which something else is stored than was sent, shown by a stand-in.

beforeEach(() => createOwner())

const encode = (text: string) => new TextEncoder().encode(text)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const SENT = encode(`${HEAD}what is in it`)
const STORED = encode(`${HEAD}${SIGNATURE}what is in it`)

const publish = (body: Uint8Array = SENT, query = '', headers: Record<string, string> = {}) =>
  answerOf(`${SIGNED}/tool/1?${query}`, { method: 'PUT', headers: { ...ADMIN, ...headers }, body })

describe('a transformed upload', () => {
  it('is known by what is stored, in row, digests, metadata and to the inspection', async () => {
    expect((await publish()).status).toBe(201)
    const found = await send(`${SIGNED}/tool/1`)
    expect([found.headers.get('etag'), await found.bytes()]).toEqual([
      `"${sha256(STORED)}"`,
      STORED,
    ])
    const row = await env.DB.prepare(
      'SELECT f.metadata, b.size, b.md5 FROM package_file f JOIN package_blob b ON b.sha256 = f.blob_sha256',
    ).first()
    expect(row).toEqual({
      metadata: JSON.stringify({ isSigned: true, size: STORED.length }),
      size: STORED.length,
      md5: createHash('md5').update(STORED).digest('hex'),
    })
    expect(await env.DB.prepare('SELECT file_bytes FROM owner_usage').first('file_bytes')).toBe(
      STORED.length,
    )
    await expectConsistent()
  })

  it('is held against what the client claimed of what it sent', async () => {
    const claims = (bytes: Uint8Array) => `sha256=${sha256(bytes)}&size=${bytes.length}`
    expect((await publish(SENT, claims(STORED))).status).toBe(400)
    expect((await publish(SENT, '', { 'x-checksum-sha256': sha256(STORED) })).status).toBe(400)
    await expectNothing()
    const digest = `sha-256=:${Buffer.from(sha256(SENT), 'hex').toString('base64')}:`
    const headers = { 'x-checksum-sha256': sha256(SENT), 'content-digest': digest }
    expect((await publish(SENT, claims(SENT), headers)).status).toBe(201)
  })

  it('is refused in the words of transform and inspection, and nothing stays stored', async () => {
    const refused = [
      [encode('another head'), 'it has another head'],
      [encode(HEAD.slice(1, 4)), 'ends inside the head'],
      [encode(`${HEAD}refused`), 'it is refused'],
    ] as const
    for (const [body, words] of refused) {
      const { status, text } = await publish(body)
      expect([status, text]).toEqual([400, expect.stringContaining(words)])
    }
    await expectNothing()
  })

  it('is not stored where the transform leaves something of it unread', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const long = new Uint8Array(1_000_000)
    expect((await publish(long, 'careless')).status).toBe(500)
    await expectNothing()
  })

  it('has room as what is stored takes it', async () => {
    override({ OWNER_FILE_BYTES: STORED.length - 1 })
    expect((await publish()).status).toBe(413)
    await expectNothing()
    override({ OWNER_FILE_BYTES: STORED.length })
    expect((await publish()).status).toBe(201)
  })

  it('streams into parts where it is large, with its length declared or not', async () => {
    const content = new Uint8Array(12 * 1024 * 1024)
    for (let at = 0; at < content.length; at += 65_536) {
      crypto.getRandomValues(content.subarray(at, at + 65_536))
    }
    const body = Buffer.concat([encode(HEAD), content])
    const expected = Buffer.concat([encode(HEAD + SIGNATURE), content])
    expect((await publish(body)).status).toBe(201)
    const second = request('PUT', `${SIGNED}/tool/2`, body)
    expect((await answerTo(await chunked(second))).status).toBe(201)
    for (const version of ['1', '2']) {
      expect(sha256(await (await send(`${SIGNED}/tool/${version}`)).bytes())).toBe(sha256(expected))
    }
    await expectConsistent()
  })
})

describe('the limit of a body', () => {
  const LIMITS = { bodyBytes: 1000, stallMs: 1000, totalMs: 10_000 }

  async function* repeat(source: ByteSource, times: number): ByteSource {
    for await (const chunk of source) for (let n = 0; n < times; n++) yield chunk
  }

  const stage = (bytes: number, times: number) =>
    stageUpload(env.BLOBS, {
      body: new Blob([new Uint8Array(bytes)]).stream(),
      ...{ length: bytes, limits: LIMITS },
      transform: (source) => repeat(source, times),
      async inspect(source) {
        let size = 0
        for await (const chunk of source) size += chunk.length
        return { result: size }
      },
    })

  it('holds for what was sent and for what is stored', async () => {
    expect(await stage(500, 2)).toMatchObject({ inspected: 1000, blob: { size: 1000 } })
    const [key = ''] = await listKeys()
    await env.BLOBS.delete(key)
    const tooLarge = { fault: { code: 'body-too-large', limit: 1000 } }
    await expect(stage(501, 2)).rejects.toMatchObject(tooLarge)
    await expect(stage(1001, 0)).rejects.toMatchObject(tooLarge)
    expect(await listKeys()).toEqual([])
  })
})
