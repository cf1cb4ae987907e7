// Chances of a random history: the same for the same seed.

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** mulberry32: from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)]
  }

  /** Takes one out. */
  take<T>(from: T[]): T | undefined {
    return from.splice(this.below(from.length), 1)[0]
  }

  /** A key, the likelier the more it weighs. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights)
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    const found = entries.find(([, weight]) => {
      left -= weight
      return left < 0
    })
    if (found === undefined) throw new Error('nothing to choose from')
    // The shape of Object.entries: its keys are those of the record.
    return found[0] as K
  }
}
