// Checks the address on which wrangler is going to listen before it starts: its own refusal of a busy
// port comes late and in a paragraph.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { WranglerOptions } from './wrangler-options.ts'

/** @throws Error in one line if the port is invalid or in use */
export async function requireFreePort(options: WranglerOptions, configFile: string): Promise<void> {
  const port = Number(options.port ?? (await findConfiguredPort(configFile)))
  const ip = options.ip === '*' ? '0.0.0.0' : (options.ip ?? '127.0.0.1')
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${options.port} is not a port: use a number from 0 to 65535`)
  // 0 leaves the choice to wrangler.
  if (port === 0) return
  const fault = await findListenFault(ip, port)
  if (fault === 'EADDRINUSE')
    throw new Error(`port ${port} is in use: end what has it, or npm start -- --port ANOTHER`)
  if (fault) throw new Error(`cannot listen on ${ip} port ${port}: ${fault}`)
}

/**
 * The address under which other machines find a registry that listens on every interface, as far as this machine
 * knows; for other registries their own address.
 * @param url as wrangler prints it, with the loopback address for a registry on every interface
 */
export function findOuterUrl(url: string, { ip = '' }: WranglerOptions): string {
  if (!['0.0.0.0', '::', '[::]', '*'].includes(ip)) return url
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const outer = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  return outer === undefined ? url : `http://${outer.address}:${new URL(url).port}`
}

/** The port in the table [dev]; 0 if it has no plain number, since wrangler then chooses a port. */
async function findConfiguredPort(configFile: string): Promise<number> {
  const text = await readFile(configFile, 'utf8').catch(() => '')
  const [, table = ''] = /^\[dev\]$([^[]*)/m.exec(text) ?? []
  const [, port] = /^port *= *(\d+)/m.exec(table) ?? []
  return Number(port ?? 0)
}

function findListenFault(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const probe = createServer()
  probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)))
  return promise
}
