// The deployed Worker with the time in which index files are written added up, for what is said of
// bursts with that apart: it grows with the index, whoever writes it.
import worker, { Repository as DeployedRepository } from '../../src/index.ts'
import { wrapStores } from './store-calls.ts'

type Env = ConstructorParameters<typeof DeployedRepository>[1]

let milliseconds = 0

/** From the begin of a put to its end: with the second pass over the index, which feeds it. */
function timed(env: Env): Env {
  return wrapStores(env, async (store, call) => {
    const start = performance.now()
    const result = await call()
    if (store === 'R2 put') milliseconds += performance.now() - start
    return result
  })
}

/** What an object puts is index files and nothing else. */
export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Env) {
    super(state, timed(env))
  }
}

export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname === '/bench/puts'
      ? Response.json({ milliseconds })
      : worker.fetch(request, env, context),
} satisfies ExportedHandler<Env>
