// A random history: what happens to the one database, and what places far away remember and answer meanwhile. Each
// has a theme, since faults that need several rare steps would not be met by chance alone.
import { CLOCK_ERROR_MS } from '../../../../src/core/near/facts.ts'
import type { TestClock } from './clock.ts'
import { KINDS, type Kind } from './kinds.ts'
import { ARCHITECTURES, NAMES, Primary } from './primary.ts'
import { Promises } from './promises.ts'
import { Random } from './random.ts'
import { type Answer, Readers } from './readers.ts'
import type { TestedFile } from './routes.ts'

export const BOUND_MS = 6000
const FIRST_PATH = 'x86_64/f'
const PATHS = ARCHITECTURES.flatMap((part) => NAMES.map((name) => `${part}/${name}`))

/** How likely each step is, of all together. */
const STEPS = {
  pass: 4,
  publish: 5,
  remove: 2,
  visibility: 0.3,
  owner: 0.1,
  repository: 0.1,
  save: 0,
  restore: 0,
  olderCode: 0,
  cut: 0.1,
  index: 4,
  file: 8,
  answer: 12,
  arrive: 5,
  land: 16,
  evict: 0.6,
  near: 40,
  comeIn: 14,
}
type Step = keyof typeof STEPS

const RESTORES = { save: 1.5, restore: 2 }

const THEMES: readonly Partial<Record<Step, number>>[] = [
  RESTORES,
  { owner: 4, repository: 4, remove: 4 },
  { visibility: 3 },
  { olderCode: 5, publish: 3, remove: 1, cut: 2, index: 7, pass: 5 },
  // Answers come late, when others have told of what was removed meanwhile.
  { remove: 4, index: 7, arrive: 2, pass: 6 },
]

/** What is counted of all histories. */
export const NOTHING_SEEN = {
  near: 0,
  /** Near answers with bytes that were gone by then, within the bound. */
  stale: 0,
  home: 0,
  published: 0,
  removed: 0,
  rested: 0,
  madePrivate: 0,
  /** Owners and repositories, under the same name. */
  madeAnew: 0,
  restored: 0,
  removedByOlderCode: 0,
}
export type Seen = typeof NOTHING_SEEN

export interface HistoryOptions {
  /** Absent: a repository. */
  readonly kind?: Kind
  readonly clock: TestClock
  readonly seen: Seen
  /** What commits take for the bound, in milliseconds; through the Worker they take that of the bindings. */
  readonly rememberMs: number
  /** Whether changes come through the Worker and the object, or by commits alone. */
  readonly throughWorker: boolean
  /** Whether the database is taken back at once, with no regard to what places remember. */
  readonly hasty?: boolean
}

export class History {
  readonly #random: Random
  readonly #clock: TestClock
  readonly #seen: Seen
  readonly #hasty: boolean
  readonly #steps: Readonly<Record<Step, number>>
  readonly #kind: Kind
  readonly #primary: Primary
  readonly #readers: Readers
  readonly #promises = new Promises()
  #arriving: (Answer & { readonly listed: () => void })[] = []
  #broken: string | undefined
  readonly log: string[] = []

  private constructor(
    [seed, random]: readonly [number, Random],
    { kind = KINDS[0], clock, seen, hasty = false }: HistoryOptions,
    primary: Primary,
    readers: Readers,
  ) {
    this.#random = random
    this.#clock = clock
    this.#seen = seen
    this.#hasty = hasty
    this.#kind = kind
    this.#primary = primary
    this.#readers = readers
    // One after the other, so that a few histories have all of them.
    this.#steps = { ...STEPS, ...(hasty ? RESTORES : THEMES[seed % THEMES.length]) }
  }

