// Bounds how many buffers of R2's parts the isolate holds at once. Each is 5 MiB long, and an isolate has 128 MB
// for all its requests together.
import { RegistryError } from '../errors.ts'

export interface Place {
  /** Keeps the place. The holder calls it with every write. */
  renew(): void
  release(): void
}

/** How often a waiting request looks for a free place: a promise that another request resolves may never reach it. */
const LOOK_MS = 20

export class Places {
  /** The taken places, each with the time at which it becomes free by itself, in Unix milliseconds. */
  readonly #taken = new Map<object, number>()
  readonly #count: number
  readonly #waitMs: number
  readonly #idleMs: number

  /**
   * @param waitMs how long `take` waits for a free place
   * @param idleMs after how long without a renewal a place is free: the runtime may end the request of a client
   *   that went away without running any more of its code
   */
  constructor({ count, waitMs, idleMs }: { count: number; waitMs: number; idleMs: number }) {
    this.#count = count
    this.#waitMs = waitMs
    this.#idleMs = idleMs
  }

  /** @throws RegistryError storage-unavailable if no place gets free in time */
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

/** 40 MiB together. A body may stall for a minute. A client that waits longer than 30 s for a place gets an answer. */
export const partBuffers: Places = new Places({ count: 8, waitMs: 30_000, idleMs: 90_000 })
