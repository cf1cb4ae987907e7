// Who reads in a history: isolates in places that each have a cache, with clocks of their own. A question to the
// database is sent, answered there, and comes back, each a while after the other.
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
import type { TestClock } from './clock.ts'
import type { Kind } from './kinds.ts'
import { LateCache } from './late-cache.ts'
import type { Random } from './random.ts'
import { askHome, contentOf, type FileKey } from './routes.ts'

const PLACES = 2
const ISOLATES = 3

interface Isolate {
  readonly number: number
  readonly cache: LateCache
  /** What its clock is ahead, in milliseconds. */
  readonly error: number
  memory: NearMemory
}

interface Sent {
  readonly isolate: Isolate
  /** As it was when the question was sent: a deployment changes the bound of what comes later. */
  readonly place: NearPlace
  /** By the clock of the isolate. */
  readonly at: number
  /** Undefined for an index. */
  readonly path: string | undefined
}

/** What came back, to be noted. */
export interface Answer {
  readonly isolate: number
  readonly path: string | undefined
  readonly note: () => void
}

export class Readers {
  readonly #ownerName: string
  readonly #db: D1Database
  readonly #kind: Kind
  readonly #clock: TestClock
  readonly #random: Random
  readonly #isolates: readonly Isolate[]
  readonly #realCaches: boolean
  readonly #sent: Sent[] = []
  /** Milliseconds; 0 while nothing is near. */
  bound: number

  private constructor(
    ownerName: string,
    { db, kind, clock, random, bound, realCaches }: ReadersOptions,
    caches: readonly LateCache[],
  ) {
    this.#ownerName = ownerName
    this.#db = db
    this.#kind = kind
    this.#clock = clock
    this.#random = random
    this.bound = bound
    this.#realCaches = realCaches
    this.#isolates = Array.from({ length: ISOLATES }, (_, number) => ({
      number,
      cache: caches[number % PLACES] as LateCache,
      error: random.chance(0.7)
        ? random.below(2) * (CLOCK_ERROR_MS - 1)
        : random.below(CLOCK_ERROR_MS),
      memory: new NearMemory(),
    }))
  }

  static async begin(ownerName: string, options: ReadersOptions): Promise<Readers> {
    const caches = Array.from({ length: PLACES }, async (_, at) =>
      options.realCaches ? LateCache.open(`${ownerName}-${at}`) : LateCache.inMemory(),
    )
    return new Readers(ownerName, options, await Promise.all(caches))
  }

  #placeOf({ memory, cache, error }: Isolate): NearPlace {
    const edge = { origin: 'https://registry.test', secret: 'of the test', waitUntil: () => {} }
    const near = new NearCache(edge, async () => cache.cache)
    const now = () => this.#clock.now + error
    return { memory, cache: near, now, bound: this.bound }
  }

  #some(): Isolate {
    const isolate = this.#random.pick(this.#isolates)
    if (isolate === undefined) throw new Error('there are no isolates')
    return isolate
  }

  /** A question leaves; undefined asks for the index. */
  send(path: string | undefined): void {
    const isolate = this.#some()
    const place = this.#placeOf(isolate)
    this.#sent.push({ isolate, place, at: place.now(), path })
  }

  /** The database answers one of the questions. */
  async answer(): Promise<Answer | undefined> {
    const question = this.#random.take(this.#sent)
    if (question === undefined) return undefined
    const { isolate, place, at, path } = question
    const about = { db: this.#db, kind: this.#kind, ownerName: this.#ownerName, path }
    const note = await askFor(place, at, about)
    return { isolate: isolate.number, path, note }
  }

  /**
   * Somebody asks for a file, and may be answered at once or later.
   * @param judge called with the content that was answered
   */
  async askNear(path: string, judge: (content: number, isolate: number) => void): Promise<void> {
    if (this.bound === 0) return
    const isolate = this.#some()
    const ask = async () => {
      const found = await findNearFile(this.#placeOf(isolate), this.#nearPath(path))
      if (found !== undefined) judge(contentOf((found.resource as FileRow).sha256), isolate.number)
    }
    if (this.#random.chance(0.7)) await isolate.cache.readPromptly(ask)
    else void ask()
  }

  /** Reads of a cache come in: facts and name of one question, or of two. */
  async comeIn(): Promise<void> {
    const { cache } = this.#some()
    // Until what began a moment ago has reached the cache of the platform.
    if (this.#realCaches) await turn()
    cache.comeIn(this.#random)
    cache.comeIn(this.#random)
    await turn()
  }

  async land(): Promise<void> {
    await this.#some().cache.land(this.#random, this.#random.chance(0.15))
  }

  async evict(): Promise<void> {
    if (this.#random.chance(0.5)) this.#some().memory = new NearMemory()
    else await this.#some().cache.evict(this.#random)
  }

  /** As the isolate does that was asked for a removal. */
  async forget(): Promise<void> {
    await forgetFacts(this.#placeOf(this.#some()), this.#nearPath(undefined))
  }

  #nearPath(path: string | undefined): NearPath {
    return nearPathOf(this.#kind, this.#ownerName, path)
  }
}

export interface Question {
  readonly db: D1Database
  readonly kind: Kind
  readonly ownerName: string
  /** Undefined for an index. */
  readonly path: string | undefined
}

/**
 * The database answers.
 * @param at when it was asked, by the clock of the place
 * @returns notes the answer, when it has come
 */
export async function askFor(
  place: NearPlace,
  at: number,
  { db, kind, ownerName, path }: Question,
): Promise<() => void> {
  const { row, owner } = await askHome(db, ownerName, kind, keyOf(path))
  return () => {
    if (place.bound === 0 || owner?.visibility !== 'public' || row.repository === null) return
    const resource = row.resource === null ? undefined : (JSON.parse(row.resource) as FileRow)
    const found = resource && { fileId: resource.id, owner, resource }
    const repository = JSON.parse(row.repository) as AskedRepository
    noteAnswer(place, nearPathOf(kind, ownerName, path), repository, at, found)
  }
}

export function nearPathOf(
  { type, repository, pathOf }: Kind,
  ownerName: string,
  path: string | undefined,
): NearPath {
  const key = keyOf(path)
  return { ownerName, type, repository, path: key && pathOf(key) }
}

function keyOf(path: string | undefined): FileKey | undefined {
  const [part = '', name = ''] = path?.split('/') ?? []
  return path === undefined ? undefined : { part, name }
}

export interface ReadersOptions {
  readonly db: D1Database
  readonly kind: Kind
  readonly clock: TestClock
  readonly random: Random
  /** Milliseconds. */
  readonly bound: number
  /** Whether their caches are those of the platform. */
  readonly realCaches: boolean
}

/** What was begun has come as far as it can. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
