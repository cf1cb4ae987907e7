// How many buffers of R2's parts the isolate holds at once. Each is 5 MiB long, and an isolate has 128 MB for
// all requests that it serves together.
import { RegistryError } from '../errors.ts'

export interface Place {
  /** To be called whenever something is written. */
  renew(): void
  release(): void
}

/** How often who waits looks for a place: what another request resolves may never arrive in its own. */
const LOOK_MS = 20

export class Places {
  /** When each of those that are taken falls vacant, in Unix milliseconds. */
  readonly #taken = new Map<object, number>()
  readonly #count: number
  readonly #waitMs: number
  readonly #idleMs: number

  /**
   * @param waitMs how long one is waited for
   * @param idleMs after which a place is vacant that was not renewed: of a client that goes away the runtime
   *   may end the request without a word
   */
  constructor({ count, waitMs, idleMs }: { count: number; waitMs: number; idleMs: number }) {
    this.#count = count
    this.#waitMs = waitMs
    this.#idleMs = idleMs
  }

  /** @throws RegistryError storage-unavailable where none is free for too long */
  async take(): Promise<Place> {
    const deadline = Date.now() + this.#waitMs
    while (this.#countTaken() >= this.#count) {
      if (Date.now() > deadline) {
        const detail =
          'too many files of unknown length come at once: declare a Content-Length and send no form, or try again'
        throw new RegistryError({ code: 'storage-unavailable', detail })
      }
      await scheduler.wait(LOOK_MS)
    }
    const place: Place = {
      renew: () => this.#taken.set(place, Date.now() + this.#idleMs),
      release: () => this.#taken.delete(place),
    }
    place.renew()
    return place
  }

  #countTaken(): number {
    const now = Date.now()
    for (const [place, until] of this.#taken) if (until < now) this.#taken.delete(place)
    return this.#taken.size
  }
}

/** 40 MiB together. A body may stall for a minute; a client that waits longer for a place is better told so. */
export const partBuffers: Places = new Places({ count: 8, waitMs: 30_000, idleMs: 90_000 })
