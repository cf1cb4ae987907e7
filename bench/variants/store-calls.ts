// The bindings of D1 and R2 with something around each call that goes to the store.

/** Makes the call, sooner or later, and returns what it returns. */
export type Around = <T>(store: string, call: () => Promise<T>) => Promise<T>

interface Stores {
  readonly DB: D1Database
  readonly BLOBS: R2Bucket
}

/** @param around is told `D1` or `R2` and the method */
export function wrapStores<E extends Stores>(env: E, around: Around): E {
  const stores = { DB: wrapDatabase(env.DB, around), BLOBS: wrapBucket(env.BLOBS, around) }
  return new Proxy(env, {
    get: (target, name) => Reflect.get(Reflect.has(stores, name) ? stores : target, name),
  })
}

/** A batch takes none but D1's own statements. */
const real = new WeakMap<object, D1PreparedStatement>()

function wrapDatabase(database: D1Database, around: Around): D1Database {
  return {
    prepare: (sql: string) => wrapStatement(database.prepare(sql), around),
    batch: <T>(statements: D1PreparedStatement[]) =>
      around('D1', () => database.batch<T>(statements.map((each) => real.get(each) ?? each))),
  } as unknown as D1Database
}

function wrapStatement(statement: D1PreparedStatement, around: Around): D1PreparedStatement {
  // Only `all` says what it read.
  const all = <T>() => around('D1', () => statement.all<T>())
  const wrapped = {
    bind: (...values: unknown[]) => wrapStatement(statement.bind(...values), around),
    async first<T>(column?: string) {
      const row = (await all<Record<string, T>>()).results[0]
      return row === undefined ? null : column === undefined ? row : row[column]
    },
    all,
    run: all,
    // Goes around: only the API uses it.
    raw: statement.raw.bind(statement),
  } as D1PreparedStatement
  real.set(wrapped, statement)
  return wrapped
}

function wrapBucket(bucket: R2Bucket, around: Around): R2Bucket {
  return new Proxy(bucket, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property)
      if (typeof method !== 'function') return method
      return (...values: unknown[]) =>
        around(`R2 ${String(property)}`, () => method.apply(target, values))
    },
  })
}
