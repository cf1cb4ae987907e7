// Memory of the runtime's process while packages of 95 MB go in and come out, alone and ten at once:
// over what it held before, after a first round, since its heap first grows with garbage whatever the
// size of a package. The process runs the simulators too.
import { request } from 'node:http'
import {
  canMeasure,
  forgetPeak,
  peakMegabytes,
  residentMegabytes,
  runtimeProcesses,
} from '../../test/support/clients/process-costs.ts'
import { type Server, startServer } from '../../test/support/clients/server.ts'
import { buildLargeApk } from '../../test/types/alpine/large-package.ts'
import type { Options } from '../options.ts'
import { createOwner, repositoryUrl } from '../registry.ts'
import type { Report } from '../report.ts'

const PART = 'memory'
const SIZE = 95_000_000
const AT_ONCE = 10

export async function benchMemory(report: Report, options: Options): Promise<void> {
  if (!canMeasure) return report.note('memory is measured on Linux only')
  // Before the server starts: it takes longer than an idle connection is kept open.
  const names = Array.from({ length: AT_ONCE }, (_, at) => `large-${at}`)
  const packages = names.map((name) => buildLargeApk(name, SIZE - 100_000))
  await using server = await startServer()
  const processes = runtimeProcesses(server.group)
  const idle = () => Math.max(...processes.map(residentMegabytes))
  report.add(PART, 'fresh', 'MB', [idle()])
  const grown: Record<string, number[]> = {}
  const measure = async (what: string, action: () => Promise<unknown>) => {
    const before = processes.map(residentMegabytes)
    for (const pid of processes) forgetPeak(pid)
    await action()
    const growth = processes.map((pid, at) => peakMegabytes(pid) - (before[at] ?? 0))
    grown[what] = [...(grown[what] ?? []), Math.max(...growth)]
  }
  const runs = options.runs ?? 5
  for (let run = -1; run < runs; run++) {
    for (const count of [1, AT_ONCE]) {
      // The same packages into other repositories: their bytes come in and are stored all the same.
      const owner = `acme-${run + 1}-${count}`
      await createOwner(server, owner)
      const large = packages.slice(0, count)
      const urls = names
        .slice(0, count)
        .map((name) => `${repositoryUrl(server, owner)}/x86_64/${name}-1.0-r0.apk`)
      const what = count === 1 ? 'one' : `${count} at once`
      await measure(`${what} up`, () =>
        Promise.all(large.map((bytes) => upload(server, owner, bytes))),
      )
      await measure(`${what} down`, () => Promise.all(urls.map(drain)))
    }
    if (run < 0) report.add(PART, 'idle after one round', 'MB', [idle()])
  }
  for (const [what, growths] of Object.entries(grown)) {
    report.add(PART, `peak over idle: ${what}`, 'MB', growths.slice(1))
  }
  report.add(PART, 'idle at the end', 'MB', [idle()])
}

/** Over a connection of its own. */
function upload(server: Server, owner: string, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = {
    authorization: `Bearer ${server.adminToken}`,
    'content-length': String(bytes.length),
  }
  const options = { method: 'PUT', headers, agent: false }
  const sent = request(repositoryUrl(server, owner), options, (response) => {
    if (response.statusCode !== 201) reject(new Error(`${response.statusCode} to an upload`))
    response.resume().on('end', resolve).on('error', reject)
  })
  sent.on('error', reject).end(bytes)
  return promise
}

/** Reads and forgets. */
async function drain(url: string): Promise<void> {
  const response = await fetch(url)
  if (!response.ok || response.body === null) throw new Error(`${response.status} from ${url}`)
  for await (const _ of response.body);
}
