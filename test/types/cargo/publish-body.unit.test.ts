import { describe, expect, test } from 'vitest'
import { MAX_METADATA, readPublishBody } from '../../../src/types/cargo/format/publish-body.ts'
import { chunked, collect, expectRefusal } from '../../unit/formats/streams.ts'
import { frame, little } from './builder.ts'

const crate = new TextEncoder().encode('the crate')
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

async function read(body: Uint8Array, sizes: number | number[] = 65_536) {
  const taken: string[] = []
  const bytes = await collect(
    readPublishBody(chunked(body, sizes), (json) => taken.push(new TextDecoder().decode(json))),
  )
  return { taken, crate: new TextDecoder().decode(bytes) }
}

describe('a body', () => {
  test.each([1, 3, 5, 1000])('of two parts, in chunks of %i', async (size) => {
    const read1 = await read(frame('{"name":"ü"}', crate), size)
    expect(read1).toEqual({ taken: ['{"name":"ü"}'], crate: 'the crate' })
  })

  test('gives the JSON before the first byte of the crate', async () => {
    const order: string[] = []
    const source = readPublishBody(chunked(frame('{}', crate), 4), () => order.push('metadata'))
    for await (const _ of source) order.push('crate')
    expect(order).toEqual(['metadata', 'crate', 'crate', 'crate'])
  })

  test('may have empty parts, which others refuse', async () => {
    expect(await read(frame('', new Uint8Array(0)))).toEqual({ taken: [''], crate: '' })
  })

  test('with as much JSON as may be', async () => {
    const { taken } = await read(frame(' '.repeat(MAX_METADATA), crate))
    expect(taken[0]).toHaveLength(MAX_METADATA)
  })
})

describe('refuses', () => {
  test.each([
    ['nothing', new Uint8Array(0), 'truncated', /inside the length of the JSON, after 0 of 4/],
    ['half a length', little(2).subarray(0, 3), 'truncated', /length of the JSON, after 3 of 4/],
    ['half a JSON', join(little(20), crate), 'truncated', /inside the JSON, after 9 of 20 bytes/],
    ['no crate', frame('{}', crate).subarray(0, 6), 'truncated', /length of the crate/],
    ['half a crate', frame('{}', crate).subarray(0, 12), 'truncated', /the crate, after 2 of 9/],
    ['more than the crate', join(frame('{}', crate), crate), 'malformed', /after the 9 bytes/],
  ] as const)('%s', async (_, body, code, message) => {
    await expectRefusal(() => read(body), code, message)
    await expectRefusal(() => read(body, 1), code, message)
  })

  test('a longer JSON before memory is taken for it', async () => {
    let pulled = 0
    async function* endless() {
      yield little(0xffff_ffff)
      for (;;) {
        pulled += 1
        yield new Uint8Array(1024)
      }
    }
    const refused = () => collect(readPublishBody(endless(), () => undefined))
    await expectRefusal(refused, 'too-large', /has 4294967295 bytes, and 1048576 are allowed/)
    expect(pulled).toBe(0)
  })

  test('what the taker of the JSON refuses, and lets go of the source', async () => {
    let closed = false
    async function* source() {
      try {
        yield frame('{}', crate)
        yield crate
      } finally {
        closed = true
      }
    }
    const refuse = () => {
      throw new Error('not this one')
    }
    await expect(collect(readPublishBody(source(), refuse))).rejects.toThrow('not this one')
    expect(closed).toBe(true)
  })
})
