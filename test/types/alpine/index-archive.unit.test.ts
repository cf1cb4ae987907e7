import { createSign, createVerify, generateKeyPairSync } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deflatePiece } from '../../../src/formats/compression/deflate-pieces.ts'
import {
  buildIndexArchive,
  buildSignatureMember,
  frameIndex,
} from '../../../src/types/alpine/format/index-archive.ts'
import { expectRefusal } from '../../unit/formats/streams.ts'
import { gzipMember, tarEnd, tarEntry } from './builder.ts'
import { readWholeIndex } from './read-index.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const join = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const limits = { maxUnpacked: 1e6 }
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

function build(texts: readonly string[], description = 'test'): Uint8Array {
  const { parts, length } = buildIndexArchive(
    texts.map((text) => deflatePiece(encode(text))),
    description,
  )
  const bytes = join(parts)
  expect(bytes.length).toBe(length)
  return bytes
}

function sign(signed: Uint8Array): Uint8Array {
  const signature = (hash: string) =>
    new Uint8Array(createSign(hash).update(signed).sign(privateKey))
  return buildSignatureMember([
    { algorithm: 'RSA256', keyName: 'me@0011.rsa.pub', signature: signature('RSA-SHA256') },
    { algorithm: 'RSA', keyName: 'me@0011.rsa.pub', signature: signature('RSA-SHA1') },
  ])
}

test('an index is one signature member and one member that it signs', async () => {
  const signed = build(['P:a\n\n', 'P:b\n\n'])
  const archive = await readWholeIndex(join([sign(signed), signed]), limits)
  expect(archive).toMatchObject({ description: 'test', text: 'P:a\n\nP:b\n\n', signed })
  expect(archive.signatures.map((each) => [each.algorithm, each.keyName])).toEqual([
    ['RSA256', 'me@0011.rsa.pub'],
    ['RSA', 'me@0011.rsa.pub'],
  ])
  const [first] = archive.signatures
  const verify = createVerify('RSA-SHA256').update(archive.signed)
  expect(verify.verify(publicKey, first?.signature ?? new Uint8Array(0))).toBe(true)
})

test('the signed member is the tar that another writer makes', () => {
  const text = 'P:a\n\n'.repeat(300)
  const owned = (bytes: Uint8Array) => readable(bytes)
  const expected = join([
    tarEntry({ name: 'DESCRIPTION', content: 'test' }),
    tarEntry({ name: 'APKINDEX', content: text }),
    tarEnd,
  ])
  expect(owned(gunzipSync(build([text.slice(0, 700), text.slice(700)])))).toBe(owned(expected))
})

/** Without what the other writer adds: owner names, and so another header checksum. */
function readable(tar: Uint8Array): string {
  return new TextDecoder()
    .decode(tar)
    .replaceAll('root', '\0\0\0\0')
    .replaceAll(/[0-7]{6}\0 0/g, 'checksum')
}

test('any texts, in any pieces, come back; the bytes hang on the pieces alone', async () => {
  const texts = fc.array(fc.string({ maxLength: 700 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(texts, async (list) => {
      const signed = build(list)
      expect(build(list)).toEqual(signed)
      const archive = await readWholeIndex(join([sign(signed), signed]), limits)
      expect(archive.text).toBe(list.join(''))
    }),
    { numRuns: 50 },
  )
})

test('a frame needs sizes and checksums only', () => {
  const pieces = ['P:a\n\n', 'P:b\n\n'].map((text) => deflatePiece(encode(text)))
  const summaries = pieces.map(({ deflated, length, crc32 }) => ({
    deflatedLength: deflated.length,
    length,
    crc32,
  }))
  const { head, tail, length } = frameIndex(summaries, 'test')
  const whole = join([head, ...pieces.map((piece) => piece.deflated), tail])
  expect(whole).toEqual(join(buildIndexArchive(pieces, 'test').parts))
  expect(whole.length).toBe(length)
})

test('an empty index is an empty file in a whole archive', async () => {
  const signed = build([])
  expect(await readWholeIndex(join([sign(signed), signed]), limits)).toMatchObject({ text: '' })
})

describe('refuses', () => {
  test('a description that apk 3 does not show', async () => {
    expect(build([], 'x'.repeat(160))).toBeDefined()
    await expectRefusal(() => build([], 'ä'.repeat(81)), 'invalid-field', /more than 160 bytes/)
  })

  test.each(['me', 'me.pem', '../me.rsa.pub', 'a b.rsa.pub', '.rsa.pub', 'me.rsa.pub\n'])(
    'the key name %j',
    async (keyName) => {
      const signature = new Uint8Array(256)
      const work = () => buildSignatureMember([{ algorithm: 'RSA', keyName, signature }])
      await expectRefusal(work, 'invalid-field', /end with \.rsa\.pub/)
    },
  )

  const signed = build(['P:a\n\n'])
  const member = sign(signed)
  const other = (...entries: Uint8Array[]) => gzipMember(join(entries))
  test.each([
    ['no signature', signed, 'malformed', /not signed: it begins with "DESCRIPTION"/],
    ['a third member', join([member, signed, signed]), 'malformed', /after its second gzip member/],
    ['no index', join([member, other(tarEntry({ name: 'x' }))]), 'malformed', /no APKINDEX/],
    ['a cut', join([member, signed]).subarray(0, -1), 'truncated', /inside the gzip trailer/],
    [
      'an ended signature member',
      join([other(tarEntry({ name: '.SIGN.RSA.k' }), tarEnd), signed]),
      'malformed',
      /two zero blocks/,
    ],
    [
      'text in another encoding',
      join([member, other(tarEntry({ name: 'APKINDEX', content: Uint8Array.of(0xe9) }))]),
      'malformed',
      /not UTF-8/,
    ],
  ] as const)('%s', async (_name, bytes, code, message) => {
    await expectRefusal(() => readWholeIndex(bytes, limits), code, message)
  })

  test('what unpacks to more than asked for', async () => {
    const work = () => readWholeIndex(join([member, signed]), { maxUnpacked: 3000 })
    await expectRefusal(work, 'too-large', /unpacks to more than 3000 bytes/)
  })
})
