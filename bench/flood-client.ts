// Keeps 64 requests of a kind under way until its standard input ends, and then prints how many were answered in a
// second, with which statuses. A process of its own, which gives way to all others: what the flood's client takes of the
// machine is not what the flood costs.
import { Agent, request } from 'node:http'
import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { FLOODS } from './floods.ts'

const CONNECTIONS = 64
const WAYS_LAST = 19

setPriority(WAYS_LAST)
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    /** From how many addresses; 0: from the own machine, which is not counted. */
    addresses: { type: 'string', default: '0' },
  },
})
const pathOf = FLOODS[values.kind]
if (pathOf === undefined) throw new Error(`there is no flood of ${values.kind}`)
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
const addresses = Number(values.addresses)
const statuses = new Map<number, number>()
const start = performance.now()
let stopped = false
let asked = 0

function ask(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request(`${values.url}${path}`, { agent, headers }, (response) => {
    response
      .resume()
      .on('end', () => resolve(response.statusCode ?? 0))
      .on('error', reject)
  })
    .on('error', reject)
    .end()
  return promise
}

async function connect(at: number): Promise<void> {
  // TEST-NET-3 of RFC 5737.
  const address =
    addresses > 0 ? { 'x-bench-address': `203.0.113.${1 + (at % addresses)}` } : undefined
  const headers = values.kind === 'junk credentials' ? { authorization: 'Bearer junk' } : {}
  while (!stopped && pathOf !== undefined) {
    const status = await ask(pathOf(asked++), { ...address, ...headers }).catch(() => 0)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
}

const clients = Array.from({ length: CONNECTIONS }, (_, at) => connect(at))
process.stdin.resume().on('end', async () => {
  stopped = true
  await Promise.all(clients)
  agent.destroy()
  const seconds = (performance.now() - start) / 1000
  const told = [...statuses].map(([status, times]) => `${times} × ${status}`).join(', ')
  console.log(`${(asked / seconds).toFixed(0)} a second of ${asked}: ${told}`)
})
