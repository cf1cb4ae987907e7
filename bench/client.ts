// Requests by node:http, which costs half of what fetch does: clients share the machine with the server
// that is measured. It asks for no compression, as curl does.
import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true })

export interface Sent {
  readonly method: 'GET' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** Reads the answer to its end. Fails unless it is 201. */
export function expectCreated(url: string, sent: Sent): Promise<void> {
  return expectStatus(url, sent, (status) => status === 201)
}

/** The same for whatever means success. */
export function expectSuccess(url: string, sent: Sent): Promise<void> {
  return expectStatus(url, sent, (status) => status >= 200 && status < 300)
}

type IsGood = (status: number) => boolean

async function expectStatus(url: string, sent: Sent, isGood: IsGood): Promise<void> {
  for (;;) {
    try {
      return await send(url, sent, isGood)
    } catch (error) {
      // The server may close a connection just when it is used again: then it has read nothing of it.
      if (!(error instanceof ClosedWhileIdle)) throw error
    }
  }
}

class ClosedWhileIdle extends Error {}

function send(
  url: string,
  { method, headers = {}, body = new Uint8Array(0) }: Sent,
  isGood: IsGood,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const length = method === 'PUT' ? { 'content-length': String(body.length) } : {}
  const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (part: string) => {
      text += part
    })
    response.on('error', reject)
    response.on('end', () => {
      if (isGood(response.statusCode ?? 0)) resolve()
      else reject(new Error(`${response.statusCode} from ${url}: ${text}`))
    })
  })
  sent.on('error', (error: NodeJS.ErrnoException) =>
    reject(sent.reusedSocket && error.code === 'ECONNRESET' ? new ClosedWhileIdle() : error),
  )
  sent.end(body)
  return promise
}
