// Installs by the real apk of an index and 30 packages, from a Worker whose database, bucket and objects are a trip
// of 110 ms away: with what a place remembers, and with REMEMBER_SECONDS=0, where each file asks the database.
// Before them what the answers of a place cost, beside a bare Worker that answers from the cache alone.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createOwner, type TestOwner } from '../../test/support/clients/registry.ts'
import { createServerState, type Server, startServer } from '../../test/support/clients/server.ts'
import { buildApk } from '../../test/types/alpine/builder.ts'
import { findApk } from '../apk-index.ts'
import { installByApk, installOf } from '../apk-installs.ts'
import { startBareServer } from '../bare-server.ts'
import { findLoad } from '../load.ts'
import { inParallel, medianOf, timed } from '../measure.ts'
import type { Options } from '../options.ts'
import { expectOk } from '../registry.ts'
import type { Report } from '../report.ts'
import { startVariant } from '../variant.ts'

const PART = 'installs'
const REPOSITORY = 'edge/main'
const BOUND_SECONDS = 10
const PACKAGES = 30
const PACKAGE_BYTES = 2000
const CLIENTS = 32
/** Of packages by a later release, one before each of as many installs. */
const REPLACEMENTS = 50
const WARM = 3
/** Until what runs after an answer has asked what it asks, in milliseconds. */
const SETTLED_MS = 300
const LOAD_SECONDS = 2

const names = Array.from({ length: PACKAGES }, (_, at) => `tool-${at}`)

/** Of bytes that nobody published before, so that no cache has them. */
function build(name: string, version: string): Uint8Array {
  const content = randomBytes(PACKAGE_BYTES)
  return buildApk({ name, version, arch: 'x86_64', files: [{ path: `usr/bin/${name}`, content }] })
}

export async function benchInstalls(report: Report, { runs = 3 }: Options): Promise<void> {
  await compareAnswers(report, runs)
  const apk = await findApk()
  if ('missing' in apk) return report.note(`no installs: ${apk.missing}`)
  await using asking = await startRemote(0)
  await using near = await startRemote(BOUND_SECONDS)
  const always = new Installs(report, apk.program, asking, 0)
  const remembered = new Installs(report, apk.program, near, BOUND_SECONDS)
  for (let run = 0; run < runs; run++) {
    await always.run()
    await remembered.run()
  }
  await remembered.replace()
  const [before, after] = [always.add(), remembered.add()]
  for (const kind of ['warm', 'after a publish', 'after a removal'] as const) {
    const ahead = medianOf(before[kind]) / medianOf(after[kind])
    const bound = kind === 'warm' ? 10 : 1
    report.atLeast(PART, `${kind}, times faster than with REMEMBER_SECONDS=0`, ahead, bound)
  }
}

function startRemote(seconds: number): Promise<Server> {
  return startNear('remote', seconds)
}

async function startNear(variant: 'forgetful' | 'remote', seconds: number): Promise<Server> {
  const variables = { REMEMBER_SECONDS: seconds }
  return startVariant({ ...(await createServerState()), variables }, variant)
}

const KINDS = ['cold', 'warm', 'after a publish', 'after a removal', 'replacements'] as const
type Kind = (typeof KINDS)[number]

/** What is measured of one Worker. */
class Installs {
  readonly #report: Report
  readonly #apk: string
  readonly #server: Server
  readonly #seconds: number
  readonly #spent = samplesOf()
  readonly #statements = samplesOf()
  readonly #together: number[] = []
  readonly #statementsTogether: number[] = []
  #owner: TestOwner | undefined

  constructor(report: Report, apk: string, server: Server, seconds: number) {
    this.#report = report
    this.#apk = apk
    this.#server = server
    this.#seconds = seconds
  }

