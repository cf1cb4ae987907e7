// The Worker under test: the deployed one, which sees its bindings through what a test puts around
// them, so that src/ knows no tests and the bindings stay real.
import worker, { Repository as DeployedRepository } from '../../../src/index.ts'
import { wrapEnv } from './bindings.ts'

export default {
  fetch: (request, env, context) => worker.fetch(request, wrapEnv(env), context),
  scheduled: (controller, env) => worker.scheduled(controller, wrapEnv(env)),
} satisfies ExportedHandler<Cloudflare.Env>

export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, wrapEnv(env))
  }
}
