// The largest repositories that the limits allow, in packages and in what each says of itself: the object's
// copy is made anew, the index written and checked, packages removed and the sweep run, within 100 MB over
// the idle runtime, which also runs the simulators. An isolate of the platform has 128 MB; here each has less.
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describePackage, type PackageEntry } from '../../bench/packages.ts'
import { seed } from '../../bench/seed.ts'
import {
  canMeasure,
  forgetPeak,
  peakMegabytes,
  residentMegabytes,
  runtimeProcesses,
} from '../support/clients/process-costs.ts'
import { createOwner, type TestOwner } from '../support/clients/registry.ts'
import {
  createServerState,
  type Server,
  type ServerState,
  startServer,
} from '../support/clients/server.ts'
import { buildApk } from '../types/alpine/builder.ts'

/** Measured: 45 to 81 MB. With rows in pages of 1,000, and an index checked as a whole, it ran out of memory. */
const BOUND_MEGABYTES = 100
const HEAP_MEGABYTES = 32

/** Typical packages, by number. */
const MANY = 25_000
/** Packages whose entries are as long as a publish takes them, 80 MB of them. */
const LONG = 2500
const LONG_TEXT = 31_000

function* typical(): Generator<PackageEntry> {
  for (let number = 0; number < MANY; number++) yield describePackage(number, 'x86_64')
}

function* long(): Generator<PackageEntry> {
  for (let number = 0; number < LONG; number++) {
    const entry = describePackage(number, 'x86_64')
    const description = `${number} `.padEnd(LONG_TEXT, `${entry.name} `)
    yield { ...entry, metadata: JSON.stringify({ ...JSON.parse(entry.metadata), description }) }
  }
}

describe.skipIf(!canMeasure)('the largest repositories', () => {
  let state: ServerState
  let small: TestOwner
  let server: Server
  let idle = new Map<number, number>()

  beforeAll(async () => {
    state = { ...(await createServerState()), heapMegabytes: HEAP_MEGABYTES }
    const first = await startServer(state)
    small = await createOwner(first, 'public')
    await small.mustPublish('edge/main', buildApk({ name: 'small', version: '1-r0' }))
    await first.stop()
    seed(state.directory, [
      { owner: 'many', entries: typical() },
      { owner: 'long', entries: long() },
    ])
  }, 120_000)
  afterAll(() => rm(state.directory, { recursive: true, force: true }))

  /** What an earlier test had in memory stays with the process: each begins with a new one. */
  beforeEach(async () => {
    server = await startServer(state)
    // Code that runs for the first time, and 20 requests at once, cost something themselves.
    const names = Array.from({ length: 20 }, () => `p${crypto.randomUUID()}`)
    await Promise.all(names.map((name) => expectPublished(small.name, name)))
    await expectSoundIndexes(small.name)
    await sleep(2000)
    const processes = runtimeProcesses(server.group)
    idle = new Map(processes.map((pid) => [pid, residentMegabytes(pid)] as const))
  }, 60_000)
  afterEach(() => server.stop())

  const ask = (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${server.adminToken}` }
    return fetch(`${server.url}${path}`, { ...init, headers })
  }

  async function expectPublished(owner: string, name: string): Promise<void> {
    const body = buildApk({ name, version: '1-r0' })
    const response = await ask(`/api/packages/${owner}/alpine/edge/main`, { method: 'PUT', body })
    expect(`${response.status} ${await response.text()}`).toMatch(/^201 /)
  }

  /** Each index file and the first hundred packages, whose objects no seeded repository has. */
  async function expectSoundIndexes(owner: string): Promise<void> {
    const check = `/api/v1/owners/${owner}/repositories/alpine/edge/main/check`
    let next: string | null = ''
    for (let checked = 1; checked === 1; ) {
      const response = await ask(`${check}?after=${encodeURIComponent(next ?? '')}`)
      expect(response.status).toBe(200)
      const page = (await response.json()) as {
        indexes_checked: number
        problems: unknown[]
        next: string | null
      }
      checked = page.indexes_checked
      next = page.next
      if (checked === 1) expect(page.problems).toEqual([])
    }
  }

  async function expectRemoved(owner: string, entries: Iterable<PackageEntry>): Promise<void> {
    const files = [...entries].filter((_, at) => at % 60 === 0).slice(0, 40)
    const statuses = await Promise.all(
      files.map(async ({ name, version }) => {
        const file = `edge/main/x86_64/${name}-${version}.apk`
        const path = `/api/packages/${owner}/alpine/${file}`
        return (await ask(path, { method: 'DELETE' })).status
      }),
    )
    expect(new Set(statuses)).toEqual(new Set([204]))
  }

  async function expectWithin(what: string, action: () => Promise<unknown>): Promise<void> {
    for (const pid of idle.keys()) forgetPeak(pid)
    await action()
    const peaks = [...idle].map(([pid, before]) => peakMegabytes(pid) - before)
    console.log(`${what}: peak +${Math.max(...peaks)} MB over idle`)
    expect(Math.max(...peaks)).toBeLessThan(BOUND_MEGABYTES)
  }

  it.each([
    ['many', typical],
    ['long', long],
  ])('of %s packages', async (owner, entries) => {
    await expectWithin(`${owner}: a copy made anew`, () => expectPublished(owner, 'first'))
    await expectWithin(`${owner}: a publish`, () => expectPublished(owner, 'second'))
    await expectWithin(`${owner}: a check`, () => expectSoundIndexes(owner))
    await expectWithin(`${owner}: 40 removals`, () => expectRemoved(owner, entries()))
    await expectWithin(`${owner}: a sweep`, () => ask('/cdn-cgi/local/scheduled'))
  })
})
