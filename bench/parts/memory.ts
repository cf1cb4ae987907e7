// Memory of the runtime's process while packages of 95 MB go in and come out, alone and ten at once:
// over what it holds idle after some of them, since its heap first grows with garbage whatever the
// size of a package. The process runs the simulators too.
import { request } from 'node:http'
import { buildLargeApk } from '../../test/support/clients/large-package.ts'
import {
  canMeasureMemory,
  forgetPeak,
  peakMegabytes,
  residentMegabytes,
  runtimeProcesses,
} from '../../test/support/clients/memory.ts'
import { type Server, startServer } from '../../test/support/clients/server.ts'
import type { Options } from '../options.ts'
import { createOwner, repositoryUrl } from '../registry.ts'
import type { Report } from '../report.ts'

const PART = 'memory'
const SIZE = 95_000_000
const AT_ONCE = 10

export async function benchMemory(report: Report, options: Options): Promise<void> {
  if (!canMeasureMemory) return report.note('memory is measured on Linux only')
  await using server = await startServer()
  await createOwner(server, 'acme')
  const processes = runtimeProcesses(server.group)
  const idle = () => Math.max(...processes.map(residentMegabytes))
  let made = 0
  const names = (count: number) => Array.from({ length: count }, () => `large-${made++}`)
  const build = (name: string) => buildLargeApk(name, SIZE - 100_000)
  const up = (packages: readonly Uint8Array[]) =>
    Promise.all(packages.map((bytes) => upload(server, bytes)))
  const down = (of: readonly string[]) =>
    Promise.all(
      of.map((name) => drain(`${repositoryUrl(server, 'acme')}/x86_64/${name}-1.0-r0.apk`)),
    )
  report.add(PART, 'fresh', 'MB', [idle()])
  const first = names(AT_ONCE)
  for (const name of first.slice(0, 3)) await up([build(name)])
  await up(first.slice(3).map(build))
  await down(first)
  report.add(PART, 'idle after 10 packages of 95 MB', 'MB', [idle()])
  const grown: Record<string, number[]> = {}
  const measure = async (what: string, action: () => Promise<unknown>) => {
    const before = processes.map(residentMegabytes)
    for (const pid of processes) forgetPeak(pid)
    await action()
    const growth = processes.map((pid, at) => peakMegabytes(pid) - (before[at] ?? 0))
    grown[what] = [...(grown[what] ?? []), Math.max(...growth)]
  }
  for (let run = 0; run < (options.runs ?? 5); run++) {
    const [one = '', ...ten] = names(1 + AT_ONCE)
    const single = [build(one)]
    await measure('one up', () => up(single))
    await measure('one down', () => down([one]))
    const many = ten.map(build)
    await measure('ten up at once', () => up(many))
    await measure('ten down at once', () => down(ten))
  }
  for (const [what, growths] of Object.entries(grown)) {
    report.add(PART, `peak over idle: ${what}`, 'MB', growths)
  }
  report.add(PART, 'idle at the end', 'MB', [idle()])
}

/** Over a new connection: building packages takes longer than an idle one is kept open. */
function upload(server: Server, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = {
    authorization: `Bearer ${server.adminToken}`,
    'content-length': String(bytes.length),
  }
  const options = { method: 'PUT', headers, agent: false }
  const sent = request(repositoryUrl(server, 'acme'), options, (response) => {
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
