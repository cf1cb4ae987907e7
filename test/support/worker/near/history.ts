// A random history: places of two isolates each with clocks of their own, two names under two architectures and
// noarch, publishes, removals, private owners and owners made anew; reads in steps, puts that are late or lost.
import { env } from 'cloudflare:workers'
import { ownerOf, readAccess } from '../../../../src/core/access/access-row.ts'
import { NearCache } from '../../../../src/core/near/cache.ts'
import { CLOCK_ERROR_MS } from '../../../../src/core/near/facts.ts'
import { NearMemory } from '../../../../src/core/near/memory.ts'
import {
  type AskedRepository,
  findNearFile,
  forgetFacts,
  type NearPath,
  type NearPlace,
  noteAnswer,
} from '../../../../src/core/near/place.ts'
import type { FileRow } from '../../../../src/core/packages/file-row.ts'
import { findRepositoryFile } from '../../../../src/core/packages/file-row.ts'
import { buildApk } from '../../../types/alpine/builder.ts'
import { ADMIN, answerOf, put } from '../registry.ts'
import type { TestClock } from './clock.ts'
import { LateCache } from './late-cache.ts'
import { type Broken, Promises } from './promises.ts'

export const BOUND_MS = 6000
const ARCHITECTURES = ['x86_64', 'aarch64'] as const
const NAMES = ['f', 'g'] as const
const CONTENTS = [1, 2, 3]
const FIRST_PATH = 'x86_64/f'
const PATHS = ARCHITECTURES.flatMap((arch) => NAMES.map((name) => `${arch}/${name}`))
const PLACES = 2
const ISOLATES = 3

export interface Seen {
  near: number
  /** Near answers with bytes that were gone by then, within the bound. */
  stale: number
  home: number
  published: number
  removed: number
  rested: number
}

export const NOTHING_SEEN: Seen = {
  near: 0,
  stale: 0,
  home: 0,
  published: 0,
  removed: 0,
  rested: 0,
}

interface Isolate {
  readonly place: NearPlace
  readonly cache: LateCache
}

type Random = () => number

const built = new Map<string, Uint8Array>()
const digests = new Map<string, string>()

/** The same bytes in every history, since to build them costs more than to publish them. */
async function bytesOf(name: string, arch: string, content: number): Promise<Uint8Array> {
  const key = `${name} ${arch} ${content}`
  const bytes = built.get(key) ?? buildApk({ name, arch, version: '1-r0', info: { pkgdesc: key } })
  if (!built.has(key)) {
    built.set(key, bytes)
    const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
    digests.set(Buffer.from(digest).toString('hex'), key)
  }
  return bytes
}

export class History {
  readonly #ownerName: string
  readonly #random: Random
  readonly #clock: TestClock
  readonly #seen: Seen
  readonly #isolates: readonly Isolate[]
  readonly #promises = new Promises()
  /** What is published, by `architecture/name`. */
  readonly #files = new Map<string, number>()
  #public = true
  #asked: (() => Promise<void>)[] = []
  #broken: string | undefined
  readonly log: string[] = []

