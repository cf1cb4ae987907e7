// The part of a place's cache that has facts and names: apart from the bytes, under keys that nobody else can
// name. It may lose, delay and reorder what it is given; what is read from it is judged by its age alone.
import { type Edge, keyOf } from '../edge-cache.ts'

const NAME = 'near'

export class NearCache {
  readonly #edge: Edge
  /** The platform's, or what a test puts around it. */
  readonly #open: () => Promise<Cache>

  constructor(edge: Edge, open: () => Promise<Cache> = () => caches.open(NAME)) {
    this.#edge = edge
    this.#open = open
  }

  /** What was put under the key, of the shape that it was put in: nobody else can. A cache that fails has nothing. */
  async find<T>(key: string): Promise<T | undefined> {
    try {
      const response = await (await this.#open()).match(this.#url(key))
      return response === undefined ? undefined : ((await response.json()) as T)
    } catch (error) {
      console.error('the cache of facts does not answer:', String(error))
      return undefined
    }
  }

  /**
   * Keeps a value after the response. It does not fail: what is not kept is asked for again.
   * @param seconds for which the value can be of use
   */
  put(key: string, value: unknown, seconds: number): void {
    const headers = { 'cache-control': `public, max-age=${seconds}` }
    const put = async () => {
      await (await this.#open()).put(this.#url(key), Response.json(value, { headers }))
    }
    this.#edge.waitUntil(
      put().catch((error) => console.error('facts were not kept:', String(error))),
    )
  }

  async forget(key: string): Promise<void> {
    try {
      await (await this.#open()).delete(this.#url(key))
    } catch (error) {
      console.error('facts were not forgotten:', String(error))
    }
  }

  #url(key: string): string {
    return keyOf(this.#edge, `near ${key}`)
  }
}
