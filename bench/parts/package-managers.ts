// Documents of packages with 1, 100 and 1,000 versions, publishes into them and an install of 50 packages by
// the real client, in turns with a Gitea if one is given. Both are asked with a token in the same header. Beside them a
// bare Worker, which does the least that a publish can be.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServerState, startServer } from '../../test/support/clients/server.ts'
import { startBareServer } from '../bare-server.ts'
import { expectSuccess } from '../client.ts'
import { findDirectUrl } from '../direct.ts'
import { findGiteaOwner } from '../gitea.ts'
import { findLoad, type Load, type Target, timeRequests } from '../load.ts'
import { medianOf, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import type { Document, PackageManager } from '../package-managers.ts'
import { createOwner, expectOk } from '../registry.ts'
import type { Report, Unit } from '../report.ts'

const SIZES = [1, 100, 1000]
const DEPENDENCIES = 50
/** As in wrangler.toml; the servers of tests have 0. */
const REMEMBER_SECONDS = 10
const SECONDS = 1
const REQUESTS = 50
/** Publishes before the first that counts: a runtime that has just been started compiles what it runs often. */
const WARMING = 50
/** Publishes into each size, and installs, in each of the runs. */
const PUBLISHES = 8
const INSTALLS = 2

interface Side {
  readonly name: 'Cairn' | 'Gitea'
  readonly base: string
  readonly authorization: string
}

interface Bench {
  readonly report: Report
  readonly manager: PackageManager
  readonly bareUrl: string
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
  const variables = { REMEMBER_SECONDS }
  await using server = await startServer({ ...(await createServerState()), variables })
  await using bare = await startBareServer()
  await createOwner(server, 'acme')
  const { type } = manager
  const base = `${await findDirectUrl(server, '/api/healthz')}/api/packages/acme/${type}`
  report.note('Workers are asked without the proxy that wrangler has before them')
  report.note(`REMEMBER_SECONDS is ${REMEMBER_SECONDS}, as where it is deployed`)
  const sides: Side[] = [{ name: 'Cairn', base, authorization: `Bearer ${server.adminToken}` }]
  const gitea = findGiteaOwner()
  if (gitea) sides.push({ ...gitea, name: 'Gitea', base: `${gitea.packages}/${type}` })
  else report.note('no comparison with Gitea: GITEA_URL, GITEA_USER or GITEA_TOKEN is not set')
  const bareUrl = await findDirectUrl(bare, '/put?bytes=1')
  const bench = { report, manager, bareUrl, sides, runs, prefix: `bench${Date.now().toString(36)}` }
  const { name: tool, load } = await findLoad()
  report.note(`32 connections by ${tool}, ${SECONDS} s each; one client: ${REQUESTS} requests each`)
  await warmUp(bench)
  for (const size of sizes) {
    const name = `${bench.prefix}-${size}`
    for (let version = 0; version < size; version++) await publishAll(bench, name, `1.0.${version}`)
    await measureDocuments(bench, load, name, size)
    await measurePublishes(bench, name, size)
  }
  await measureInstalls(bench)
}

async function warmUp(bench: Bench): Promise<void> {
  // Makes the table of the bare Worker.
  await expectSuccess(`${bench.bareUrl}/table`, { method: 'PUT', body: new Uint8Array(1) })
  for (let at = 0; at < WARMING; at++) {
    const name = `${bench.prefix}-warm-${at % 5}`
    await publishBare(bench, name, `1.0.${at}`)
    for (const side of bench.sides) {
      await publish(bench, side, name, `1.0.${at}`)
      await readFirst(bench, side, name)
    }
  }
}

function publish({ manager }: Bench, side: Side, name: string, version: string): Promise<number> {
  const { url, body } = manager.upload(side.base, name, version)
  const headers = { authorization: side.authorization, 'content-type': 'application/json' }
  return timed(() => expectSuccess(url, { method: 'PUT', headers, body }))
}

/** The same body. */
function publishBare({ manager, bareUrl }: Bench, name: string, version: string): Promise<number> {
  const { body } = manager.upload('', name, version)
  return timed(() => expectSuccess(`${bareUrl}/publish/${name}`, { method: 'PUT', body }))
}

function readBare({ bareUrl }: Bench, name: string): Promise<number> {
  return timed(() => expectSuccess(`${bareUrl}/document/${name}`, { method: 'GET' }))
}

async function publishAll(bench: Bench, name: string, version: string): Promise<void> {
  for (const side of bench.sides) await publish(bench, side, name, version)
}

/** By the connection that published, as a client that goes on has it. */
function readFirst(bench: Bench, side: Side, name: string): Promise<number> {
  const { url, headers = {} } = targetOf(side, documentOf(bench, side, name, 0))
  return timed(() => expectSuccess(url, { method: 'GET', headers }))
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
  const bare: Record<'publishes' | 'documents', number[]> = { publishes: [], documents: [] }
  let number = 0
  const spent = await inTurns(bench.sides, bench.runs * PUBLISHES, async (side) => {
    const into = size === 1 ? `${name}-${number}` : name
    if (size === 1) await publish(bench, side, into, '1.0.0')
    const version = `1.1.${number++}`
    const milliseconds = await publish(bench, side, into, version)
    const first = await readFirst(bench, side, into)
    const before = firsts.get(side)
    // The first round does not count.
    firsts.set(side, before === undefined ? [] : [...before, first])
    if (side.name === 'Cairn') {
      const bareName = `${name}-${number}`
      bare.publishes.push(await publishBare(bench, bareName, version))
      bare.documents.push(await readBare(bench, bareName))
    }
    return [milliseconds]
  })
  add(bench, `publish at ${size} versions`, 'ms', spent, size)
  const { report, manager } = bench
  const least = 'bare Worker: a statement, a put, a batch of 3'
  report.add(manager.type, least, 'ms', bare.publishes, size)
  add(bench, `first GET after a publish at ${size} versions`, 'ms', firsts, size)
  report.add(manager.type, 'bare Worker: a statement, a batch of 2', 'ms', bare.documents, size)
}

async function measureInstalls(bench: Bench): Promise<void> {
  const { manager, sides, prefix } = bench
  const names = Array.from({ length: DEPENDENCIES }, (_, at) => `${prefix}-dependency-${at}`)
  for (const name of names) await publishAll(bench, name, '1.0.0')
  const spent = await inTurns(sides, bench.runs * INSTALLS, async (side) => {
    const folder = await mkdtemp(join(tmpdir(), 'cairn-bench-'))
    try {
      return [await timed(() => manager.install(side.base, names, folder))]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
  add(bench, `install of ${DEPENDENCIES} dependencies`, 'ms', spent)
}

/** Every side in each round, and a first round that does not count; who begins changes from round to round. */
async function inTurns(
  sides: readonly Side[],
  runs: number,
  measure: (side: Side) => Promise<readonly number[]>,
): Promise<ReadonlyMap<Side, number[]>> {
  const samples = new Map<Side, number[]>(sides.map((side) => [side, []]))
  for (let run = -1; run < runs; run++) {
    for (const side of run % 2 === 0 ? sides : sides.toReversed()) {
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
