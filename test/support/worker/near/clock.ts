// A clock that a test moves: of the code under test, and of the database in its statements.
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { override, wrapMethod } from '../bindings.ts'

const DATABASE_CLOCK = "unixepoch('now', 'subsec')"

/** Isolates remember from one test to the next, and never what is to come. */
let last = 0

export class TestClock {
  #now = Math.max(Date.now(), last)
  /** How often something waited for a second or more, instead of which the time passed. */
  rests = 0

  constructor() {
    vi.useFakeTimers({ toFake: ['Date'], now: this.#now })
    vi.spyOn(scheduler, 'wait').mockImplementation(async (milliseconds) => {
      if (milliseconds >= 1000) this.rests += 1
      this.pass(milliseconds)
    })
    this.install()
  }

  /** Again, after something else was put around the database. */
  install(): void {
    override({ DB: this.database })
  }

  /** The real one, whose own clock is this. */
  get database(): D1Database {
    const prepare = (sql: string) =>
      env.DB.prepare(sql.replaceAll(DATABASE_CLOCK, `(${this.#now} / 1000.0)`))
    return wrapMethod(env.DB, 'prepare', prepare)
  }

  get now(): number {
    return this.#now
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
    last = this.#now
    vi.setSystemTime(this.#now)
  }

  [Symbol.dispose](): void {
    vi.restoreAllMocks()
    vi.useRealTimers()
  }
}
