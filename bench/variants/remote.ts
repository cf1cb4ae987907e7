// The deployed Worker on another continent than its D1, its bucket and its objects: each call of them begins a
// trip later. An object is in the region of the database, so that its own calls have the short trips of
// `distant.ts`. It counts the calls of D1, whoever makes them.
import worker, { Repository as DeployedRepository } from '../../src/index.ts'
import { wrapStores } from './store-calls.ts'

type Env = ConstructorParameters<typeof DeployedRepository>[1]
type Objects = Env['REPOSITORY']
type Stub = ReturnType<Objects['getByName']>

/** Of one trip there and back between eastern North America and Europe, with some reserve, in milliseconds. */
const TRIP_MS = 110
const REGION_TRIP_MS = 10

let statements = 0

function trips(env: Env, milliseconds: number): Env {
  return wrapStores(env, async (store, call) => {
    if (store === 'D1') statements += 1
    await scheduler.wait(milliseconds)
    return call()
  })
}

function remote(env: Env): Env {
  const stores = trips(env, TRIP_MS)
  const objects = remoteObjects(env.REPOSITORY)
  return new Proxy(stores, {
    get: (target, name) => (name === 'REPOSITORY' ? objects : Reflect.get(target, name)),
  })
}

function remoteObjects(objects: Objects): Objects {
  const getByName = (...values: Parameters<Objects['getByName']>) => {
    const stub = objects.getByName(...values)
    const later = async <T>(call: () => Promise<T>): Promise<T> => {
      await scheduler.wait(TRIP_MS)
      return call()
    }
    return {
      commit: (...change: Parameters<Stub['commit']>) => later(async () => stub.commit(...change)),
      ping: () => later(async () => stub.ping()),
    }
  }
  return { getByName } as unknown as Objects
}

export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Env) {
    super(state, trips(env, REGION_TRIP_MS))
  }
}

export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname === '/bench/statements'
      ? Response.json({ statements })
      : worker.fetch(request, remote(env), context),
} satisfies ExportedHandler<Env>
