// One running registry for the tests of a suite, with its log printed when one of them fails.
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Server, startServer } from './server.ts'

/** Call it in a suite; the result gives the server inside tests. */
export function useServer(): () => Server {
  let server: Server | undefined
  beforeAll(async () => {
    server = await startServer()
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
