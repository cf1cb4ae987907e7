// How many replaced generations of an index file are kept for readers that read its row just before. The
// sweep takes them a quarter of an hour after; a burst of commits would leave hundreds until then.

/**
 * A reader is a moment behind its row, and a burst makes some twenty generations a second. For a reader
 * that comes later still, the index file is written anew.
 */
const KEPT = 40

export class Generations {
  readonly #replaced = new Map<string, string[]>()

  /** Notes that an object was replaced and returns the one that is now too many, if any. */
  replace(path: string, r2Key: string): string | undefined {
    const keys = this.#replaced.get(path) ?? []
    this.#replaced.set(path, keys)
    keys.push(r2Key)
    return keys.length > KEPT ? keys.shift() : undefined
  }
}
