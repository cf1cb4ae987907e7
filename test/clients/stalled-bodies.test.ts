// What requests cost whose bodies begin and then stall: memory for what came, not for what may come. Many
// of them at once would otherwise fill the Worker's 128 MB. Some need no token.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import {
  canMeasure,
  residentMegabytes,
  runtimeProcesses,
} from '../support/clients/process-costs.ts'
import { createOwner } from '../support/clients/registry.ts'
import type { Server } from '../support/clients/server.ts'
import { useOwnServer } from '../support/clients/use-server.ts'

/** Until all have arrived; the stall limits are longer. */
const SETTLE_MS = 4000
const CHUNKED = 'Transfer-Encoding: chunked'

const sockets: Socket[] = []
/** Status lines: an answer would mean that the request does not wait for its body. */
let answers: string[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** Sends heads and the first bytes of bodies that never go on. */
async function stall(
  { host }: Server,
  count: number,
  [start, ...headers]: readonly string[],
  body: string,
): Promise<void> {
  const [name, port] = host.split(':')
  const head = [start, `Host: ${host}`, ...headers, '', ''].join('\r\n')
  for (let each = 0; each < count; each++) {
    const socket = connect(Number(port), name ?? '')
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => answers.push(String(data).split('\r\n', 1)[0] ?? ''))
    socket.write(head + body, 'latin1')
  }
  await sleep(SETTLE_MS)
}

describe('bodies that stall', () => {
  const server = useOwnServer()

  /** Megabytes that the process of the runtime which grows most holds more. */
  const grown = async (action: () => Promise<void>): Promise<number> => {
    answers = []
    const processes = runtimeProcesses(server().group)
    expect(processes.length).toBeGreaterThan(0)
    const before = processes.map(residentMegabytes)
    await action()
    const growths = processes.map((pid, at) => residentMegabytes(pid) - (before[at] ?? 0))
    expect(answers).toEqual([])
    return Math.max(...growths)
  }

  /** Connections and requests cost something themselves, the first time more: as many of two bytes each. */
  const warmUp = async (count: number, head: readonly string[]): Promise<void> => {
    await stall(server(), count, [...head, 'Content-Length: 2'], 'x')
    for (const socket of sockets.splice(0)) socket.destroy()
    await sleep(SETTLE_MS)
  }

  it.skipIf(!canMeasure)('60 uploads of 2 bytes', async () => {
    const owner = await createOwner(server(), 'public')
    const { pathname } = new URL(`${owner.url}/edge/main`)
    const head = [`PUT ${pathname} HTTP/1.1`, `Authorization: Bearer ${owner.token}`]
    await warmUp(60, head)
    const megabytes = await grown(() =>
      stall(server(), 60, [...head, CHUNKED], '2\r\n\x1f\x8b\r\n'),
    )
    console.log(`60 stalled uploads: +${megabytes} MB`)
    expect(megabytes).toBeLessThan(40)
  })

  it.skipIf(!canMeasure)('400 forms that nobody is known to have sent', async () => {
    const head = [
      'POST /-/sign-in HTTP/1.1',
      'Sec-Fetch-Site: same-origin',
      'Content-Type: application/x-www-form-urlencoded',
    ]
    await warmUp(400, head)
    const megabytes = await grown(() => stall(server(), 400, [...head, CHUNKED], '6\r\ntoken=\r\n'))
    console.log(`400 stalled forms: +${megabytes} MB`)
    expect(megabytes).toBeLessThan(55)
  })
})
