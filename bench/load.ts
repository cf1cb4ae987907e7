// Requests a second of one URL by many connections: by wrk where it is on PATH, else by keep-alive
// agents of Node, which take more of the machine themselves.
import { Agent, request } from 'node:http'
import { run, runOrThrow } from '../test/support/clients/run.ts'
import { timed } from './measure.ts'

export interface Target {
  readonly url: string
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
}

export type Load = (target: Target, seconds: number) => Promise<number>

const CONNECTIONS = 32

export async function findLoad(): Promise<{ readonly name: string; readonly load: Load }> {
  const found = (await run('which', ['wrk'])).code === 0
  if (!found) return { name: 'Node', load: loadByNode }
  // wrk waits for a body after HEAD.
  const load: Load = (target, seconds) =>
    (target.method === 'HEAD' ? loadByNode : loadByWrk)(target, seconds)
  return { name: 'wrk (HEAD by Node)', load }
}

async function loadByWrk({ url, headers = {} }: Target, seconds: number): Promise<number> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const many = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`]
  const output = await runOrThrow('wrk', [...many, ...lines, url])
  if (/Non-2xx/.test(output)) throw new Error(`wrk got errors of ${url}:\n${output}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1])
}

async function loadByNode(target: Target, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const start = performance.now()
  let requests = 0
  const client = async () => {
    for (; performance.now() - start < seconds * 1000; requests++) await once(agent, target)
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, client))
    return (1000 * requests) / (performance.now() - start)
  } finally {
    agent.destroy()
  }
}

/** Milliseconds of each of so many requests, one after the other by one connection. */
export async function timeRequests(target: Target, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const spent: number[] = []
  try {
    for (let at = 0; at < count; at++) spent.push(await timed(() => once(agent, target)))
    return spent
  } finally {
    agent.destroy()
  }
}

function once(agent: Agent, { url, method = 'GET', headers = {} }: Target): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const sent = request(url, { agent, method, headers }, (response) => {
    const { statusCode = 0 } = response
    if (statusCode >= 400) reject(new Error(`${statusCode} from ${url}`))
    response.resume().on('end', resolve).on('error', reject)
  })
  sent.on('error', reject).end()
  return promise
}
