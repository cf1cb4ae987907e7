// HTTP by hand over a socket: what no client sends, byte for byte.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RawAnswer {
  /** Of the first answer; 0 when the connection ended without one. */
  readonly status: number
  readonly text: string
  readonly seconds: number
}

/**
 * Sends the parts, half a second between them, and reads until the other side ends, or is silent
 * for a second after an answer.
 * @param end `keep` to leave our side open, `close` to end it, `reset` to break the connection off
 */
export async function exchange(
  host: string,
  parts: readonly (string | Uint8Array)[],
  end: 'keep' | 'close' | 'reset' = 'keep',
): Promise<RawAnswer> {
  const started = performance.now()
  const [address = '', port = ''] = host.split(':')
  const socket = connect(Number(port), address)
  const received: Buffer[] = []
  let quietSince = performance.now()
  let ended = false
  socket.on('data', (chunk) => {
    received.push(chunk)
    quietSince = performance.now()
  })
  // A reset is an end too.
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
  })
  socket.on('end', () => {
    ended = true
  })
  for (const [index, part] of parts.entries()) {
    if (index > 0) await sleep(500)
    if (!socket.destroyed) socket.write(part)
  }
  if (end === 'close') socket.end()
  if (end === 'reset') {
    await sleep(200)
    socket.resetAndDestroy()
  }
  const deadline = performance.now() + 20_000
  while (!ended && performance.now() < deadline) {
    if (received.length > 0 && performance.now() - quietSince > 700) break
    await sleep(20)
  }
  socket.destroy()
  const text = Buffer.concat(received).toString('latin1')
  const [, status = '0'] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? []
  return { status: Number(status), text, seconds: (performance.now() - started) / 1000 }
}
