// Makes one chosen call to the real R2, D1 or Durable Object fail, before or after it took effect.
// Calls are counted in the order in which Worker and Durable Object make them.
import { env } from 'cloudflare:workers'
import { override } from './bindings.ts'

export type Moment = 'before' | 'after'

export interface Fault {
  /** Which call, from 0; undefined lets all of them through and only counts. */
  readonly call?: number
  readonly moment?: Moment
}

/** Puts the fault around the bindings until the next `override`; returns the names of the calls. */
export function injectFault({ call, moment }: Fault): string[] {
  const calls: string[] = []
  const attempt = async <T>(name: string, run: () => T | Promise<T>): Promise<T> => {
    const chosen = calls.push(name) - 1 === call
    if (chosen && moment === 'before') throw new Error(`${name} failed before its effect`)
    const result = await run()
    if (chosen && moment === 'after') throw new Error(`${name} failed after its effect`)
    return result
  }
  override({
    DB: faultyDatabase(attempt),
    BLOBS: faultyBucket(attempt),
    REPOSITORY: faultyObject(attempt),
  })
  return calls
}

/** The database, whose calls fail as listed, in the order in which they are made; those behind go through. */
export function failCalls(moments: readonly (Moment | undefined)[]): D1Database {
  let made = 0
  return faultyDatabase(async (name, run) => {
    const moment = moments[made++]
    if (moment === 'before') throw new Error(`${name} failed before its effect`)
    const result = await run()
    if (moment === 'after') throw new Error(`${name} failed after its effect`)
    return result
  })
}

type Attempt = <T>(name: string, run: () => T | Promise<T>) => Promise<T>

function faultyDatabase(attempt: Attempt): D1Database {
  const real = new WeakMap<object, D1PreparedStatement>()
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = intercept(statement, {
      bind: (...values) => wrap(statement.bind(...values)),
      first: (...values) => attempt('D1 first', () => apply(statement, 'first', values)),
      all: (...values) => attempt('D1 all', () => apply(statement, 'all', values)),
      run: (...values) => attempt('D1 run', () => apply(statement, 'run', values)),
      raw: (...values) => attempt('D1 raw', () => apply(statement, 'raw', values)),
    })
    real.set(wrapped, statement)
    return wrapped
  }
  return intercept(env.DB, {
    prepare: (sql) => wrap(env.DB.prepare(String(sql))),
    batch: (statements) => {
      const unwrapped = (statements as D1PreparedStatement[]).map((each) => real.get(each) ?? each)
      return attempt(`D1 batch of ${unwrapped.length}`, () => env.DB.batch(unwrapped))
    },
  })
}

function faultyBucket(attempt: Attempt): R2Bucket {
  const method =
    (name: keyof R2Bucket) =>
    (...values: unknown[]) =>
      attempt(`R2 ${name}`, () => apply(env.BLOBS, name, values))
  return intercept(env.BLOBS, {
    put: method('put'),
    get: method('get'),
    head: method('head'),
    list: method('list'),
    delete: method('delete'),
    createMultipartUpload: async (...values) => {
      const create = () =>
        apply(env.BLOBS, 'createMultipartUpload', values) as Promise<R2MultipartUpload>
      return faultyUpload(attempt, await attempt('R2 createMultipartUpload', create))
    },
  })
}

function faultyUpload(attempt: Attempt, upload: R2MultipartUpload): R2MultipartUpload {
  const method =
    (name: keyof R2MultipartUpload) =>
    (...values: unknown[]) =>
      attempt(`R2 ${name}`, () => apply(upload, name, values))
  return intercept(upload, {
    uploadPart: method('uploadPart'),
    complete: method('complete'),
    abort: method('abort'),
  })
}

function faultyObject(attempt: Attempt): typeof env.REPOSITORY {
  return intercept(env.REPOSITORY, {
    getByName: (name) => {
      const stub = env.REPOSITORY.getByName(String(name))
      // A stub is a proxy of its own whose every property is a remote method.
      return {
        commit: (...values: Parameters<typeof stub.commit>) =>
          attempt('object commit', async () => await stub.commit(...values)),
      }
    },
  })
}

type Methods<T> = Partial<Record<keyof T, (...values: unknown[]) => unknown>>

function intercept<T extends object>(target: T, methods: Methods<T>): T {
  return new Proxy(target, {
    get(object, property) {
      const method = Reflect.get(methods, property)
      if (method !== undefined) return method
      const value: unknown = Reflect.get(object, property)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}

function apply(target: object, name: PropertyKey, values: unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(target, name)
  if (typeof method !== 'function') throw new Error(`no method ${String(name)}`)
  return Reflect.apply(method, target, values)
}
