// Stands between a client and the registry and damages what matches: one byte of the body flips.
import { createServer } from 'node:http'

export interface TamperingProxy extends AsyncDisposable {
  url: string
  /** How many bodies it damaged. */
  damaged(): number
}

export interface Damage {
  /** Which paths. */
  path: RegExp
  /** Where in a body of that length. */
  at(length: number): number
}

export async function startTamperingProxy(target: string, damage: Damage): Promise<TamperingProxy> {
  let damaged = 0
  const proxy = createServer(async (request, response) => {
    const path = request.url ?? '/'
    const answer = await fetch(target + path)
    const body = new Uint8Array(await answer.arrayBuffer())
    if (answer.ok && damage.path.test(path)) {
      const at = damage.at(body.length)
      body[at] = (body[at] ?? 0) ^ 1
      damaged += 1
    }
    response.writeHead(answer.status, { 'content-length': body.length })
    response.end(body)
  })
  const { promise, resolve } = Promise.withResolvers<number>()
  proxy.listen(0, '127.0.0.1', () => {
    const address = proxy.address()
    resolve(typeof address === 'object' && address ? address.port : 0)
  })
  const url = `http://127.0.0.1:${await promise}`
  return {
    url,
    damaged: () => damaged,
    [Symbol.asyncDispose]: async () => {
      proxy.close()
      proxy.closeAllConnections()
    },
  }
}
