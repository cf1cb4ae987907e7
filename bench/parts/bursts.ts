// Many publishes at once into one repository, against one after the other: what group commit gives.
// Both of the same kind of packages into empty repositories, in turns.
import { createServerState, type Server, startServer } from '../../test/support/clients/server.ts'
import { inParallel, medianOf, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { buildPackage } from '../packages.ts'
import { createOwner, publish } from '../registry.ts'
import type { Report } from '../report.ts'
import { readRevision } from '../seed.ts'

const PART = 'bursts'
const CLIENTS = 32
const BURST = 1000
/** One after the other a part of them gives the rate, which hardly depends on how many there are. */
const SERIAL = 300

export async function benchBursts(report: Report, options: Options): Promise<void> {
  const state = await createServerState()
  await using server = await startServer(state)
  await burst(server, 'warm-up', 200, CLIENTS)
  const serial: number[] = []
  const parallel: number[] = []
  const builds: number[] = []
  for (let run = 0; run < (options.runs ?? 5); run++) {
    serial.push(await burst(server, `serial-${run}`, SERIAL, 1))
    parallel.push(await burst(server, `parallel-${run}`, BURST, CLIENTS))
    builds.push(readRevision(state.directory, `parallel-${run}`))
  }
  report.add(PART, 'one client', '1/s', serial)
  report.add(PART, `${CLIENTS} clients, ${BURST} packages`, '1/s', parallel)
  report.add(PART, `commits, which is builds of the index, of ${BURST}`, 'files', builds)
  const ratio = medianOf(parallel) / medianOf(serial)
  report.atLeast(PART, `rate of ${CLIENTS} clients / rate of one`, ratio, 5)
  if (options.full) await fill(report, server)
}

/** Packages a second. */
async function burst(server: Server, owner: string, count: number, clients: number) {
  await createOwner(server, owner)
  const packages = Array.from({ length: count }, (_, at) => buildPackage(at, 'x86_64').bytes)
  const spent = await timed(() =>
    inParallel(clients, packages, async (bytes) => {
      await publish(server, owner, bytes)
    }),
  )
  return (1000 * count) / spent
}

async function fill(report: Report, server: Server): Promise<void> {
  const count = 25_000
  await createOwner(server, 'filled')
  const ended: number[] = []
  const start = performance.now()
  const numbers = Array.from({ length: count }, (_, at) => at)
  await inParallel(CLIENTS, numbers, async (number) => {
    await publish(server, 'filled', buildPackage(number, 'x86_64').bytes)
    ended.push(performance.now() - start)
  })
  for (const upTo of [1000, 5000, 10_000, 15_000, 20_000, count]) {
    const spent = (ended[upTo - 1] ?? 0) - (ended[upTo - 1000] ?? 0)
    report.add(PART, `${CLIENTS} clients, the 1,000 up to ${upTo}`, '1/s', [1e6 / spent], upTo)
  }
  report.add(PART, `${CLIENTS} clients, all ${count}`, '1/s', [
    (1000 * count) / (ended.at(-1) ?? 0),
  ])
  const commits = readRevision(server.state.directory, 'filled')
  report.add(PART, `commits of all ${count}`, 'files', [commits])
}
