// Runs the commits of one repository one after the other. Changes that arrive during a commit share the next
// one. Input gates do not do this: they are open while the object awaits R2 or D1. After a group of several
// changes the queue waits a moment: the answered clients are about to send their next changes, and a commit
// for the first of these alone would keep the others waiting, the longer the more it has to write. A client
// that publishes alone never waits. The queue answers a large group a few at a time and lets other events run
// in between. So the first clients are back while the last ones get their answers, and nobody is idle.

/** At most this many changes share a commit. */
export const GROUP_LIMIT = 256
/** At most this many bytes of metadata share a commit: D1 takes 2 MB per parameter. */
export const GROUP_BYTES = 1_000_000

/** The queue waits for the rest of a burst as long as the last commit took, but at least so many milliseconds. */
export const LEAST_GATHER_MS = 100
/** The queue waits for the rest of a burst at most so many milliseconds. */
export const MOST_GATHER_MS = 1000

/** How many answers go out together. Measured with 32 clients: half as many and twice as many gain less. */
const ANSWERED_AT_ONCE = 8

/** Tells the time in milliseconds. `start` calls `fire` after so many, unless the returned function is called first. */
export interface Clock {
  now(): number
  start(milliseconds: number, fire: () => void): () => void
}

const clock: Clock = {
  now: () => Date.now(),
  start(milliseconds, fire) {
    const timer = setTimeout(fire, milliseconds)
    return () => clearTimeout(timer)
  },
}

interface Waiting<C, R> {
  readonly change: C
  readonly weight: number
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

interface QueueOptions<C, R> {
  /** Commits a group and gives one result per change, in order. */
  readonly commit: (group: readonly C[]) => Promise<readonly R[]>
  /** Two changes with one key never share a commit, so that the second one sees the effect of the first. */
  readonly keyOf: (change: C) => string
  /** Bytes that the change adds to the batch's largest parameter. */
  readonly weightOf: (change: C) => number
  /** Called when all changes of a group have their answers. */
  readonly answered?: () => void
  /** Replaces the real clock in tests. */
  readonly clock?: Clock
}

export class CommitQueue<C, R> {
  #waiting: Waiting<C, R>[] = []
  #running = false
  /** Called for every change that arrives while the next group gathers. */
  #onArrival: (() => void) | undefined
  readonly #options: QueueOptions<C, R>
  readonly #clock: Clock

  constructor(options: QueueOptions<C, R>) {
    this.#options = options
    this.#clock = options.clock ?? clock
  }

  /** Resolves with the change's own result once its commit is over. */
  submit(change: C): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ change, weight: this.#options.weightOf(change), resolve, reject })
      this.#onArrival?.()
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      const started = this.#clock.now()
      const answers = await this.#commitNext(group)
      const took = this.#clock.now() - started
      const expected = group.length + this.#waiting.length
      await this.#answer(answers)
      this.#options.answered?.()
      if (group.length > 1) await this.#gather(expected, took)
    }
    this.#running = false
  }

  /** Waits until as many changes have arrived as the burst had, until the group is full, or until time is up. */
  async #gather(expected: number, took: number): Promise<void> {
    if (this.#hasGathered(expected)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const longest = Math.min(Math.max(took, LEAST_GATHER_MS), MOST_GATHER_MS)
    const cancel = this.#clock.start(longest, resolve)
    this.#onArrival = () => {
      if (this.#hasGathered(expected)) resolve()
    }
    await promise
    this.#onArrival = undefined
    cancel()
  }

  #hasGathered(expected: number): boolean {
    if (this.#waiting.length >= Math.min(expected, GROUP_LIMIT)) return true
    return this.#waiting.reduce((sum, { weight }) => sum + weight, 0) >= GROUP_BYTES
  }

  #takeGroup(): Waiting<C, R>[] {
    const keys = new Set<string>()
    const group: Waiting<C, R>[] = []
    const later: Waiting<C, R>[] = []
    let weight = 0
    for (const waiting of this.#waiting) {
      const key = this.#options.keyOf(waiting.change)
      const heavier = weight + waiting.weight
      const full = group.length >= GROUP_LIMIT || (group.length > 0 && heavier > GROUP_BYTES)
      if (full || keys.has(key)) {
        later.push(waiting)
      } else {
        group.push(waiting)
        weight = heavier
      }
      // The key of a waiting change counts too, so that changes of one file keep their order.
      keys.add(key)
    }
    this.#waiting = later
    return group
  }

  /** Commits the group and returns a function for each change that answers it. */
  async #commitNext(group: readonly Waiting<C, R>[]): Promise<(() => void)[]> {
    try {
      const results = await this.#options.commit(group.map((waiting) => waiting.change))
      return group.map(({ resolve, reject }, at) => () => {
        const result = results[at]
        if (result === undefined) reject(new Error('a change without a result'))
        else resolve(result)
      })
    } catch (error) {
      return group.map((waiting) => () => waiting.reject(error))
    }
  }

  async #answer(answers: readonly (() => void)[]): Promise<void> {
    for (const [at, answer] of answers.entries()) {
      if (at > 0 && at % ANSWERED_AT_ONCE === 0) await this.#turn()
      answer()
    }
  }

  /** Lets all other events that are due run first. */
  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.start(0, resolve)
    return promise
  }
}
