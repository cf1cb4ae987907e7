// The Worker under test: the deployed one, with stand-ins of package types beside the registered ones.
// It sees its bindings through the platform's limits and through what a test puts around them, so that
// src/ knows no tests and the bindings stay real.
import { createApp } from '../../../src/app.ts'
import type { Change, RepositoryAddress } from '../../../src/core/commit/change.ts'
import worker, { Repository as DeployedRepository } from '../../../src/index.ts'
import { wrapEnv } from './bindings.ts'
import { limitObjectStorage } from './limits/object-storage.ts'
import { findTestedType, testedTypes } from './stand-ins/types.ts'

const app = createApp(testedTypes)

export default {
  fetch: (request, env, context) => app.fetch(request, wrapEnv(env, { queries: 0 }), context),
  scheduled: (controller, env) => worker.scheduled(controller, wrapEnv(env, { queries: 0 })),
} satisfies ExportedHandler<Cloudflare.Env>

export class Repository extends DeployedRepository {
  readonly #invocation: { queries: number }

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    const invocation = { queries: 0 }
    limitObjectStorage(state.storage)
    super(state, wrapEnv(env, invocation))
    this.#invocation = invocation
  }

  protected override findIndexing(type: string) {
    return findTestedType(type)?.indexing
  }

  /** The platform gives an object its limits anew with each call. */
  override async commit(address: RepositoryAddress, change: Change) {
    this.#invocation.queries = 0
    return super.commit(address, change)
  }
}
