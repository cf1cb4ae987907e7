// Puts the commits of one repository one after the other, and lets the changes that arrive during
// one share the next. Input gates do not do this: they are open while R2 or D1 is awaited. After a
// group of several it waits a moment: those who just got their answer are about to come back, and a
// commit for the first of them alone would keep the others waiting, the longer the more it has to write.
// Who publishes alone never waits. A large group gets its answers a few at a time, with what else came in
// between: so the first are back while the last are answered, and nobody is idle.

/** At most this many changes share a commit. */
export const GROUP_LIMIT = 256
/** At most this many bytes of metadata share a commit: D1 takes 2 MB per parameter. */
export const GROUP_BYTES = 1_000_000

/** The longest wait for the rest of a burst, in milliseconds: as long as the commit before it took, … */
export const LEAST_GATHER_MS = 100
/** … within these bounds. */
export const MOST_GATHER_MS = 1000

/** Answers that go out together. Measured with 32 clients: half as many or twice as many gain less. */
const ANSWERED_AT_ONCE = 8

/** The time, in milliseconds, and calls back once after so many unless what it returns is called. */
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
  /** Two changes of one key never share a commit: the second sees what the first did. */
  readonly keyOf: (change: C) => string
  /** Bytes that the change adds to the largest parameter. */
  readonly weightOf: (change: C) => number
  /** Called when all of a group have their answers. */
  readonly answered?: () => void
  /** In the place of the real one, for tests. */
  readonly clock?: Clock
}

export class CommitQueue<C, R> {
  #waiting: Waiting<C, R>[] = []
  #running = false
  /** Told of every change that comes while the next group gathers. */
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

  /** Waits until as many are there as the burst had, or until the group is full, but not for long. */
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
      // Also after one that has to wait: changes of one file keep their order.
      keys.add(key)
    }
    this.#waiting = later
    return group
  }

  /** What is left to do is to give each its answer. */
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

  /** Lets everything else that is due have its turn. */
  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.start(0, resolve)
    return promise
  }
}
