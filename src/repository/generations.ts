// Bounds how many replaced generations of an index file stay for requests that read its row just before. The
// sweep deletes each generation after a quarter of an hour. A burst of commits would leave hundreds until then.

/**
 * A request reads the object a moment after the row, and a burst makes some twenty generations a second. For a
 * request that comes later still, the registry writes the index file anew.
 */
const KEPT = 40

export class Generations {
  readonly #replaced = new Map<string, string[]>()

  /** Notes that an object was replaced. Returns the key of the generation that is now too many, if any. */
  replace(path: string, r2Key: string): string | undefined {
    const keys = this.#replaced.get(path) ?? []
    this.#replaced.set(path, keys)
    keys.push(r2Key)
    return keys.length > KEPT ? keys.shift() : undefined
  }
}
