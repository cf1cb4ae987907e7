import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { Places, partBuffers } from '../../src/core/blobs/part-buffers.ts'
import { openSink } from '../../src/core/blobs/sink.ts'

// Files of unknown length, each of which collects parts of 5 MiB in memory.

const PLACES = 8
const key = (at: number) => `blobs/2026112712/${at}`
const some = (bytes: number) => new Uint8Array(bytes).fill(1)

it('so many hold a long buffer at once, and the next waits until one ends', async () => {
  const sinks = Array.from({ length: PLACES + 1 }, (_, at) =>
    openSink(env.BLOBS, key(at), undefined),
  )
  const [last] = sinks.splice(-1)
  for (const sink of sinks) await sink.write(some(300_000))
  // As long as few bytes came nobody waits.
  await last?.write(some(200_000))
  let wrote = false
  const writing = last?.write(some(200_000)).then(() => {
    wrote = true
  })
  await scheduler.wait(100)
  expect(wrote).toBe(false)
  await sinks[0]?.commit()
  await writing
  await sinks[1]?.abort()
  await sinks[1]?.abort()
  await last?.commit()
  expect((await env.BLOBS.head(key(PLACES)))?.size).toBe(400_000)
  for (const sink of sinks.slice(2)) await sink.abort()
  // Every place is free again, and none is there twice.
  const places = await Promise.all(Array.from({ length: PLACES }, () => partBuffers.take()))
  const more = partBuffers.take()
  expect(await Promise.race([more, scheduler.wait(100)])).toBe(undefined)
  for (const place of places) place.release()
  ;(await more).release()
})

it('who waits too long is told so, and the place of who went away falls vacant', async () => {
  const full = new Places({ count: 1, waitMs: 50, idleMs: 60_000 })
  await full.take()
  await expect(full.take()).rejects.toThrow(/too many files of unknown length/)
  const places = new Places({ count: 1, waitMs: 10_000, idleMs: 50 })
  const gone = await places.take()
  await places.take()
  gone.release()
})

it('a store that fails takes no place away', async () => {
  const failing = new Proxy(env.BLOBS, {
    get: (bucket, name) =>
      name === 'put' ? () => Promise.reject(new Error('outage')) : Reflect.get(bucket, name),
  })
  for (let at = 0; at < PLACES + 2; at++) {
    const sink = openSink(failing, key(at), undefined)
    await sink.write(some(300_000))
    await expect(sink.commit()).rejects.toThrow('outage')
    await sink.abort()
  }
})
