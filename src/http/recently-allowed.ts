// What the database said of an owner and a token within the last seconds, for requests that end in a
// commit, which asks for both again. Of a burst of uploads only the first takes that trip. Nothing but
// what was allowed is remembered, so that a new owner or token counts at once.
import { BoundedMap } from '../core/bounded-map.ts'

/** What is asked again that much later, in milliseconds. */
export const RECENT_MS = 5000
const MOST = 100

interface Noted<R> {
  readonly row: R
  /** Unix milliseconds. */
  readonly readAt: number
}

export class RecentlyAllowed<R> {
  readonly #noted = new BoundedMap<Noted<R>>(MOST)

  /** @param now Unix milliseconds */
  find(key: string, now: number): Noted<R> | undefined {
    const found = this.#noted.get(key)
    return found !== undefined && now - found.readAt < RECENT_MS ? found : undefined
  }

  note(key: string, noted: Noted<R>): void {
    this.#noted.set(key, noted)
  }

  forget(): void {
    this.#noted.clear()
  }
}
