// A gap in the list of a repository's last commits: code of an older version, which keeps no list, made the
// last one. It may have removed names without letting them rest, so that a publish waits as long as if it had
// removed its name just now. The time begins when the object first meets the gap; a new object begins again.
import { isCurrent } from './recent-commits.ts'

export class Gap {
  /** Unix milliseconds; undefined while there is none. */
  #since: number | undefined

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
      this.#since = undefined
      return 0
    }
    this.#since ??= now
    return Math.max(0, this.#since + rest - now)
  }
}
