// What readers are promised, whatever they remember: the bytes of a name that a place answers with were public less
// than the bound ago, are no older than a publish that was answered with 201, nor than an index that was read.

/** Of the four, by the letters of the model that the rules were checked with. */
export type Broken = 'never public' | 'too late' | 'older than a 201' | 'older than an index'

/** By path. */
export type Visible = ReadonlyMap<string, number>

export class Promises {
  /** Counts what changed. */
  #changes = 0
  /** Until then, in Unix milliseconds, only the first two are promised. */
  #graceUntil = 0
  readonly #there = new Map<string, { changes: number; public: number | undefined }>()
  readonly #acknowledged = new Map<string, number>()
  readonly #listed = new Map<string, { content: number; changes: number }[]>()

  get changes(): number {
    return this.#changes
  }

  /** Says what is there now; to be called before and after each change, and when time has passed. */
  see(files: Visible, isPublic: boolean, now: number): void {
    for (const [path, content] of files) {
      const key = `${path} ${content}`
      const known = this.#there.get(key)
      this.#there.set(key, { changes: this.#changes, public: isPublic ? now : known?.public })
    }
  }

  change(): void {
    this.#changes += 1
  }

  /** Nothing that was acknowledged or listed is true any more. */
  restore(graceUntil: number): void {
    this.#graceUntil = graceUntil
    this.#acknowledged.clear()
    this.#listed.clear()
  }

  acknowledge(path: string): void {
    this.#acknowledged.set(path, this.#changes)
  }

  /**
   * Somebody has read an index.
   * @param changes as many as there were when the database was asked for it
   */
  list(files: Visible, changes: number): void {
    for (const [path, content] of files) {
      const listed = this.#listed.get(path) ?? []
      this.#listed.set(path, [...listed, { content, changes }])
    }
  }

  /** @param bound with what clocks differ by, in milliseconds */
  judge(path: string, content: number, now: number, bound: number): Broken | undefined {
    const there = this.#there.get(`${path} ${content}`)
    if (there?.public === undefined) return 'never public'
    if (now - there.public >= bound) return 'too late'
    if (now < this.#graceUntil) return undefined
    if ((this.#acknowledged.get(path) ?? -1) > there.changes) return 'older than a 201'
    const later = (this.#listed.get(path) ?? []).some(
      (each) => each.content !== content && each.changes > there.changes,
    )
    return later ? 'older than an index' : undefined
  }
}
