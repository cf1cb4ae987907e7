// Asks as clients do, and says whether the place answered by itself.
import { injectFault } from '../faults.ts'
import { send } from '../registry.ts'
import type { TestClock } from './clock.ts'

/** The answer, whether it was a near one, and how often it asked the database. */
export async function ask(clock: TestClock, path: string, init: RequestInit = {}) {
  const calls = injectFault({})
  const response = await send(path, init)
  const bytes = new Uint8Array(await response.arrayBuffer())
  clock.install()
  const near = /\bnear\b/.test(response.headers.get('server-timing') ?? '')
  const statements = calls.filter((call) => call.startsWith('D1')).length
  return { status: response.status, near, statements, bytes, headers: response.headers }
}
