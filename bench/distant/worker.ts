// The deployed Worker with D1 and R2 a trip away, as they are on Cloudflare: each call begins a while
// later. What many publishers gain by sharing commits is trips, of which a local runtime has none.
import worker, { Repository as DeployedRepository } from '../../src/index.ts'

type Env = ConstructorParameters<typeof DeployedRepository>[1]

/** Of one trip there and back, in milliseconds: what docs/scale.md takes for the same region. */
const TRIP_MS = 10

async function afterTrip<T>(call: () => Promise<T>): Promise<T> {
  await scheduler.wait(TRIP_MS)
  return call()
}

/** The methods that go to the store; whatever else there is stays as it is. */
function distant<T extends object>(target: T, methods: readonly (keyof T)[]): T {
  return new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property)
      if (typeof value !== 'function') return value
      const method = value.bind(object)
      if (!methods.some((name) => name === property)) return method
      return (...values: unknown[]) => afterTrip(async () => method(...values))
    },
  })
}

const real = new WeakMap<object, D1PreparedStatement>()

function distantStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const wrapped = distant(statement, ['first', 'all', 'run', 'raw'])
  const bind = (...values: unknown[]) => distantStatement(statement.bind(...values))
  const result = new Proxy(wrapped, {
    get: (object, property) => (property === 'bind' ? bind : Reflect.get(object, property)),
  })
  real.set(result, statement)
  return result
}

function distantDatabase(database: D1Database): D1Database {
  const prepare = (sql: string) => distantStatement(database.prepare(sql))
  const batch = (statements: D1PreparedStatement[]) =>
    afterTrip(() => database.batch(statements.map((each) => real.get(each) ?? each)))
  return new Proxy(database, {
    get(object, property) {
      if (property === 'prepare') return prepare
      return property === 'batch' ? batch : Reflect.get(object, property)
    },
  })
}

function away(env: Env): Env {
  const bindings = {
    DB: distantDatabase(env.DB),
    BLOBS: distant(env.BLOBS, ['put', 'get', 'head', 'delete', 'list']),
  }
  return new Proxy(env, {
    get: (target, name) =>
      Reflect.has(bindings, name) ? Reflect.get(bindings, name) : Reflect.get(target, name),
  })
}

export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Env) {
    super(state, away(env))
  }
}

// biome-ignore lint/style/noDefaultExport: what a Worker is found by
export default {
  fetch: (request, env, context) => worker.fetch(request, away(env), context),
} satisfies ExportedHandler<Env>
