// What installs and publishes of one owner take while 64 connections without credentials ask for something of
// another one, which has 25,000 packages: beside what they take when nobody else asks, and beside a flood of a
// static file, which asks no database and shows what the one thread of the local runtime costs by itself.
import { Agent, request } from 'node:http'
import { createServerState, startServer } from '../../test/support/clients/server.ts'
import { summarise, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { describePackage, freshPackage } from '../packages.ts'
import { createOwner, indexUrl, publish } from '../registry.ts'
import type { Report } from '../report.ts'
import { seed } from '../seed.ts'

const PART = 'flood'
const PACKAGES = 25_000
const CONNECTIONS = 64
const SECONDS = 6

type PathOf = (at: number) => string
const LIST = '/api/v1/packages/large'

/** Each asks for something else every time where that is possible, so that nothing that is kept helps. */
const FLOODS: Readonly<Record<string, PathOf>> = {
  'a static file': () => '/robots.txt',
  'a list of one': () => `${LIST}?limit=1`,
  'pages of a list': (at) => `${LIST}?limit=100&page=${1 + (at % 100)}`,
  'a search': (at) => `${LIST}?q=${['lib', 'py', 'e', 'mod', 'zz'][at % 5]}${at % 10}`,
  "npm's search": (at) => `/api/packages/large/npm/-/v1/search?text=a${at % 100}`,
  "an owner's page": (at) => `/large?sort=${at % 2 ? 'newest' : 'name'}&page=${1 + (at % 20)}`,
  'an absent package': (at) => `/large/-/packages/alpine/none-${at}`,
  'a document that is not there': (at) => `/api/packages/large/npm/none-${at}`,
  health: () => '/api/healthz',
}

export async function benchFlood(report: Report, { only: _, ...options }: Options): Promise<void> {
  const state = await createServerState()
  const entries = Array.from({ length: options.sizes?.[0] ?? PACKAGES }, (_, at) =>
    describePackage(at, 'x86_64'),
  )
  seed(state.directory, [{ owner: 'large', entries }])
  await using server = await startServer(state)
  await createOwner(server, 'acme')
  await publish(server, 'acme', freshPackage())
  const work = () => measureWork(server, options.runs ?? SECONDS)
  await work()
  const quiet = await work()
  add(report, 'nobody else', quiet)
  for (const [name, pathOf] of Object.entries(FLOODS)) {
    const flood = startFlood(server.url, pathOf)
    try {
      await new Promise((resolve) => setTimeout(resolve, 500))
      const flooded = await work()
      add(report, name, flooded)
      report.note(`${name}: ${await flood.stop()}`)
    } finally {
      await flood.stop()
    }
  }

  async function measureWork({ url, ...rest }: typeof server, seconds: number) {
    const end = performance.now() + seconds * 1000
    const installs: number[] = []
    const publishes: number[] = []
    const until = async (action: () => Promise<void>) => {
      while (performance.now() < end) await action()
    }
    await Promise.all([
      until(async () => {
        installs.push(await timed(() => get(indexUrl({ url, ...rest }, 'acme'))))
      }),
      until(async () => {
        publishes.push(await publish({ url, ...rest }, 'acme', freshPackage()))
      }),
    ])
    return { installs, publishes }
  }
}

interface Work {
  readonly installs: readonly number[]
  readonly publishes: readonly number[]
}

function add(report: Report, name: string, { installs, publishes }: Work): void {
  for (const [what, samples] of Object.entries({ installs, publishes })) {
    report.add(PART, `${what}, ${name}`, 'ms', samples)
    const sorted = [...samples].sort((a, b) => a - b)
    const at = Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))
    report.note(
      `${what}, ${name}: p50 ${summarise(samples).median.toFixed(1)}, p99 ${sorted[at]?.toFixed(1)} ms of ${sorted.length}`,
    )
  }
}

/** Keeps so many requests under way. */
function startFlood(url: string, pathOf: PathOf) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const statuses = new Map<number, number>()
  const start = performance.now()
  let stopped = false
  let asked = 0
  const client = async () => {
    while (!stopped) {
      const status = await get(`${url}${pathOf(asked++)}`, agent).catch(() => 0)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const clients = Array.from({ length: CONNECTIONS }, client)
  return {
    /** What became of the requests. */
    async stop(): Promise<string> {
      stopped = true
      await Promise.all(clients)
      agent.destroy()
      const seconds = (performance.now() - start) / 1000
      const told = [...statuses].map(([status, times]) => `${times} × ${status}`).join(', ')
      return `${(asked / seconds).toFixed(0)} a second: ${told}`
    },
  }
}

const own = new Agent({ keepAlive: true })

/** Reads the answer to its end, and gives its status. */
function get(url: string, agent = own): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request(url, { agent }, (response) => {
    response
      .resume()
      .on('end', () => resolve(response.statusCode ?? 0))
      .on('error', reject)
  })
    .on('error', reject)
    .end()
  return promise
}
