// Stands between a client and the registry: as the server of a URL, or as a forward proxy that takes
// any host name for the registry's. Can damage what matches: one bit of the body flips.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'

export interface Proxy extends AsyncDisposable {
  url: string
  /** How many bodies it damaged. */
  damaged(): number
  /** What was asked, in order. */
  requests: ProxiedRequest[]
}

export interface ProxiedRequest {
  path: string
  headers: IncomingHttpHeaders
  status: number
}

export interface Damage {
  /** Which paths. */
  path: RegExp
  /** Where in a body of that length. */
  at(length: number): number
}

/** @param target the server of all paths, or of each */
export async function startProxy(
  target: string | ((path: string) => string),
  damage?: Damage,
): Promise<Proxy> {
  const targetOf = typeof target === 'string' ? () => target : target
  let damaged = 0
  const requests: ProxiedRequest[] = []
  const proxy = createServer(async (request, response) => {
    const path = originForm(request.url ?? '/')
    const answer = await fetch(targetOf(path) + path, {
      method: request.method ?? 'GET',
      headers: forwarded(request),
      redirect: 'manual',
    })
    requests.push({ path, headers: request.headers, status: answer.status })
    const body = new Uint8Array(await answer.arrayBuffer())
    if (answer.ok && body.length > 0 && damage?.path.test(path)) {
      const at = damage.at(body.length)
      body[at] = (body[at] ?? 0) ^ 1
      damaged += 1
    }
    const headers = Object.fromEntries(answer.headers)
    for (const name of ['connection', 'keep-alive', 'transfer-encoding']) delete headers[name]
    response.writeHead(answer.status, headers)
    response.end(body)
  })
  const { promise, resolve } = Promise.withResolvers<number>()
  proxy.listen(0, '127.0.0.1', () => {
    const address = proxy.address()
    resolve(typeof address === 'object' && address ? address.port : 0)
  })
  return {
    url: `http://127.0.0.1:${await promise}`,
    damaged: () => damaged,
    requests,
    [Symbol.asyncDispose]: async () => {
      proxy.close()
      proxy.closeAllConnections()
    },
  }
}

/** A forward proxy is asked for a whole URL. */
function originForm(url: string): string {
  return url.replace(/^http:\/\/[^/]+/, '') || '/'
}

function forwarded(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of [
    'authorization',
    'range',
    'if-none-match',
    'if-modified-since',
    'user-agent',
  ]) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  return headers
}