  /** A new owner, whom no place knows. */
  async run(): Promise<void> {
    const owner = await createOwner(this.#server, 'public')
    this.#owner = owner
    await inParallel(CLIENTS, names, (name) => owner.mustPublish(REPOSITORY, build(name, '1.0-r0')))
    await this.#measure('cold', owner)
    for (let time = 0; time < WARM; time++) await this.#measure('warm', owner)
    await owner.mustPublish(REPOSITORY, build('other', '1.0-r0'))
    await this.#measure('after a publish', owner)
    await remove(owner, 'other', '1.0-r0')
    await this.#measure('after a removal', owner)
    await this.#installTogether(owner)
  }

  /**
   * A day's 50 replacements, as a distribution makes them: a later release is published and the one before it
   * removed. An install follows each, so that none meets fewer of them than a place would in a day.
   */
  async replace(): Promise<void> {
    const owner = this.#owner
    if (owner === undefined) throw new Error('nothing was installed yet')
    for (let at = 0; at < REPLACEMENTS; at++) {
      const name = names[at % PACKAGES] ?? ''
      const release = Math.floor(at / PACKAGES)
      await owner.mustPublish(REPOSITORY, build(name, `1.0-r${release + 1}`))
      await remove(owner, name, `1.0-r${release}`)
      await this.#measure('replacements', owner)
    }
  }

  async #measure(kind: Kind, owner: TestOwner): Promise<void> {
    const install = installOf(owner, REPOSITORY, names)
    const statements = await this.#count(async () => {
      this.#spent[kind].push(await installByApk(this.#apk, install))
    })
    this.#statements[kind].push(statements)
  }

  /** Statements of the database that the action sends. */
  async #count(action: () => Promise<void>): Promise<number> {
    await sleep(SETTLED_MS)
    const before = await countStatements(this.#server)
    await action()
    return (await countStatements(this.#server)) - before
  }

  async #installTogether(owner: TestOwner): Promise<void> {
    const install = installOf(owner, REPOSITORY, names)
    const clients = Array.from({ length: CLIENTS }, () => install)
    const statements = await this.#count(async () => {
      const spent = await timed(() =>
        inParallel(CLIENTS, clients, async (each) => {
          await installByApk(this.#apk, each)
        }),
      )
      this.#together.push((1000 * CLIENTS) / spent)
    })
    this.#statementsTogether.push(statements / CLIENTS)
  }

  /** Rows of all that was measured, and milliseconds by kind. */
  add(): Readonly<Record<Kind, number[]>> {
    const [report, of] = [this.#report, `REMEMBER_SECONDS=${this.#seconds}`]
    for (const kind of KINDS) {
      if (this.#spent[kind].length === 0) continue
      report.add(PART, `${kind}, ${of}`, 'ms', this.#spent[kind])
      report.add(PART, `${kind}, ${of}: of the database`, 'statements', this.#statements[kind])
    }
    const together = `${CLIENTS} clients at once, ${of}`
    report.add(PART, together, '1/s', this.#together)
    report.add(PART, `${together}: each`, 'statements', this.#statementsTogether)
    if (this.#seconds > 0) this.#judge()
    return this.#spent
  }

  #judge(): void {
    const most = { warm: 1, 'after a publish': 1, 'after a removal': 1, replacements: 2 }
    for (const [kind, bound] of Object.entries(most) as [keyof typeof most, number][]) {
      const statements = medianOf(this.#statements[kind])
      this.#report.atMost(PART, `statements of an install, ${kind}`, statements, bound)
    }
    const each = medianOf(this.#statementsTogether)
    this.#report.atMost(PART, `statements of an install, ${CLIENTS} clients at once`, each, 1)
  }
}

function samplesOf(): Record<Kind, number[]> {
  return Object.fromEntries(KINDS.map((kind) => [kind, []])) as unknown as Record<Kind, number[]>
}

async function remove(owner: TestOwner, name: string, version: string): Promise<void> {
  const { status, text } = await owner.remove(`${REPOSITORY}/x86_64/${name}-${version}.apk`)
  if (status !== 204) throw new Error(`a removal was answered ${status}: ${text}`)
}

async function countStatements({ url }: Server): Promise<number> {
  const response = await fetch(`${url}/bench/statements`)
  const { statements } = (await response.json()) as { statements: number }
  return statements
}

/** GETs of one small package, in turns with a bare Worker that answers them from the cache. */
async function compareAnswers(report: Report, runs: number): Promise<void> {
  const variables = { REMEMBER_SECONDS: BOUND_SECONDS }
  await using memory = await startServer({ ...(await createServerState()), variables })
  await using cache = await startNear('forgetful', BOUND_SECONDS)
  await using bare = await startBareServer()
  const body = build('small', '1.0-r0')
  const bareUrl = await storeBare(bare.url, body)
  const urls = {
    'bare Worker': bareUrl,
    'from memory': await storeNear(memory, body),
    'from the cache': await storeNear(cache, body),
  }
  const rates: Record<string, number[]> = {}
  const { name: tool, load } = await findLoad()
  report.note(`GETs: 32 connections by ${tool}, ${LOAD_SECONDS} s each`)
  for (let run = -1; run < runs; run++) {
    for (const [side, url] of Object.entries(urls)) {
      const rate = await load({ url }, LOAD_SECONDS)
      if (run >= 0) rates[side] = [...(rates[side] ?? []), rate]
    }
  }
  const what = `GET package of ${body.length} bytes`
  for (const side of Object.keys(urls))
    report.add(PART, `${what}, ${side}`, '1/s', rates[side] ?? [])
  const share = (side: string) => medianOf(rates[side] ?? []) / medianOf(rates['bare Worker'] ?? [])
  report.atLeast(PART, `${what}, from memory / bare`, share('from memory'), 0.9)
  report.atLeast(PART, `${what}, from the cache / bare`, share('from the cache'), 0.6)
}

async function storeBare(url: string, body: Uint8Array): Promise<string> {
  await expectOk(fetch(`${url}/small`, { method: 'PUT', body: body as Uint8Array<ArrayBuffer> }))
  await expectOk(fetch(`${url}/cached/small`))
  return `${url}/cached/small`
}

/** The address of a package that the place answers by itself. */
async function storeNear(server: Server, body: Uint8Array): Promise<string> {
  const owner = await createOwner(server, 'public')
  await owner.mustPublish(REPOSITORY, body)
  const url = `${owner.url}/${REPOSITORY}/x86_64/small-1.0-r0.apk`
  for (let tries = 0; tries < 20; tries++) {
    const { headers } = await expectOk(fetch(url))
    if (headers.get('server-timing') === 'near, cache;desc=hit') return url
    await sleep(SETTLED_MS)
  }
  throw new Error(`no answer of ${url} is one of the place alone`)
}
