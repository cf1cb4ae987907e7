import { crc32, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  combineCrc32,
  deflatePiece,
  gzipSuffix,
  joinPieces,
  storedPiece,
} from '../../../../src/formats/compression/deflate-pieces.ts'

function assemble(parts: readonly Uint8Array[]): Uint8Array {
  return joinPieces(parts.map((part) => deflatePiece(part)))
}

test('pieces of any content join in one gzip member', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }), (parts) => {
      expect(gunzipSync(assemble(parts))).toEqual(Buffer.concat(parts))
    }),
  )
})

test('any split of one text gives that text', () => {
  const text = Buffer.from('P:hello\nV:1.0-r0\nA:x86_64\n\n'.repeat(200))
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 10 }), (cuts) => {
      const borders = [0, ...cuts.toSorted((a, b) => a - b), text.length]
      const parts = borders.slice(1).map((end, index) => text.subarray(borders[index], end))
      expect(gunzipSync(assemble(parts)).equals(text)).toBe(true)
    }),
  )
})

test('pieces that are stored as they are join with the others', () => {
  const sizes = fc.constantFrom(0, 1, 255, 256, 65_535)
  fc.assert(
    fc.property(sizes, fc.uint8Array(), (size, part) => {
      const stored = Buffer.alloc(size, 'stored')
      const member = joinPieces([storedPiece(stored), deflatePiece(part), storedPiece(stored)])
      expect(gunzipSync(member).equals(Buffer.concat([stored, part, stored]))).toBe(true)
    }),
  )
  expect(() => storedPiece(new Uint8Array(65_536))).toThrow(RangeError)
})

test('checksums combine, also over more bytes than 32 bits count', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])))
    }),
  )
  const zeros = new Uint8Array(2 ** 20)
  let crc = crc32(Uint8Array.of(1))
  let zerosCrc = crc32(zeros)
  for (let length = 2 ** 20; length < 2 ** 34; length *= 2) {
    const twice = combineCrc32(combineCrc32(crc, zerosCrc, length), zerosCrc, length)
    zerosCrc = combineCrc32(zerosCrc, zerosCrc, length)
    expect(combineCrc32(crc, zerosCrc, 2 * length)).toBe(twice)
    crc = twice
  }
})

test('a piece is deterministic and ends on a byte without being final', () => {
  const bytes = Buffer.from('some text')
  expect(deflatePiece(bytes)).toEqual(deflatePiece(bytes))
  expect([...deflatePiece(bytes).deflated.slice(-4)]).toEqual([0, 0, 255, 255])
  expect(gzipSuffix(1, 2 ** 32 + 5)[6]).toBe(5)
})
