// What is refused, over HTTP: status, one line that says what, where and what to do, and nothing
// left behind.
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/core/blobs/body.ts'
import { stageUpload } from '../../../src/core/blobs/stage.ts'
import { RegistryError } from '../../../src/core/errors.ts'
import { inspectPackage } from '../../../src/types/alpine/format/package.ts'
import {
  ADMIN,
  answerOf,
  createOwner,
  expectNothing,
  listKeys,
} from '../../support/worker/registry.ts'
import { badPackages, goodPackages, make } from './bad-packages.ts'
import { buildApk, buildApkParts, gzipMember, tarEntry } from './builder.ts'
import { MAIN, put } from './repository.ts'

beforeEach(() => createOwner())

function expectOneLine(text: string): void {
  // No control, format (bidirectional) or separator characters, and so no second line.
  expect(text).toMatch(
    /^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+$/u,
  )
}

describe('refuses', () => {
  it.each(badPackages)('$title', async (bad) => {
    const { status, text } = await put(make(bad).bytes)
    expect(text).toMatch(bad.says)
    expect(status).toBe(400)
    expectOneLine(text)
    await expectNothing()
  })

  it('a .PKGINFO of 80 MB, before it is unpacked', async () => {
    const huge = new Uint8Array(80_000_000)
    const control = gzipMember(tarEntry({ name: '.PKGINFO', content: huge }), { level: 1 })
    const { status, text } = await put(control)
    expect(`${status} ${text}`).toMatch(
      /^400 "\.PKGINFO" in the first gzip member has more than 1048576 bytes: shorten it$/,
    )
    await expectNothing()
  })

  it('a .PKGINFO of 80 MB that says that it is small', async () => {
    const lie = tarEntry({ name: '.a', content: new Uint8Array(80_000_000) })
    const { status, text } = await put(gzipMember(lie, { level: 1 }))
    expect(`${status} ${text}`).toMatch(/^400 the first gzip member unpacks to more than 16777216/)
    await expectNothing()
  })

  it('a bit flipped anywhere, or takes what the flip does not touch', async () => {
    const { bytes, control } = buildApkParts()
    // Time, flags and system in a gzip header mean nothing, but are part of the identity.
    const harmless = new Set([4, 5, 6, 7, 8, 9])
    for (let at = 0; at < bytes.length; at += 7) {
      if (harmless.has(at)) continue
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
      const { status, text } = await put(damaged)
      expect(`${at} ${status} ${text}`).toMatch(/^\d+ 400 .{20,}$/)
      expectOneLine(text)
    }
    expect(control.length).toBeGreaterThan(0)
    await expectNothing()
  })

  it('a cut anywhere', async () => {
    const bytes = buildApk()
    for (let end = 0; end < bytes.length; end += 11) {
      const { status, text } = await put(bytes.subarray(0, end))
      expect(`${end} ${status} ${text}`).toMatch(/^\d+ 400 .{20,}$/)
    }
    await expectNothing()
  })
})

describe('takes', () => {
  it.each(goodPackages)('$title', async (good) => {
    const { status, text } = await put(make(good).bytes)
    expect(`${status} ${text}`).toMatch(/^201 published /)
  })
})

describe('a body', () => {
  it.each([
    ['alone', {}],
    ['of a client that asks for JSON', { accept: 'application/json' }],
  ])('over the limit is refused before it is read, %s', async (_, headers) => {
    // Not one byte of it is ever sent.
    const { readable, writable } = new FixedLengthStream(100_000_001)
    const answer = await answerOf(MAIN, {
      method: 'PUT',
      headers: { ...ADMIN, ...headers },
      body: readable,
    })
    expect(answer.status).toBe(413)
    expect(answer.text).toContain('the body is larger than the limit of 100000000 bytes')
    await writable.abort().catch(() => {})
    await expectNothing()
  })

  const upload = (body: ReadableStream<Uint8Array>, length?: number) =>
    stageUpload(env.BLOBS, {
      body,
      length,
      limits: { bodyBytes: 1_000_000, stallMs: 200, totalMs: 60_000 },
      inspect: async (source) => ({ result: await inspectPackage(source) }),
    })

  async function faultOf(work: Promise<unknown>) {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error instanceof RegistryError) return `${error.fault.code}: ${error.message}`
    throw error
  }

  it.each([undefined, 1_000])('that stalls is a timeout (declared: %s)', async (length) => {
    const { readable, writable } = new IdentityTransformStream()
    const writer = writable.getWriter()
    const write = writer.write(buildApk().subarray(0, 300))
    const fault = await faultOf(upload(readable, length))
    expect(fault).toBe('body-timeout: no byte of the body arrived for 0.2 s: send it again')
    await writer.abort().catch(() => {})
    await write.catch(() => {})
    expect(await listKeys()).toEqual([])
  })

  it.each([
    ['undeclared', undefined, /^truncated/],
    [
      'declared',
      5_000,
      /^invalid-request: the body broke off after 300 bytes of the 5000 .*: send it/,
    ],
  ])('that ends too early is refused (%s)', async (_, length, says) => {
    const body = new Blob([buildApk().subarray(0, 300)]).stream()
    const error = await upload(body, length).then(
      () => undefined,
      (thrown: Error & { code?: string }) => thrown,
    )
    const text =
      error instanceof RegistryError ? `${error.fault.code}: ${error.message}` : error?.code
    expect(text).toMatch(says)
    expect(await listKeys()).toEqual([])
  })

  it('that breaks off is refused', async () => {
    const { readable, writable } = new IdentityTransformStream()
    const writer = writable.getWriter()
    const write = writer.write(buildApk().subarray(0, 300)).then(() => writer.abort(new Error('x')))
    expect(await faultOf(upload(readable, 5_000))).toMatch(/^invalid-request: the body broke off/)
    await write.catch(() => {})
    expect(await listKeys()).toEqual([])
  })

  it('over the limit is refused while it arrives', async () => {
    const content = crypto.getRandomValues(new Uint8Array(60_000))
    const files = Array.from({ length: 20 }, (_, index) => ({ path: `f${index}`, content }))
    const bytes = buildApk({ files, gzip: { level: 0 } })
    expect(await faultOf(upload(new Blob([bytes]).stream()))).toBe(
      'body-too-large: the body is larger than the limit of 1000000 bytes: send less',
    )
    expect(await listKeys()).toEqual([])
  })

  it('that nobody reads on is let go', async () => {
    const body = openBody(new Blob([new Uint8Array(10)]).stream(), 10, {
      bodyBytes: 5,
      stallMs: 200,
      totalMs: 60_000,
    })
    await expect(body.read()).rejects.toThrow(/limit of 5 bytes/)
    await expect(body.drain()).resolves.toBeUndefined()
  })
})
