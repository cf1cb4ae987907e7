// The deployed Worker with D1 and R2 a trip away, as they are on Cloudflare: each call begins a while
// later. What many publishers gain by sharing commits is trips, of which a local runtime has none.
import worker, { Repository as DeployedRepository } from '../../src/index.ts'
import { wrapStores } from './store-calls.ts'

type Env = ConstructorParameters<typeof DeployedRepository>[1]

/** Of one trip there and back, in milliseconds: what docs/scale.md takes for the same region. */
const TRIP_MS = 10

function distant(env: Env): Env {
  return wrapStores(env, async (_, call) => {
    await scheduler.wait(TRIP_MS)
    return call()
  })
}

export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Env) {
    super(state, distant(env))
  }
}

export default {
  fetch: (request, env, context) => worker.fetch(request, distant(env), context),
} satisfies ExportedHandler<Env>
