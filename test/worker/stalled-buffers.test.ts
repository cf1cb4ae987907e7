import { expect, it, vi } from 'vitest'
import { openBody } from '../../src/core/blobs/body.ts'
import { UPLOAD_LIMITS } from '../../src/http/body-limits.ts'

const LENGTH = 2_000_000
const SENT = 1_000_000
const MB = 1_000_000

/** A body that stalls, and the buffers that it holds: the one that is filled, and the chunk before it. */
async function stall() {
  const { readable, writable } = new IdentityTransformStream()
  const sizes: number[] = []
  const getReader = readable.getReader.bind(readable)
  vi.spyOn(readable, 'getReader').mockImplementation(((options: { mode: 'byob' }) => {
    const reader = getReader(options)
    const readAtLeast = reader.readAtLeast.bind(reader)
    reader.readAtLeast = (least, view) => {
      sizes.push(view.byteLength)
      return readAtLeast(least, view)
    }
    return reader
  }) as never)
  const body = openBody(readable, LENGTH, UPLOAD_LIMITS)
  const reading = (async () => {
    for (let chunk = await body.read(); chunk; chunk = await body.read());
  })()
  const writer = writable.getWriter()
  // It is read to its last byte but one buffer, which waits for more.
  const written = writer.write(new Uint8Array(SENT))
  await vi.waitFor(() => expect(sum(sizes)).toBeGreaterThan(SENT), { interval: 1 })
  return {
    held: () => sum(sizes.slice(-2)),
    async end() {
      await written
      await writer.write(new Uint8Array(LENGTH - SENT))
      await writer.close()
      await reading
      return sizes
    },
  }
}

const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)

it('hundreds of bodies that stall hold a part of the memory of the isolate, and give it back', async () => {
  const bodies = []
  for (let count = 0; count < 300; count++) bodies.push(await stall())
  expect(sum(bodies.map((body) => body.held()))).toBeLessThan(64 * MB)
  for (const body of bodies) await body.end()
  // Once nobody else waits, a long body is read in long pieces as ever.
  const alone = await stall()
  expect(Math.max(...(await alone.end()))).toBe(256 * 1024)
})
