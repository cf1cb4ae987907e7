import { env } from 'cloudflare:workers'
import { beforeEach, expect, it, vi } from 'vitest'
import { sweep } from '../../src/core/blobs/sweep.ts'
import { ADMIN, answerOf, createOwner, listKeys, send } from '../support/worker/registry.ts'
import { restoreRows, saveRows } from '../support/worker/time-travel.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { readIndex } from '../types/alpine/index-reader.ts'
import { checkRepository, MAIN, publish } from '../types/alpine/repository.ts'

// D1 taken back in time, as its Time Travel does, while R2 and the Durable Objects stay as they are.

const names = async () => {
  const response = await send(`${MAIN}/x86_64/APKINDEX.tar.gz`)
  expect(response.status).toBe(200)
  const { entries } = readIndex(new Uint8Array(await response.arrayBuffer()))
  return entries.map((entry) => entry.P)
}

const problems = async () => (await checkRepository()).flatMap((page) => page.problems)

const MINUTE = 60 * 1000

beforeEach(() => createOwner())

it('serves what there was then, and goes on from there', async () => {
  await publish({ name: 'before', version: '1-r0' })
  const saved = await saveRows()
  await publish({ name: 'after', version: '1-r0' })
  await answerOf(`${MAIN}/x86_64/before-1-r0.apk`, { method: 'DELETE', headers: ADMIN })
  // The index files of that time go, as they have been replaced.
  expect(await sweep(env.DB, env.BLOBS, Date.now() + 20 * MINUTE)).toMatchObject({ deleted: 2 })
  await restoreRows(saved)

  expect(await names()).toEqual(['before'])
  expect((await send(`${MAIN}/x86_64/before-1-r0.apk`)).status).toBe(200)
  expect((await send(`${MAIN}/x86_64/after-1-r0.apk`)).status).toBe(404)
  expect(await problems()).toEqual([])
  await publish({ name: 'after', version: '1-r0' })
  expect(await names()).toEqual(['before', 'after'])
  expect(await problems()).toEqual([])
})

it('the objects of the time that is gone are swept', async () => {
  await publish({ name: 'before', version: '1-r0' })
  const saved = await saveRows()
  await publish({ name: 'after', version: '1-r0' })
  await restoreRows(saved)
  expect(await listKeys('blobs/')).toHaveLength(2)
  await sweep(env.DB, env.BLOBS, Date.now() + 5 * 60 * MINUTE)
  expect(await listKeys('blobs/')).toHaveLength(1)
  expect(await names()).toEqual(['before'])
  expect(await problems()).toEqual([])
})

it('a content whose object was swept is whole again once it is published again', async () => {
  const file = `${MAIN}/x86_64/hello-1-r0.apk`
  const hello = { name: 'hello', version: '1-r0', info: { pkgdesc: 'restored' } }
  await publish(hello)
  await answerOf(file, { method: 'DELETE', headers: ADMIN })
  const saved = await saveRows()
  await sweep(env.DB, env.BLOBS, Date.now() + 8 * 24 * 60 * MINUTE)
  await restoreRows(saved)
  const bytes = await publish(hello)
  expect(new Uint8Array(await (await send(file)).arrayBuffer())).toEqual(bytes)
  expect(await problems()).toEqual([])
})

it('a file whose object is lost is whole again once the same bytes are published', async () => {
  const other = MAIN.replace('edge', 'v3.22')
  const hello = { name: 'hello', version: '1-r0', info: { pkgdesc: 'lost' } }
  await publish(hello)
  await env.BLOBS.delete(await listKeys('blobs/'))
  const lost = await answerOf(`${MAIN}/x86_64/hello-1-r0.apk`)
  expect(`${lost.status} ${lost.text}`).toMatch(
    /^503 the file is missing in the store: publish it again/,
  )
  const path = `${MAIN}?if-exists=same`
  expect(
    (await answerOf(path, { method: 'PUT', headers: ADMIN, body: buildApk(hello) })).status,
  ).toBe(200)
  expect(await problems()).toEqual([])
  await env.BLOBS.delete(await listKeys('blobs/'))
  await publish(hello, other)
  await vi.waitFor(async () => expect(await problems()).toEqual([]))
})
