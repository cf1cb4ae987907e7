// A running registry for the tests of a suite, and what it wrote when one of them fails. `useServer` gives
// the one that all suites share, each with owners of its own; `useOwnServer` starts another, for suites that
// end it, measure it or change what belongs to no owner.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest'
import {
  createServerState,
  type Registry,
  type Server,
  type ServerState,
  startServer,
  waitUntilHealthy,
} from './server.ts'

/** Call it in a suite; the result gives the registry inside tests. */
export function useServer(): () => Registry {
  const { log, ...registry } = inject('sharedServer')
  let before = 0
  beforeAll(() => waitUntilHealthy(registry.url, () => (existsSync(log) ? undefined : GONE)))
  beforeEach(() => {
    before = statSync(log).size
  })
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return
    const wrote = readFileSync(log).subarray(before).toString()
    console.error(`meanwhile the server, which other suites use too, wrote:\n${wrote}`)
  })
  return () => registry
}

const GONE = 'it did not start: its error is at the end of the run'

/**
 * The same with a server that nobody else uses.
 * @param prepare changes its state before it starts
 */
export function useOwnServer(prepare?: (state: ServerState) => Promise<void>): () => Server {
  let server: Server | undefined
  beforeAll(async () => {
    const state = await createServerState()
    await prepare?.(state)
    server = await startServer(state)
  })
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(`server wrote:\n${server?.group.output()}`)
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })
  return () => {
    if (!server) throw new Error('the server runs only while tests do')
    return server
  }
}
