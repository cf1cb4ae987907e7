// Many publishes at once into one repository, against one after the other: what group commit gives.
// Both of the same kind of packages into empty repositories, in turns.
import { createServerState, type Server, startServer } from '../../test/support/clients/server.ts'
import { startBareServer } from '../bare-server.ts'
import { expectCreated } from '../client.ts'
import { inParallel, medianOf, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { buildPackage } from '../packages.ts'
import { createOwner, publish } from '../registry.ts'
import type { Report } from '../report.ts'
import { readRevision } from '../seed.ts'
import { startVariant } from '../variant.ts'

const PART = 'bursts'
const CLIENTS = 32
const BURST = 1000
const FILLED = 25_000
/** Where each takes as long as its trips, a part of them gives the rate of one after the other. */
const DISTANT_SERIAL = 100

export async function benchBursts(report: Report, options: Options): Promise<void> {
  const state = await createServerState()
  await using server = await startServer(state)
  await burst(server, 'warm-up', 200, CLIENTS)
  const serial: number[] = []
  const parallel: number[] = []
  const builds: number[] = []
  for (let run = 0; run < (options.runs ?? 5); run++) {
    serial.push(await burst(server, `serial-${run}`, BURST, 1))
    parallel.push(await burst(server, `parallel-${run}`, BURST, CLIENTS))
    builds.push(readRevision(state.directory, `parallel-${run}`))
  }
  report.add(PART, `one client, ${BURST} packages`, '1/s', serial)
  report.add(PART, `${CLIENTS} clients, ${BURST} packages`, '1/s', parallel)
  report.add(PART, `commits, which is builds of the index, of ${BURST}`, 'files', builds)
  const ratio = medianOf(parallel) / medianOf(serial)
  report.atLeast(PART, `rate of ${CLIENTS} clients / rate of one`, ratio, 5)
  await compareBare(report, options.runs ?? 5)
  await compareDistant(report, options.runs ?? 5)
  if (options.full) await fill(report)
}

/** The same where D1 and R2 are trips away, which is what commits share. */
async function compareDistant(report: Report, runs: number): Promise<void> {
  await using server = await startVariant(await createServerState(), 'distant')
  await burst(server, 'warm-up', 200, CLIENTS)
  const [one, many]: [number[], number[]] = [[], []]
  for (let run = 0; run < runs; run++) {
    one.push(await burst(server, `serial-${run}`, DISTANT_SERIAL, 1))
    many.push(await burst(server, `parallel-${run}`, BURST, CLIENTS))
  }
  report.add(PART, 'one client, trips of 10 ms to D1 and R2', '1/s', one)
  report.add(PART, `${CLIENTS} clients, the same`, '1/s', many)
  const ratio = medianOf(many) / medianOf(one)
  report.atLeast(PART, `rate of ${CLIENTS} clients / rate of one, with trips`, ratio, 5)
}

/** What 32 clients gain where there is nothing to group: one may use up most of the machine alone. */
async function compareBare(report: Report, runs: number): Promise<void> {
  await using bare = await startBareServer()
  const rate = async (clients: number) => {
    const items = Array.from({ length: BURST }, () => `${bare.url}/put?bytes=700`)
    const spent = await timed(() =>
      inParallel(clients, items, (url) => expectCreated(url, { method: 'GET' })),
    )
    return (1000 * BURST) / spent
  }
  await rate(CLIENTS)
  const [one, many]: [number[], number[]] = [[], []]
  for (let run = 0; run < runs; run++) {
    one.push(await rate(1))
    many.push(await rate(CLIENTS))
  }
  report.add(PART, 'bare R2 put of 700 bytes, one client', '1/s', one)
  report.add(PART, `bare R2 put of 700 bytes, ${CLIENTS} clients`, '1/s', many)
}

let made = 0

/** Packages a second; packages that nobody published before, whose bytes are new to the store. */
async function burst(server: Server, owner: string, count: number, clients: number) {
  await createOwner(server, owner)
  const packages = Array.from({ length: count }, () => buildPackage(made++, 'x86_64').bytes)
  const spent = await timed(() =>
    inParallel(clients, packages, async (bytes) => {
      await publish(server, owner, bytes)
    }),
  )
  return (1000 * count) / spent
}

interface Progress {
  /** Milliseconds since the start. */
  readonly at: number
  /** Of them those in which index files were written. */
  readonly putting: number
}

/** A large repository from nothing: the rate of each thousand, and without the writing of its index. */
async function fill(report: Report): Promise<void> {
  await using server = await startVariant(await createServerState(), 'puts')
  await burst(server, 'warm-up', 200, CLIENTS)
  await createOwner(server, 'filled')
  const base = await timePuts(server)
  const start = performance.now()
  const progress: Progress[] = [{ at: 0, putting: 0 }]
  const numbers = Array.from({ length: FILLED }, () => made++)
  let ended = 0
  await inParallel(CLIENTS, numbers, async (number) => {
    await publish(server, 'filled', buildPackage(number, 'x86_64').bytes)
    if (++ended % 1000 > 0) return
    const at = performance.now() - start
    progress.push({ at, putting: (await timePuts(server)) - base })
  })
  for (const thousand of [1, 5, 10, 15, 20, FILLED / 1000]) {
    const [from, to] = [progress[thousand - 1], progress[thousand]]
    if (from === undefined || to === undefined) throw new Error(`no thousand ${thousand}`)
    const spent = to.at - from.at
    const apart = spent - (to.putting - from.putting)
    const what = `${CLIENTS} clients, the 1,000 up to ${1000 * thousand}`
    report.add(PART, what, '1/s', [1e6 / spent], 1000 * thousand)
    report.add(PART, `${what}, the index put apart`, '1/s', [1e6 / apart], 1000 * thousand)
  }
  const whole = progress.at(-1)?.at ?? 0
  report.add(PART, `${CLIENTS} clients, all ${FILLED}`, '1/s', [(1000 * FILLED) / whole])
  const commits = readRevision(server.state.directory, 'filled')
  report.add(PART, `commits of all ${FILLED}`, 'files', [commits])
}

/** Milliseconds in which index files were written since the server started. */
async function timePuts(server: Server): Promise<number> {
  const response = await fetch(`${server.url}/bench/puts`)
  const { milliseconds } = (await response.json()) as { milliseconds: number }
  return milliseconds
}
