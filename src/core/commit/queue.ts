// Puts the commits of one repository one after the other, and lets the changes that arrive during
// one share the next. Input gates do not do this: they are open while R2 or D1 is awaited.

/** At most this many changes share a commit. */
export const GROUP_LIMIT = 256
/** At most this many bytes of metadata share a commit: D1 takes 2 MB per parameter. */
export const GROUP_BYTES = 1_000_000

interface Waiting<C, R> {
  readonly change: C
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
}

export class CommitQueue<C, R> {
  #waiting: Waiting<C, R>[] = []
  #running = false
  readonly #options: QueueOptions<C, R>

  constructor(options: QueueOptions<C, R>) {
    this.#options = options
  }

  /** Resolves with the change's own result once its commit is over. */
  submit(change: C): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) await this.#commitNext(this.#takeGroup())
    this.#running = false
  }

  #takeGroup(): Waiting<C, R>[] {
    const keys = new Set<string>()
    const group: Waiting<C, R>[] = []
    const later: Waiting<C, R>[] = []
    let weight = 0
    for (const waiting of this.#waiting) {
      const key = this.#options.keyOf(waiting.change)
      const heavier = weight + this.#options.weightOf(waiting.change)
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

  async #commitNext(group: readonly Waiting<C, R>[]): Promise<void> {
    try {
      const results = await this.#options.commit(group.map((waiting) => waiting.change))
      group.forEach((waiting, at) => {
        const result = results[at]
        if (result === undefined) waiting.reject(new Error('a change without a result'))
        else waiting.resolve(result)
      })
    } catch (error) {
      for (const waiting of group) waiting.reject(error)
    }
  }
}
