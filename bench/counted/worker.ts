// The deployed Worker, with D1 and R2 counted as they are called, for what a publish costs in rows
// and where its time goes. Worker and Durable Object are in one isolate here, so one list does.
import worker, { Repository as DeployedRepository } from '../../src/index.ts'

type Env = ConstructorParameters<typeof DeployedRepository>[1]

const counts: Record<string, number> = {}

function count(name: string, amount: number): void {
  counts[name] = (counts[name] ?? 0) + amount
}

async function timed<T>(name: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await action()
  } finally {
    count(`${name} calls`, 1)
    count(`${name} ms`, performance.now() - start)
  }
}

function countRows({ meta }: D1Result): void {
  count('rows read', meta.rows_read)
  count('rows written', meta.rows_written)
}

const real = new WeakMap<object, D1PreparedStatement>()

function countedStatement(statement: D1PreparedStatement, who: string): D1PreparedStatement {
  const all = async <T>() => {
    const result = await timed(`${who} D1`, () => statement.all<T>())
    countRows(result)
    return result
  }
  const counted = {
    bind: (...values: unknown[]) => countedStatement(statement.bind(...values), who),
    // Only `all` says what it read.
    first: async <T>() => (await all<T>()).results[0] ?? null,
    all,
    run: all,
    // Its rows are not counted; only the API uses it.
    raw: statement.raw.bind(statement),
  } as D1PreparedStatement
  real.set(counted, statement)
  return counted
}

function countedDatabase(database: D1Database, who: string): D1Database {
  return {
    prepare: (sql: string) => countedStatement(database.prepare(sql), who),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const results = await timed(`${who} D1`, () =>
        database.batch<T>(statements.map((statement) => real.get(statement) ?? statement)),
      )
      results.forEach(countRows)
      return results
    },
  } as unknown as D1Database
}

function countedBucket(bucket: R2Bucket, who: string): R2Bucket {
  return new Proxy(bucket, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property)
      if (typeof method !== 'function') return method
      return (...values: unknown[]) =>
        timed(`${who} R2 ${String(property)}`, () => method.apply(target, values))
    },
  })
}

function counted(env: Env, who: string): Env {
  const bindings = { DB: countedDatabase(env.DB, who), BLOBS: countedBucket(env.BLOBS, who) }
  return new Proxy(env, {
    get: (target, name) =>
      Reflect.has(bindings, name) ? Reflect.get(bindings, name) : Reflect.get(target, name),
  })
}

export class Repository extends DeployedRepository {
  constructor(state: DurableObjectState, env: Env) {
    super(state, counted(env, 'object'))
  }

  override async commit(...values: Parameters<DeployedRepository['commit']>) {
    const result = await timed('object commit', () => super.commit(...values))
    for (const [name, value] of Object.entries(this.work)) counts[name] = value
    return result
  }
}

// biome-ignore lint/style/noDefaultExport: what a Worker is found by
export default {
  fetch: (request, env, context) =>
    new URL(request.url).pathname === '/bench/counts'
      ? Response.json(counts)
      : timed('request', () =>
          Promise.resolve(worker.fetch(request, counted(env, 'worker'), context)),
        ),
} satisfies ExportedHandler<Env>
