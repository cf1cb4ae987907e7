import { expect, test } from 'vitest'
import {
  ByteReader,
  concatBytes,
  decodeUtf8,
  equalBytes,
  fromBase64,
  toBase64,
  toHex,
} from '../../../src/formats/bytes.ts'
import { chunked, expectRefusal } from './streams.ts'

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index)

test.each([1, 3, 99, 100, 1000])('reads exact lengths from chunks of %i', async (size) => {
  const reader = new ByteReader(chunked(bytes, size))
  expect(await reader.readExactly(10, 'a')).toEqual(bytes.subarray(0, 10))
  expect(await reader.readExactly(0, 'nothing')).toEqual(new Uint8Array(0))
  expect(await reader.readExactly(85, 'b')).toEqual(bytes.subarray(10, 95))
  expect(await reader.atEnd()).toBe(false)
  expect(await reader.readUpTo(10)).toEqual(bytes.subarray(95))
  expect(await reader.atEnd()).toBe(true)
  await expectRefusal(() => reader.readExactly(1, 'the tail'), 'truncated', /inside the tail/)
})

test('takes bytes back in the order in which they come again', async () => {
  const reader = new ByteReader(chunked(bytes, 7))
  const first = await reader.readUpTo(20)
  reader.unread(first.subarray(5))
  reader.unread(first.subarray(0, 5))
  expect(await reader.readUpTo(200)).toEqual(bytes)
})

test('gives back as one piece what was one', async () => {
  const reader = new ByteReader(chunked(bytes, 60))
  reader.unread(await reader.readUpTo(10))
  expect(await reader.readSome()).toEqual(bytes.subarray(0, 60))
  const other = Uint8Array.of(1, 2)
  reader.unread(bytes.subarray(60, 70))
  reader.unread(other)
  expect(await reader.readSome()).toBe(other)
  reader.unread(bytes.subarray(0, 5))
  expect(await reader.readSome()).toEqual(bytes.subarray(0, 5))
  expect(await reader.readSome()).toEqual(bytes.subarray(60, 70))
})

test('passes over empty chunks and closes a source once', async () => {
  let returned = 0
  const chunks = [new Uint8Array(0), bytes, new Uint8Array(0)]
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const value = chunks.shift()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        returned += 1
        return { done: true, value: undefined }
      },
    }),
  } as AsyncIterable<Uint8Array>
  const reader = new ByteReader(source)
  expect(await reader.readSome()).toBe(bytes)
  await reader.close()
  await reader.close()
  expect(returned).toBe(1)
  expect(await reader.readSome()).toBeUndefined()
})

test('text forms of bytes', () => {
  expect(toHex(bytes.subarray(9, 12))).toBe('090a0b')
  expect(toBase64(Uint8Array.of(255, 254))).toBe('//4=')
  expect(fromBase64('//4=')).toEqual(Uint8Array.of(255, 254))
  for (const bad of ['//4', '//5=', '__4=', 'a', '//4=\n']) expect(fromBase64(bad)).toBeUndefined()
  expect(decodeUtf8(Uint8Array.of(0xc3, 0xa4))).toBe('ä')
  expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe('\ufeff')
  for (const bad of [[0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
    expect(decodeUtf8(Uint8Array.from(bad))).toBeUndefined()
  }
  expect(concatBytes([bytes.subarray(0, 50), bytes.subarray(50)])).toEqual(bytes)
  expect(equalBytes(bytes, bytes.slice())).toBe(true)
  expect(equalBytes(bytes, bytes.subarray(1))).toBe(false)
})