  /** @param name of the owner, of which no place knows anything yet */
  static async begin(name: string, seed: number, options: HistoryOptions): Promise<History> {
    const { clock, rememberMs } = options
    const random = new Random(seed)
    const db = clock.database
    const { kind = KINDS[0] } = options
    const route = options.throughWorker
      ? kind.throughWorker(name)
      : kind.throughCommits(name, db, rememberMs)
    const primary = new Primary(db, name, kind, route)
    await primary.begin()
    const readers = await Readers.begin(name, {
      ...{ db, kind, clock, random, bound: BOUND_MS },
      realCaches: options.throughWorker,
    })
    return new History([seed, random], options, primary, readers)
  }

  /** @returns what was promised and not kept */
  async run(steps: number): Promise<string | undefined> {
    for (let step = 0; step < steps && this.#broken === undefined; step++) {
      this.#see()
      await this.#takes[this.#random.weighted(this.#likely)]()
      this.#see()
    }
    return this.#broken
  }

  /** What is private is mostly made public soon, since nothing of it is near. */
  get #likely(): Readonly<Record<Step, number>> {
    return this.#primary.isPublic ? this.#steps : { ...this.#steps, visibility: 8 }
  }

  readonly #takes: Readonly<Record<Step, () => Promise<void> | void>> = {
    pass: () => this.#pass(),
    publish: () => this.#publish(),
    remove: () => this.#remove(),
    visibility: () => this.#changeVisibility(),
    owner: () => this.#makeOwnerAnew(),
    repository: () => this.#deleteRepository(),
    save: () => this.#primary.save(),
    restore: () => this.#restore(),
    olderCode: () => this.#removeByOlderCode(),
    cut: () => this.#primary.cutList(1 + this.#random.below(4)),
    index: () => this.#readers.send(undefined),
    file: () => this.#readers.send(this.#somePath()),
    answer: () => this.#answer(),
    arrive: () => this.#arrive(),
    land: () => this.#readers.land(),
    evict: () => this.#readers.evict(),
    near: () => this.#askNear(),
    comeIn: () => this.#readers.comeIn(),
  }

  #pass(): void {
    const isLong = this.#random.chance(0.15)
    this.#clock.pass(isLong ? BOUND_MS + CLOCK_ERROR_MS : 500 + this.#random.below(4) * 500)
  }

  #somePath(): string {
    return this.#random.chance(0.7) ? FIRST_PATH : (this.#random.pick(PATHS) ?? FIRST_PATH)
  }

  #see(): void {
    this.#promises.see(this.#primary.visible, this.#primary.isPublic, this.#clock.now)
  }

  #changed(what: string): void {
    this.#promises.change()
    this.#see()
    this.#say(what)
  }

  #say(what: string): void {
    this.log.push(`@${this.#clock.now % 1_000_000} ${what}`)
  }

  async #publish(): Promise<void> {
    const name = this.#random.chance(0.8) ? 'f' : 'g'
    const { parts } = this.#kind
    const free = parts.filter((part) => this.#primary.isFree({ part, name }))
    const part = this.#random.pick(this.#random.chance(0.95) ? free : parts)
    if (part !== undefined) await this.#put({ part, name, content: 1 + this.#random.below(2) })
  }

  async #put(file: TestedFile): Promise<void> {
    const { part, name, content } = file
    const rests = this.#clock.rests
    const isPublished = await this.#primary.publish(file)
    this.#seen.rested += this.#clock.rests - rests
    if (!isPublished) return
    this.#seen.published += 1
    this.#changed(`published ${part}/${name}=${content}`)
    for (const path of this.#primary.visible.keys()) {
      if (path.endsWith(`/${name}`) && (part === 'noarch' || path.startsWith(part)))
        this.#promises.acknowledge(path)
    }
  }

  /** Mostly by somebody elsewhere, of which no place here is told. */
  async #remove(): Promise<void> {
    const { files } = this.#primary
    const one = this.#random.pick(files)
    if (one === undefined) return
    const removed = this.#random.chance(0.3) ? files : [one]
    await this.#primary.remove(removed)
    this.#seen.removed += removed.length
    this.#changed(`removed ${removed.map(({ part, name }) => `${part}/${name}`).join(' ')}`)
    if (this.#random.chance(0.2)) await this.#readers.forget()
  }

  async #removeByOlderCode(): Promise<void> {
    const file = this.#random.pick(this.#primary.files)
    if (file === undefined) return
    await this.#primary.removeByOlderCode(file)
    this.#seen.removedByOlderCode += 1
    this.#changed(`an older version removed ${file.part}/${file.name}`)
    // Whoever replaces a file does both at once.
    if (this.#random.chance(0.5)) await this.#put({ ...file, content: 3 - file.content })
  }

  async #changeVisibility(): Promise<void> {
    const visibility = this.#primary.isPublic ? 'private' : 'public'
    await this.#primary.setVisibility(visibility)
    if (visibility === 'private') this.#seen.madePrivate += 1
    this.#changed(visibility)
  }

  async #makeOwnerAnew(): Promise<void> {
    const visibility = this.#random.chance(0.9) ? 'public' : 'private'
    if (!(await this.#primary.makeOwnerAnew(visibility))) return
    this.#seen.madeAnew += 1
    this.#changed('made the owner anew')
  }

  async #deleteRepository(): Promise<void> {
    if (!(await this.#primary.deleteRepository())) return
    this.#seen.madeAnew += 1
    this.#changed('deleted the repository')
  }

  /** As it is documented: no place answers by itself, then the bound passes, then the database is taken back. */
  async #restore(): Promise<void> {
    const drawn = this.#random.chance(0.3)
    // The command for backups needs no preparation; what it accepts ends with the bound.
    const isPrepared = !this.#hasty && (!drawn || this.#random.chance(0.5))
    if (isPrepared) {
      this.#readers.bound = 0
      this.#clock.pass(BOUND_MS + CLOCK_ERROR_MS)
      this.#see()
    }
    const isRestored = await this.#primary.restore(drawn)
    this.#readers.bound = BOUND_MS
    if (!isRestored) return
    const isAccepted = drawn && !isPrepared
    this.#promises.restore(isAccepted ? this.#clock.now + BOUND_MS + CLOCK_ERROR_MS : 0)
    this.#seen.restored += 1
    this.#changed(`restored${drawn ? ' a backup' : ''}${isPrepared ? '' : ' at once'}`)
  }

  async #answer(): Promise<void> {
    const answer = await this.#readers.answer()
    if (answer === undefined) return
    this.#seen.home += 1
    const { visible: files, isPublic } = this.#primary
    const { changes } = this.#promises
    const isIndex = answer.path === undefined && isPublic
    const listed = () => (isIndex ? this.#promises.list(files, changes) : undefined)
    this.#arriving.push({ ...answer, listed })
    this.#say(`isolate ${answer.isolate} is told of ${answer.path ?? 'the index'}`)
    if (this.#random.chance(0.6)) this.#arrive(this.#arriving.length - 1)
  }

  #arrive(at = this.#random.below(this.#arriving.length)): void {
    const [answer] = this.#arriving.splice(at, 1)
    if (answer === undefined) return
    answer.note()
    answer.listed()
    this.#say(`isolate ${answer.isolate} notes ${answer.path ?? 'the index'}`)
  }

  async #askNear(): Promise<void> {
    const path = this.#somePath()
    await this.#readers.askNear(path, (content, isolate) => this.#judge(path, content, isolate))
  }

  #judge(path: string, content: number, isolate: number): void {
    this.#seen.near += 1
    const { visible, isPublic } = this.#primary
    if (visible.get(path) !== content || !isPublic) this.#seen.stale += 1
    const { now } = this.#clock
    const broken = this.#promises.judge(path, content, now, BOUND_MS + CLOCK_ERROR_MS)
    if (broken === undefined) return
    this.#say(`isolate ${isolate} answers ${path} with ${content}`)
    this.#broken ??= `${path} was answered with ${content}: ${broken}`
  }
}
