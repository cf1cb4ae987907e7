// The platform's cache, as a place far away has it: what is read comes a while after it was asked for, what is put
// lands later, in another order, or never.

export class LateCache {
  readonly #cache: Cache
  /** What has not landed. */
  readonly #puts: (() => Promise<void>)[] = []
  /** What was read and has not come. */
  readonly #reads: (() => void)[] = []

  private constructor(cache: Cache) {
    this.#cache = cache
  }

  static async open(name: string): Promise<LateCache> {
    return new LateCache(await caches.open(name))
  }

  /** As the code under test sees it. */
  get cache(): Cache {
    return new Proxy(this.#cache, {
      get: (target, property) => {
        if (property === 'match') return (key: string) => this.#match(key)
        if (property === 'put') return (key: string, response: Response) => this.#put(key, response)
        const value: unknown = Reflect.get(target, property)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  get reads(): number {
    return this.#reads.length
  }

  get puts(): number {
    return this.#puts.length
  }

  async #match(key: string): Promise<Response | undefined> {
    const found = await this.#cache.match(key)
    // A body has to be read where it was opened.
    const text = await found?.text()
    await new Promise<void>((resolve) => this.#reads.push(resolve))
    return text === undefined ? undefined : new Response(text)
  }

  async #put(key: string, response: Response): Promise<void> {
    const text = await response.text()
    const { headers } = response
    this.#puts.push(() => this.#cache.put(key, new Response(text, { headers })))
  }

  /** One of the reads comes. */
  comeIn(at: number): void {
    this.#reads.splice(at, 1)[0]?.()
  }

  /** One of the puts lands, or is lost. */
  async land(at: number, lost: boolean): Promise<void> {
    const [put] = this.#puts.splice(at, 1)
    if (!lost) await put?.()
  }
}
