// Where wrangler is going to listen, asked before it starts: its own refusal of a busy port comes
// late and in a paragraph.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { StartArguments } from './start-arguments.ts'

/** @throws Error in one line if somebody else has the port */
export async function requireFreePort(given: StartArguments, configFile: string): Promise<void> {
  const port = given.port ?? (await findConfiguredPort(configFile))
  const ip = given.ip === '*' ? '0.0.0.0' : (given.ip ?? '127.0.0.1')
  // 0 leaves the choice to wrangler.
  if (!port) return
  const reason = await findListenFault(ip, port)
  if (reason === 'EADDRINUSE')
    throw new Error(`port ${port} is in use: end what has it, or npm start -- --port ANOTHER`)
  if (reason) throw new Error(`cannot listen on ${ip} port ${port}: ${reason}`)
}

/** The port of the table [dev]; without a plain one wrangler finds its own. */
async function findConfiguredPort(configFile: string): Promise<number | undefined> {
  const text = await readFile(configFile, 'utf8').catch(() => '')
  const [, table = ''] = /^\[dev\]$([^[]*)/m.exec(text) ?? []
  const [, port] = /^port *= *(\d+)/m.exec(table) ?? []
  return port === undefined ? undefined : Number(port)
}

function findListenFault(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const probe = createServer()
  probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)))
  return promise
}
