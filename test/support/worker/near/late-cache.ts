// The platform's cache, as a place far away has it: what is read comes a while after it was asked for, what is put
// lands later, in another order, or never.
import type { Random } from './random.ts'

/** What it does with entries is what the platform's does. */
type Store = Pick<Cache, 'match' | 'put' | 'delete'>

export class LateCache {
  readonly #store: Store
  /** What has not landed. */
  readonly #puts: (() => Promise<void>)[] = []
  /** What was read and has not come. */
  readonly #reads: (() => void)[] = []
  /** What has landed. */
  readonly #keys = new Set<string>()
  #isPrompt = false

  private constructor(store: Store) {
    this.#store = store
  }

  /** Around the one of the platform. */
  static async open(name: string): Promise<LateCache> {
    return new LateCache(await caches.open(name))
  }

  /** Around a map, which takes a tenth of the time: for histories of which there are thousands. */
  static inMemory(): LateCache {
    return new LateCache(new MemoryStore())
  }

  /** As the code under test sees it, which asks for no more of a cache. */
  get cache(): Cache {
    const match = (key: string) => this.#match(key)
    const put = (key: string, response: Response) => this.#put(key, response)
    return { match, put, delete: (key: string) => this.#store.delete(key) } as unknown as Cache
  }

  async #match(key: string): Promise<Response | undefined> {
    const found = await this.#store.match(key)
    // A body has to be read where it was opened.
    const text = await found?.text()
    if (!this.#isPrompt) await new Promise<void>((resolve) => this.#reads.push(resolve))
    return text === undefined ? undefined : new Response(text)
  }

  async #put(key: string, response: Response): Promise<void> {
    const text = await response.text()
    const { headers } = response
    this.#puts.push(async () => {
      await this.#store.put(key, new Response(text, { headers }))
      this.#keys.add(key)
    })
  }

  /** Reads that begin meanwhile come at once. */
  async readPromptly<T>(read: () => Promise<T>): Promise<T> {
    this.#isPrompt = true
    const reading = read()
    const value = await reading
    this.#isPrompt = false
    return value
  }

  /** One of the reads comes. */
  comeIn(random: Random): void {
    random.take(this.#reads)?.()
  }

  /** One of the puts lands, or is lost. */
  async land(random: Random, lost: boolean): Promise<void> {
    const put = random.take(this.#puts)
    if (!lost) await put?.()
  }

  /** One of the entries goes. */
  async evict(random: Random): Promise<void> {
    const key = random.pick([...this.#keys])
    if (key === undefined) return
    this.#keys.delete(key)
    await this.#store.delete(key)
  }
}

class MemoryStore implements Store {
  readonly #texts = new Map<string, string>()

  async match(key: RequestInfo | URL): Promise<Response | undefined> {
    const text = this.#texts.get(String(key))
    return text === undefined ? undefined : new Response(text)
  }

  async put(key: RequestInfo | URL, response: Response): Promise<void> {
    this.#texts.set(String(key), await response.text())
  }

  async delete(key: RequestInfo | URL): Promise<boolean> {
    return this.#texts.delete(String(key))
  }
}
