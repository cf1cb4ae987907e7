// The one running registry that the suites of real clients share, started while the first of them are
// loaded: they wait for it themselves.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import {
  createServerState,
  liftFailureLimit,
  type Registry,
  registryOf,
  startServer,
} from './server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** With the file of what it writes, which goes when it ends. */
    sharedServer: Registry & { log: string }
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state = await createServerState()
  // All suites send their wrong credentials from one address, and together more than a guesser may.
  await liftFailureLimit(state)
  const log = join(state.directory, 'server.log')
  await writeFile(log, '')
  project.provide('sharedServer', { ...registryOf(state), log })
  const starting = startServer(state, log)
  // Thrown again at the end, when vitest shows it.
  starting.catch(() => {})
  return async () => (await starting)[Symbol.asyncDispose]()
}
