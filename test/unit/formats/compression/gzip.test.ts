import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ByteReader } from '../../../../src/formats/bytes.ts'
import { type GzipMemberOptions, readGzipMember } from '../../../../src/formats/compression/gzip.ts'
import { FormatError } from '../../../../src/formats/format-error.ts'
import { gzipMember } from '../../../types/alpine/builder.ts'
import { chunked, collect, expectRefusal } from '../streams.ts'

const rejections: unknown[] = []
const note = (reason: unknown) => rejections.push(reason)
beforeAll(() => {
  process.on('unhandledRejection', note)
})
afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

const text = new TextEncoder().encode('The quick brown fox. '.repeat(500))

async function unpack(
  bytes: Uint8Array,
  options: Partial<GzipMemberOptions> = {},
  sizes: number | readonly number[] = 65_536,
) {
  const reader = new ByteReader(chunked(bytes, sizes))
  const compressed: Uint8Array[] = []
  const content = await collect(
    readGzipMember(reader, {
      what: 'the member',
      maxUnpacked: 1e6,
      onCompressed: (part) => compressed.push(part.slice()),
      ...options,
    }),
  )
  const rest = await reader.readUpTo(1e6)
  return { content, compressed: new Uint8Array(Buffer.concat(compressed)), rest }
}

describe('a member', () => {
  const forms = {
    plain: gzipMember(text),
    stored: gzipMember(text, { level: 0 }),
    empty: gzipMember(new Uint8Array(0)),
    'with all header fields': gzipMember(text, {
      name: 'a.tar',
      comment: 'c',
      extra: Uint8Array.of(1, 2, 3),
      headerCrc: true,
      mtime: 1_700_000_000,
      os: 3,
    }),
  }
  for (const [name, member] of Object.entries(forms)) {
    test.each([1, 7, 1e6])(`${name}, in chunks of %i, ends where it ends`, async (size) => {
      const next = gzipMember(text)
      const result = await unpack(new Uint8Array(Buffer.concat([member, next])), {}, size)
      expect(result.content).toEqual(name === 'empty' ? new Uint8Array(0) : text)
      expect(result.compressed).toEqual(member)
      expect(result.rest).toEqual(next)
    })
  }

  test('any content, any chunks, any tail', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), sizes, async (content, tail, split) => {
        const member = gzipMember(content)
        const whole = new Uint8Array(Buffer.concat([member, tail]))
        const result = await unpack(whole, {}, split)
        expect(result).toEqual({ content, compressed: member, rest: tail })
      }),
      { numRuns: 60 },
    )
  })
})

describe('refuses', () => {
  const member = gzipMember(text, { name: 'x', headerCrc: true })
  const change = (at: number, value: number) => {
    const bytes = member.slice()
    bytes[at < 0 ? bytes.length + at : at] = value
    return bytes
  }

  test('other magic, method or flags', async () => {
    await expectRefusal(() => unpack(text), 'malformed', /does not begin with a gzip header/)
    await expectRefusal(() => unpack(change(2, 7)), 'malformed', /unknown method/)
    await expectRefusal(() => unpack(change(3, 0xe8)), 'malformed', /unknown flags/)
  })

  test('a header that does not match its own checksum', async () => {
    await expectRefusal(() => unpack(change(4, 9)), 'corrupt', /its own checksum/)
  })

  test('a wrong CRC and a wrong size', async () => {
    const crc = (member.at(-8) ?? 0) ^ 1
    await expectRefusal(() => unpack(change(-8, crc)), 'corrupt', /gzip checksum/)
    await expectRefusal(() => unpack(change(-1, 9)), 'corrupt', /gzip checksum/)
  })

  test('an endless file name', async () => {
    const bytes = new Uint8Array(300_000).fill(65)
    bytes.set([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3])
    await expectRefusal(() => unpack(bytes), 'too-large', /gzip header of the member is larger/)
  })

  test('every cut', async () => {
    const short = gzipMember(text.subarray(0, 50), { name: 'x' })
    for (let end = 0; end < short.length; end += 1) {
      const code = end < 2 ? 'malformed' : 'truncated'
      await expectRefusal(() => unpack(short.subarray(0, end)), code, /./)
    }
  })

  test('a bomb, long before it is unpacked', async () => {
    const bomb = gzipSync(new Uint8Array(50_000_000))
    let unpacked = 0
    const reader = new ByteReader(chunked(bomb, 512))
    const limits = { what: 'the member', maxUnpacked: 100_000 }
    await expectRefusal(
      async () => {
        for await (const chunk of readGzipMember(reader, limits)) unpacked += chunk.length
      },
      'too-large',
      /unpacks to more than 100000 bytes/,
    )
    expect(unpacked).toBeLessThanOrEqual(100_000)
  })

  test('more compressed bytes than it may have', async () => {
    const limit = { maxCompressed: member.length - 1 }
    await expectRefusal(() => unpack(member, limit, 10), 'too-large', /is larger than/)
    await expectRefusal(() => unpack(member, limit), 'too-large', /is larger than/)
    expect((await unpack(member, { maxCompressed: member.length })).content).toEqual(text)
  })

  test('flipped bytes of deflate, with nothing but FormatErrors', async () => {
    for (let at = 12; at < member.length; at += 1) {
      const bytes = change(at, (member[at] ?? 0) ^ 0x10)
      await expect(unpack(bytes)).rejects.toBeInstanceOf(FormatError)
    }
  })
})

test('says the same of a small member that comes at once as of one that comes in pieces', async () => {
  const member = gzipMember(text.subarray(0, 400))
  const outcome = async (bytes: Uint8Array, size: number) => {
    try {
      return await unpack(bytes, {}, size)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      return { code: error.code, message: error.message }
    }
  }
  const outcomes = new Set<string>()
  for (let bit = 0; bit < 8 * member.length; bit += 1) {
    const bytes = new Uint8Array([...member, 1, 2, 3])
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const atOnce = await outcome(bytes, 65_536)
    expect(await outcome(bytes, 9)).toEqual(atOnce)
    outcomes.add('code' in atOnce ? atOnce.code : 'taken')
  }
  // A flipped bit of the time or the system in the header changes nothing.
  expect([...outcomes].sort()).toEqual(['corrupt', 'malformed', 'taken', 'truncated'])
})

test('a consumer that stops early lets go of the inflater and of nothing else', async () => {
  const noise = Uint8Array.from({ length: 500_000 }, (_, index) => (index * index) >>> 7)
  const reader = new ByteReader(chunked(gzipMember(noise), 4096))
  for await (const _ of readGzipMember(reader, { what: 'the member', maxUnpacked: 1e6 })) break
  expect(await reader.atEnd()).toBe(false)
})

test('an error of the source comes through as it is', async () => {
  const broken = new Error('connection lost')
  async function* source() {
    yield gzipMember(text).subarray(0, 20)
    throw broken
  }
  const members = readGzipMember(new ByteReader(source()), { what: 'm', maxUnpacked: 1e6 })
  await expect(collect(members)).rejects.toBe(broken)
})

test('deflate that ends on a chunk border is not read past', async () => {
  const raw = deflateRawSync(text)
  const member = gzipMember(text)
  const tail = Uint8Array.of(1, 2, 3)
  const whole = new Uint8Array(Buffer.concat([member, tail]))
  const result = await unpack(whole, {}, [10, raw.length, 100])
  expect(result).toEqual({ content: text, compressed: member, rest: tail })
})
