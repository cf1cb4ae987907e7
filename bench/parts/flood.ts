// What installs and publishes of one owner take while 64 connections without credentials ask for something of another
// one, which has 25,000 packages: beside what they take when nobody else asks.
//
// The flood comes to a Worker of its own (variants/place.ts), as it does on the platform, where each place has Workers
// and the database is one for all: the local runtime has one thread, on which any flood would stand before everything
// else. Worker and client of the flood give way to the other processes. What is left is what the flood costs
// others at the database, and the flood of paths that are nothing, which ask no database, shows what the machine costs.
import { spawn, spawnSync } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServerState, type Server } from '../../test/support/clients/server.ts'
import { FLOODS, NOTHING } from '../floods.ts'
import { timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { describePackage, freshPackage } from '../packages.ts'
import { createOwner, indexUrl, publish } from '../registry.ts'
import type { Report } from '../report.ts'
import { seed } from '../seed.ts'
import { startVariant } from '../variant.ts'
import { DATABASE_PATH, type Spent } from '../variants/home-database.ts'

const PART = 'flood'
const PACKAGES = 25_000
/** Of installs and of publishes. */
const SAMPLES = 300
const MOST_SECONDS = 120
/** What is to be reached: p99 over the quiet one. */
const BOUND = 3

/** 0: the own machine, which the limiter lets pass, as if there were addresses without end. */
const ADDRESSES = [0, 1, 64] as const

export async function benchFlood(report: Report, { only: _, ...options }: Options): Promise<void> {
  const state = await createServerState()
  const entries = Array.from({ length: options.sizes?.[0] ?? PACKAGES }, (_, at) =>
    describePackage(at, 'x86_64'),
  )
  seed(state.directory, [{ owner: 'large', entries }])
  await using home = await startVariant(state, 'home')
  await using place = await startPlace(home)
  await createOwner(home, 'acme')
  await publish(home, 'acme', freshPackage())
  const samples = options.runs ?? SAMPLES
  await measureWork(home, samples / 4)
  const quiet = await measureWork(home, samples)
  add(report, 'nobody else', quiet)
  let beside = quiet
  for (const [kind, addresses] of floods()) {
    const name = `${kind}, ${FROM[addresses]}`
    await readSpent(home)
    const flood = startFlood(place.url, kind, addresses)
    try {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const flooded = await measureWork(home, samples)
      add(report, name, flooded)
      judge(report, name, flooded, quiet)
      if (kind === NOTHING && addresses === 0) beside = flooded
      const excess = (['installs', 'publishes'] as const).map((what) =>
        (quantileOf(flooded[what], 0.99) / quantileOf(beside[what], 0.99)).toFixed(2),
      )
      report.note(`${name}: ${excess.join(' and ')} of the p99 beside a flood of nothing`)
    } finally {
      const { asked, told } = await flood.stop()
      const { statements, rows, ms } = await readSpent(home)
      const each = (sum: number) => (sum / asked).toFixed(1)
      report.note(
        `${name}: ${told}; of each ${each(statements)} statements, ${each(rows)} rows read, ${each(ms)} ms`,
      )
    }
  }
}

/** What the database did for the flooded Worker since this was asked last. */
async function readSpent(home: Server): Promise<Spent> {
  const response = await fetch(`${home.url}${DATABASE_PATH}`)
  return (await response.json()) as Spent
}

const FROM = { 0: 'not counted', 1: 'from one address', 64: 'from 64 addresses' } as const

function floods() {
  return Object.keys(FLOODS).flatMap((kind) =>
    ADDRESSES.map((addresses): readonly [string, keyof typeof FROM] => [kind, addresses]),
  )
}

/** A Worker with the database of the other one, and its secrets. */
async function startPlace(home: Server): Promise<Server> {
  const state = await createServerState()
  await cp(join(home.state.directory, 'secrets.env'), join(state.directory, 'secrets.env'))
  // The bucket has the marker of the database.
  const bucket = 'state/v3/r2'
  await rm(join(state.directory, bucket), { recursive: true, force: true })
  await cp(join(home.state.directory, bucket), join(state.directory, bucket), { recursive: true })
  const server = await startVariant({ ...state, variables: { HOME_URL: home.url } }, 'place')
  spawnSync('renice', ['-n', '19', '-g', String(server.group.id)])
  return server
}

interface Work {
  readonly installs: readonly number[]
  readonly publishes: readonly number[]
}

/** Until there are so many of both. */
async function measureWork(server: Server, samples: number): Promise<Work> {
  const end = performance.now() + MOST_SECONDS * 1000
  const installs: number[] = []
  const publishes: number[] = []
  const until = async (action: () => Promise<void>) => {
    while (performance.now() < end && Math.min(installs.length, publishes.length) < samples)
      await action()
  }
  await Promise.all([
    until(async () => {
      installs.push(await timed(() => get(indexUrl(server, 'acme'))))
    }),
    until(async () => {
      publishes.push(await publish(server, 'acme', freshPackage()))
    }),
  ])
  return { installs, publishes }
}

function add(report: Report, name: string, work: Work): void {
  for (const [what, samples] of Object.entries(work)) {
    report.add(PART, `${what}, ${name}`, 'ms', samples)
    const [p50, p99] = [0.5, 0.99].map((share) => quantileOf(samples, share).toFixed(1))
    report.note(`${what}, ${name}: p50 ${p50}, p99 ${p99} ms of ${samples.length}`)
  }
}

function judge(report: Report, name: string, flooded: Work, quiet: Work): void {
  for (const what of ['installs', 'publishes'] as const) {
    const ratio = quantileOf(flooded[what], 0.99) / quantileOf(quiet[what], 0.99)
    report.atMost(PART, `p99 of ${what} beside ${name} / quiet`, ratio, BOUND)
  }
}

function quantileOf(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function startFlood(url: string, kind: string, addresses: number) {
  const program = fileURLToPath(new URL('../flood-client.ts', import.meta.url).href)
  const args = [program, '--url', url, '--kind', kind, '--addresses', String(addresses)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  return {
    /** What became of the requests. */
    async stop(): Promise<{ readonly asked: number; readonly told: string }> {
      child.stdin.end()
      await ended
      const told = said.trim()
      return { asked: Number(/of (\d+)/.exec(told)?.[1]), told }
    },
  }
}

const own = new Agent({ keepAlive: true })

/** Reads the answer to its end. */
function get(url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  request(url, { agent: own }, (response) => {
    response.resume().on('end', resolve).on('error', reject)
  })
    .on('error', reject)
    .end()
  return promise
}