  private constructor(
    ownerName: string,
    random: Random,
    clock: TestClock,
    seen: Seen,
    caches: LateCache[],
    bound: number,
  ) {
    this.#ownerName = ownerName
    this.#random = random
    this.#clock = clock
    this.#seen = seen
    this.#isolates = Array.from({ length: ISOLATES }, (_, at) => {
      const cache = caches[at % PLACES] as LateCache
      const error = Math.floor(random() * CLOCK_ERROR_MS)
      const edge = { origin: 'https://registry.test', secret: 'of the test', waitUntil: () => {} }
      const near = new NearCache(edge, async () => cache.cache)
      return {
        cache,
        place: { memory: new NearMemory(), cache: near, now: () => clock.now + error, bound },
      }
    })
  }

  /** @param bound of the places; the repository's own is that of the bindings */
  static async begin(
    ownerName: string,
    random: Random,
    clock: TestClock,
    seen: Seen,
    bound: number,
  ): Promise<History> {
    const caches = await Promise.all(
      Array.from({ length: PLACES }, (_, at) => LateCache.open(`${ownerName}-${at}`)),
    )
    const history = new History(ownerName, random, clock, seen, caches, bound)
    await history.#setVisibility('public')
    return history
  }

  /** @returns what was promised and not kept */
  async run(steps: number): Promise<string | undefined> {
    for (let step = 0; step < steps && this.#broken === undefined; step++) {
      this.#see()
      await this.#step(this.#random())
      this.#see()
    }
    return this.#broken
  }

  async #step(chance: number): Promise<void> {
    if (chance < 0.03) return this.#clock.pass(1000)
    if (chance < 0.07) return this.#publish()
    if (chance < 0.084) return this.#remove()
    if (chance < 0.088) return this.#setVisibility(this.#public ? 'private' : 'public')
    if (chance < 0.091) return this.#makeAnew()
    if (chance < 0.22) return this.#askHome()
    if (chance < 0.36) return this.#pick(this.#asked.splice(this.#below(this.#asked.length), 1))?.()
    if (chance < 0.48) return this.#land()
    if (chance < 0.72) return this.#askNear()
    return this.#comeIn()
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#below(from.length)]
  }

  #somePath(): string {
    return this.#random() < 0.6 ? FIRST_PATH : (this.#pick(PATHS) ?? FIRST_PATH)
  }

  /** By path: the file of the architecture itself, or the one of noarch. */
  #visible(): Map<string, number> {
    const visible = new Map<string, number>()
    for (const arch of ARCHITECTURES)
      for (const name of NAMES) {
        const content = this.#files.get(`${arch}/${name}`) ?? this.#files.get(`noarch/${name}`)
        if (content !== undefined) visible.set(`${arch}/${name}`, content)
      }
    return visible
  }

  #see(): void {
    this.#promises.see(this.#visible(), this.#public, this.#clock.now)
  }

  #changed(what: string): void {
    this.#promises.change()
    this.#see()
    this.log.push(`@${this.#clock.now % 1_000_000} ${what}`)
  }

  async #publish(): Promise<void> {
    const name = this.#random() < 0.7 ? 'f' : 'g'
    const arch = this.#pick([...ARCHITECTURES, 'noarch']) ?? 'noarch'
    const content = this.#random() < 0.5 ? 1 : (this.#pick(CONTENTS) ?? 1)
    const rests = this.#clock.rests
    const { status } = await put(await bytesOf(name, arch, content), this.#path(''))
    this.#seen.rested += this.#clock.rests - rests
    if (status === 409) return
    if (status !== 201) throw new Error(`a publish was answered ${status}`)
    this.#files.set(`${arch}/${name}`, content)
    this.#seen.published += 1
    this.#changed(`published ${arch}/${name}=${content}`)
    for (const path of this.#visible().keys()) {
      if (path.endsWith(`/${name}`) && (arch === 'noarch' || path.startsWith(arch)))
        this.#promises.acknowledge(path)
    }
  }

  /** Mostly by somebody elsewhere, of which no place here is told. */
  async #remove(): Promise<void> {
    const key = this.#pick([...this.#files.keys()])
    if (key === undefined) return
    const { status } = await answerOf(this.#path(`/${key}-1-r0.apk`), {
      method: 'DELETE',
      headers: ADMIN,
    })
    if (status !== 204) throw new Error(`a removal was answered ${status}`)
    this.#files.delete(key)
    this.#seen.removed += 1
    this.#changed(`removed ${key}`)
    if (this.#random() < 0.2) {
      const isolate = this.#pick(this.#isolates)
      if (isolate) await forgetFacts(isolate.place, this.#nearPath(undefined))
    }
  }

  async #setVisibility(visibility: 'public' | 'private'): Promise<void> {
    const body = JSON.stringify({ visibility })
    const { status } = await answerOf(`/api/v1/owners/${this.#ownerName}`, {
      method: 'PUT',
      headers: ADMIN,
      body,
    })
    if (status > 201) throw new Error(`an owner was answered ${status}`)
    this.#public = visibility === 'public'
    this.#changed(visibility)
  }

  async #makeAnew(): Promise<void> {
    if (this.#files.size > 0) return
    await answerOf(`/api/v1/owners/${this.#ownerName}`, { method: 'DELETE', headers: ADMIN })
    await this.#setVisibility(this.#random() < 0.7 ? 'public' : 'private')
  }

  /** The question is on its way for some steps; its time is that of before. */
  #askHome(): void {
    const isolate = this.#pick(this.#isolates)
    if (isolate === undefined) return
    const asked = isolate.place.now()
    const path = this.#random() < 0.35 ? undefined : this.#somePath()
    this.#asked.push(() => this.#answerAtHome(isolate, asked, path))
  }

  async #answerAtHome({ place }: Isolate, asked: number, path: string | undefined): Promise<void> {
    const [arch = '', name = ''] = path?.split('/') ?? []
    const repository = { type: 'alpine', repository: 'edge/main' }
    const fileName = `${name}-1-r0.apk`
    const row = await readAccess(env.DB, {
      ownerName: this.#ownerName,
      token: { column: 'hash', value: null },
      session: undefined,
      resource:
        path === undefined
          ? undefined
          : findRepositoryFile({ ...repository, fileName, parts: [arch, 'noarch'] }),
      quota: false,
      repository,
    })
    this.#seen.home += 1
    const owner = ownerOf(row)
    if (owner?.visibility !== 'public' || row.repository === null) return
    const resource = row.resource === null ? undefined : (JSON.parse(row.resource) as FileRow)
    const found = resource && { fileId: resource.id, owner, resource }
    noteAnswer(
      place,
      this.#nearPath(path),
      JSON.parse(row.repository) as AskedRepository,
      asked,
      found,
    )
    if (path === undefined) this.#promises.list(this.#visible())
    this.log.push(
      `@${this.#clock.now % 1_000_000} isolate ${this.#isolates.findIndex((each) => each.place === place)} asked for ${path ?? 'the index'}`,
    )
  }

  async #land(): Promise<void> {
    const cache = this.#pick(this.#isolates)?.cache
    if (cache) await cache.land(this.#below(cache.puts), this.#random() < 0.15)
  }

  #askNear(): void {
    const isolate = this.#pick(this.#isolates)
    const path = this.#somePath()
    if (isolate === undefined) return
    void findNearFile(isolate.place, this.#nearPath(path)).then((found) => {
      if (found !== undefined) this.#judge(path, found.resource as FileRow)
    })
  }

  #judge(path: string, { sha256 }: FileRow): void {
    this.#seen.near += 1
    const content = Number(digests.get(sha256)?.at(-1))
    if (this.#visible().get(path) !== content || !this.#public) this.#seen.stale += 1
    const broken: Broken | undefined = this.#promises.judge(
      path,
      content,
      this.#clock.now,
      BOUND_MS + CLOCK_ERROR_MS,
    )
    if (broken !== undefined) this.#broken ??= `${path} was answered with ${content}: ${broken}`
  }

  /** Reads of the cache come in: the answer is made at once then. */
  async #comeIn(): Promise<void> {
    const cache = this.#pick(this.#isolates)?.cache
    if (cache === undefined) return
    // Until what began a moment ago has reached the cache.
    await new Promise((resolve) => setTimeout(resolve, 0))
    // Facts and name of one question, or of two.
    cache.comeIn(this.#below(cache.reads))
    cache.comeIn(this.#below(cache.reads))
    await new Promise((resolve) => setTimeout(resolve, 0))
  }

  #path(rest: string): string {
    return `/api/packages/${this.#ownerName}/alpine/edge/main${rest}`
  }

  #nearPath(path: string | undefined): NearPath {
    return { ownerName: this.#ownerName, type: 'alpine', repository: 'edge/main', path }
  }
}
