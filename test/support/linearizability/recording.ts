// What was asked and answered, with the times that say what came after what.
import type { Operation } from './check.ts'
import { type Action, isUnknown } from './model.ts'

export class Recording {
  readonly history: Operation[] = []
  #time = 0

  /** The clock only counts: what ended before something began has the smaller number. */
  async record(run: () => Promise<Action | undefined>): Promise<void> {
    const start = ++this.#time
    const action = await run()
    const end = ++this.#time
    // Of an observation without an answer nothing is known.
    if (action === undefined) return
    this.history.push({ start, end: isUnknown(action) ? Infinity : end, action })
  }

  /** Whatever is unknown so far took effect by now or never will: its server is gone. */
  expireUnknown(): void {
    const expiry = ++this.#time
    this.history.forEach((operation, at) => {
      if (isUnknown(operation.action) && operation.expiry === undefined)
        this.history[at] = { ...operation, expiry }
    })
  }
}
