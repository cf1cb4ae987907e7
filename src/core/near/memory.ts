// What an isolate remembers itself: asked before the cache of its place, and bounded.
import { BoundedMap } from '../bounded-map.ts'
import type { Facts, NearName } from './facts.ts'

/** Lists of commits have up to 6 kB, so that this is 3 MB at most. */
const MOST_FACTS = 500
/** Some hundred bytes each. */
const MOST_NAMES = 5000

interface Dated {
  /** Unix milliseconds. */
  readonly at: number
}

/** Keeps of each key the newest value, whatever the order in which they come. */
class Newest<T extends Dated> {
  readonly #noted: BoundedMap<T>

  constructor(most: number) {
    this.#noted = new BoundedMap(most)
  }

  find(key: string): T | undefined {
    return this.#noted.get(key)
  }

  /** @returns false where something newer is known */
  note(key: string, value: T): boolean {
    const known = this.#noted.get(key)
    if (known !== undefined && known.at > value.at) return false
    this.#noted.set(key, value)
    return true
  }
}

export interface HeldFacts extends Facts {
  /** When the place's cache was given what they say, or gave it; Unix milliseconds. */
  readonly keptAt: number
}

export class NearMemory {
  readonly facts = new Newest<HeldFacts>(MOST_FACTS)
  readonly names = new Newest<NearName>(MOST_NAMES)
}
