// A gap in the list of a repository's last commits: code of an older version, which keeps no list, made the
// last one. It may have removed names without letting them rest, so that a publish waits as long as if it had
// removed its name just now. The time begins when the object first meets the gap, and anew with each further
// commit that it did not make itself; a new object begins again.
import { isCurrent } from './recent-commits.ts'

export class Gap {
  /** The last commit, and since when it is known, in Unix milliseconds; undefined while there is no gap. */
  #met: { readonly head: string; readonly since: number } | undefined

  /**
   * Milliseconds until publishes may go on: 0 without a gap.
   * @param repository the head is null before the first commit
   * @param rest milliseconds
   * @param now Unix milliseconds
   */
  left(
    { head, recent }: { readonly head: string | null; readonly recent: string },
    rest: number,
    now: number,
  ): number {
    if (head === null || isCurrent({ head, recent })) {
      this.#met = undefined
      return 0
    }
    if (this.#met?.head !== head) this.#met = { head, since: now }
    return Math.max(0, this.#met.since + rest - now)
  }

  /** The object's own commit came behind the last one: what it removed rests by itself. */
  followed(head: string | null, by: string): void {
    if (this.#met !== undefined && this.#met.head === head) this.#met = { ...this.#met, head: by }
  }
}
