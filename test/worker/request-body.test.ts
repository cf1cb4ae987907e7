// The buffers of a body that comes slowly: each read asks for no more than came before it.
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { openBody } from '../../src/core/blobs/body.ts'
import { openSink } from '../../src/core/blobs/sink.ts'

const LIMITS = { bodyBytes: 100_000_000, stallMs: 1000, totalMs: 10_000 }

/** A body of so many bytes, and the lengths of the buffers that were offered to it. */
function offered(bytes: number) {
  const buffers: number[] = []
  let left = bytes
  const body = new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const { byobRequest } = controller as ReadableByteStreamController
      const length = byobRequest?.view?.byteLength ?? 0
      buffers.push(length)
      const given = Math.min(length, left)
      left -= given
      if (given === 0) controller.close()
      byobRequest?.respond(given)
    },
  })
  return { body, buffers }
}

const KIB = 1024

it.each([
  ['unknown', undefined],
  ['declared', 2_000_000],
])('they begin with 16 KiB and end with 256, for a length that is %s', async (_, length) => {
  const { body, buffers } = offered(2_000_000)
  const { read } = openBody(body, length, LIMITS)
  let total = 0
  for (let chunk = await read(); chunk; chunk = await read()) total += chunk.length
  expect(total).toBe(2_000_000)
  const grown = [16, 16, 32, 64, 128].map((kib) => kib * KIB)
  expect(buffers.slice(0, 5)).toEqual(grown)
  expect(new Set(buffers.slice(5, 11))).toEqual(new Set([256 * KIB]))
})

it('a small declared body is read at once', async () => {
  const { body, buffers } = offered(12_000)
  const { read } = openBody(body, 12_000, LIMITS)
  expect((await read())?.length).toBe(12_000)
  expect(await read()).toBeUndefined()
  expect(buffers[0]).toBe(12_001)
})

it('the sink takes chunks of any size into parts of 5 MiB', async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000))
  const sink = openSink(env.BLOBS, 'parts', undefined)
  const sent: Uint8Array[] = []
  for (let size = 1, total = 0; total < 11 * KIB * KIB; size = (size * 7) % 59_999) {
    const chunk = bytes.slice(0, size)
    sent.push(chunk)
    total += chunk.length
    await sink.write(chunk)
  }
  await sink.commit()
  const stored = new Uint8Array((await (await env.BLOBS.get('parts'))?.arrayBuffer()) ?? [])
  expect(Buffer.compare(stored, Buffer.concat(sent))).toBe(0)
})
