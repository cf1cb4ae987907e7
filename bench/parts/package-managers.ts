// Documents of packages with 1, 100 and 1,000 versions, publishes into them and an install of 50 packages by
// the real client, in turns with a Gitea if one is given. Both are asked with a token in the same header.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../test/support/clients/server.ts'
import { findGiteaOwner } from '../gitea.ts'
import { findLoad, type Load, type Target, timeRequests } from '../load.ts'
import { medianOf, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import type { Document, PackageManager } from '../package-managers.ts'
import { createOwner, expectOk } from '../registry.ts'
import type { Report, Unit } from '../report.ts'

const SIZES = [1, 100, 1000]
const DEPENDENCIES = 50
const SECONDS = 2
const REQUESTS = 200

interface Side {
  readonly name: 'Cairn' | 'Gitea'
  readonly base: string
  readonly authorization: string
}

interface Bench {
  readonly report: Report
  readonly manager: PackageManager
  readonly sides: readonly Side[]
  readonly runs: number
  /** Begins every name, since what earlier runs published into a Gitea stays there. */
  readonly prefix: string
}

export async function benchPackageManager(
  report: Report,
  { runs = 5, sizes = SIZES }: Options,
  manager: PackageManager,
): Promise<void> {
  await using server = await startServer()
  await createOwner(server, 'acme')
  const { type } = manager
  const base = `${server.url}/api/packages/acme/${type}`
  const sides: Side[] = [{ name: 'Cairn', base, authorization: `Bearer ${server.adminToken}` }]
  const gitea = findGiteaOwner()
  if (gitea) sides.push({ ...gitea, name: 'Gitea', base: `${gitea.packages}/${type}` })
  else report.note('no comparison with Gitea: GITEA_URL, GITEA_USER or GITEA_TOKEN is not set')
  const bench = { report, manager, sides, runs, prefix: `bench${Date.now().toString(36)}` }
  const { name: tool, load } = await findLoad()
  report.note(`32 connections by ${tool}, ${SECONDS} s each; one client: ${REQUESTS} requests each`)
  for (const size of sizes) {
    const name = `${bench.prefix}-${size}`
    for (let version = 0; version < size; version++) await publishAll(bench, name, `1.0.${version}`)
    await measureDocuments(bench, load, name, size)
    await measurePublishes(bench, name, size)
  }
  await measureInstalls(bench)
}

function publish({ manager }: Bench, side: Side, name: string, version: string): Promise<number> {
  const { url, body } = manager.upload(side.base, name, version)
  const headers = { authorization: side.authorization, 'content-type': 'application/json' }
  const sent = { method: 'PUT', headers, body: body as Uint8Array<ArrayBuffer> }
  return timed(() => expectOk(fetch(url, sent)))
}

async function publishAll(bench: Bench, name: string, version: string): Promise<void> {
  for (const side of bench.sides) await publish(bench, side, name, version)
}

async function measureDocuments(bench: Bench, load: Load, name: string, size: number) {
  const { report, manager, sides, runs } = bench
  const forms = manager.documents('', name).length
  for (let form = 0; form < forms; form++) {
    const of = (side: Side) => targetOf(side, documentOf(bench, side, name, form))
    const [cairn] = sides
    if (cairn === undefined) return
    const what = `${documentOf(bench, cairn, name, form).name} of ${size} versions`
    const rates = await inTurns(sides, runs, async (side) => [await load(of(side), SECONDS)])
    add(bench, `GET ${what}, 32 clients`, '1/s', rates, size)
    const single = await inTurns(sides, runs, (side) => timeRequests(of(side), REQUESTS))
    add(bench, `GET ${what}, one client`, 'ms', single, size)
    const conditional = await conditionalOf(of(cairn))
    const only = [cairn]
    const hits = await inTurns(only, runs, async () => [await load(conditional, SECONDS)])
    add(bench, `304 ${what}, 32 clients`, '1/s', hits, size)
    const latency = await inTurns(only, runs, () => timeRequests(conditional, REQUESTS))
    add(bench, `304 ${what}, one client`, 'ms', latency, size)
  }
  report.note('304 is measured of Cairn alone')
}

function documentOf({ manager }: Bench, { base }: Side, name: string, form: number): Document {
  const document = manager.documents(base, name)[form]
  if (document === undefined) throw new RangeError(`${manager.type} has no form ${form}`)
  return document
}

function targetOf({ authorization }: Side, { url, headers }: Document): Target {
  return { url, headers: { ...headers, authorization } }
}

async function conditionalOf({ url, headers }: Target): Promise<Target> {
  const plain = { ...headers, 'accept-encoding': 'identity' }
  const { headers: answered } = await expectOk(fetch(url, { headers: plain }))
  const conditional = { ...headers, 'if-none-match': answered.get('etag') ?? '' }
  const { status } = await fetch(url, { headers: { ...plain, ...conditional } })
  if (status !== 304) throw new Error(`${status} instead of 304 from ${url}`)
  return { url, headers: conditional }
}

/** At one version, each publish is the second of a package of its own. */
async function measurePublishes(bench: Bench, name: string, size: number): Promise<void> {
  const firsts = new Map<Side, number[]>()
  let number = 0
  const runs = bench.runs * 3
  const spent = await inTurns(bench.sides, runs, async (side) => {
    const into = size === 1 ? `${name}-${number}` : name
    if (size === 1) await publish(bench, side, into, '1.0.0')
    const milliseconds = await publish(bench, side, into, `1.1.${number++}`)
    const first = await timeRequests(targetOf(side, documentOf(bench, side, into, 0)), 1)
    const before = firsts.get(side)
    // The first round does not count.
    firsts.set(side, before === undefined ? [] : [...before, ...first])
    return [milliseconds]
  })
  add(bench, `publish at ${size} versions`, 'ms', spent, size)
  add(bench, `first GET after a publish at ${size} versions`, 'ms', firsts, size)
}

async function measureInstalls(bench: Bench): Promise<void> {
  const { manager, sides, prefix } = bench
  const names = Array.from({ length: DEPENDENCIES }, (_, at) => `${prefix}-dependency-${at}`)
  for (const name of names) await publishAll(bench, name, '1.0.0')
  const spent = await inTurns(sides, bench.runs, async (side) => {
    const folder = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
    try {
      return [await timed(() => manager.install(side.base, names, folder))]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
  add(bench, `install of ${DEPENDENCIES} dependencies`, 'ms', spent)
}

/** Every side in each round, and a first round that does not count. */
async function inTurns(
  sides: readonly Side[],
  runs: number,
  measure: (side: Side) => Promise<readonly number[]>,
): Promise<ReadonlyMap<Side, number[]>> {
  const samples = new Map<Side, number[]>(sides.map((side) => [side, []]))
  for (let run = -1; run < runs; run++) {
    for (const side of sides) {
      const measured = await measure(side)
      if (run >= 0) samples.get(side)?.push(...measured)
    }
  }
  return samples
}

/** Rows of both sides, and how far Cairn is ahead: 2 is twice as fast. */
function add(
  { report, manager, sides }: Bench,
  what: string,
  unit: Unit,
  samples: ReadonlyMap<Side, number[]>,
  size?: number,
): void {
  const medians: number[] = []
  for (const side of sides) {
    const measured = samples.get(side)
    if (measured === undefined) continue
    const name = side.name === 'Cairn' ? what : `${what}, ${side.name}`
    report.add(manager.type, name, unit, measured, size)
    medians.push(medianOf(measured))
  }
  const [cairn, gitea] = medians
  if (cairn === undefined || gitea === undefined) return
  const ahead = unit === '1/s' ? cairn / gitea : gitea / cairn
  report.atLeast(manager.type, `${what}, ahead of Gitea`, ahead, 1)
}
