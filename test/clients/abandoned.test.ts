// Publishers that go away without waiting for an answer: in the middle of the body, right after it,
// and some moments later. What they left is a whole package or none, and nothing of it is in the way.

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createOwner, type TestOwner } from '../support/clients/registry.ts'
import { useServer } from '../support/clients/use-server.ts'
import { buildApk } from '../types/alpine/builder.ts'
import { readIndex } from '../types/alpine/index-reader.ts'

const server = useServer()

/** Sends so much of the request, waits, and breaks the connection off. */
async function abandon(owner: TestOwner, bytes: Uint8Array, sent: number, waitMs: number) {
  const url = new URL(`${owner.url}/edge/main`)
  const socket = connect(Number(url.port), url.hostname)
  socket.on('error', () => {})
  const head = [
    `PUT ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    `Authorization: Bearer ${owner.token}`,
    `Content-Length: ${bytes.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  await new Promise<void>((resolve) => socket.write(bytes.subarray(0, sent), () => resolve()))
  await sleep(waitMs)
  socket.resetAndDestroy()
}

async function stateOf(owner: TestOwner, name: string) {
  const headers = { authorization: `Bearer ${owner.token}` }
  const index = await fetch(`${owner.url}/edge/main/x86_64/APKINDEX.tar.gz`, { headers })
  const { entries } = readIndex(new Uint8Array(await index.arrayBuffer()))
  const file = await fetch(`${owner.url}/edge/main/x86_64/${name}-1-r0.apk`, { headers })
  const bytes = new Uint8Array(await file.arrayBuffer())
  return { listed: entries.some((entry) => entry.P === name), status: file.status, bytes }
}

async function put(owner: TestOwner, bytes: Uint8Array): Promise<number> {
  const response = await fetch(`${owner.url}/edge/main?if-exists=same`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${owner.token}` },
    body: bytes as Uint8Array<ArrayBuffer>,
  })
  await response.text()
  return response.status
}

describe('a publisher that goes away', () => {
  it('leaves a whole package or none, whenever it goes', async () => {
    const owner = await createOwner(server(), 'private')
    expect(await put(owner, buildApk({ name: 'base', version: '1-r0' }))).toBe(201)
    let there = 0
    const waits = [0, 2, 5, 10, 20, 40, 80, 160, 4000]
    for (const [at, wait] of waits.entries()) {
      const name = `whole-${at}`
      const bytes = buildApk({ name, version: '1-r0' })
      await abandon(owner, bytes, bytes.length, wait)
      await sleep(300)
      // It may still be under way, and land between the two readings.
      const { listed } = await vi.waitFor(
        async () => {
          const state = await stateOf(owner, name)
          expect([name, state.status]).toEqual([name, state.listed ? 200 : 404])
          if (state.listed) expect(Buffer.compare(state.bytes, bytes)).toBe(0)
          return state
        },
        { timeout: 10_000, interval: 300 },
      )
      there += Number(listed)
      expect([200, 201]).toContain(await put(owner, bytes))
      expect((await stateOf(owner, name)).listed).toBe(true)
    }
    // The last of them had its answer long before it went: the connection's end undoes nothing.
    expect(there).toBeGreaterThan(0)
  })

  it('leaves nothing when the body was not whole', async () => {
    const owner = await createOwner(server(), 'private')
    expect(await put(owner, buildApk({ name: 'base', version: '1-r0' }))).toBe(201)
    const content = new Uint8Array(3_000_000).map((_, at) => (at * 7919) >> 3)
    const bytes = buildApk({
      name: 'half',
      version: '1-r0',
      files: [{ path: 'usr/share/data', content }],
    })
    for (const share of [0.01, 0.5, 0.99]) {
      await abandon(owner, bytes, Math.floor(bytes.length * share), 100)
      await sleep(200)
      expect(await stateOf(owner, 'half')).toMatchObject({ listed: false, status: 404 })
    }
    expect(await put(owner, bytes)).toBe(201)
    expect(await stateOf(owner, 'half')).toMatchObject({ listed: true, status: 200 })
  })
})
