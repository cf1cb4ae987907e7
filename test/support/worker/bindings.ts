// What a test puts around the real bindings: other secrets, and faults before or
// after a call took effect.
import { limitBucket } from './limits/bucket.ts'
import { type Invocation, limitDatabase } from './limits/database.ts'

type Overrides = Partial<
  Record<
    keyof Cloudflare.Env | `${'SIGNING_KEY' | 'OWNER' | 'DATABASE' | 'REMEMBER'}_${string}`,
    unknown
  >
>

let overrides: Overrides = {}

/** For the rest of the test, in place of the real bindings of Worker and Durable Object. */
export function override(bindings: Overrides): void {
  overrides = { ...overrides, ...bindings }
}

export function clearOverrides(): void {
  overrides = {}
}

/**
 * Looks at the overrides at every access, since objects outlive tests' settings, and puts the limits of
 * the platform around D1 and R2.
 */
export function wrapEnv(env: Cloudflare.Env, invocation: Invocation): Cloudflare.Env {
  return new Proxy(env, {
    get(target, name) {
      const binding: unknown = Reflect.get(Reflect.has(overrides, name) ? overrides : target, name)
      if (typeof binding !== 'object') return binding
      if (name === 'DB') return limitDatabase(binding as D1Database, invocation)
      return name === 'BLOBS' ? limitBucket(binding as R2Bucket) : binding
    },
  })
}

/** A real object whose named method is replaced; everything else goes to the object itself. */
export function wrapMethod<T extends object, K extends keyof T>(
  target: T,
  name: K,
  method: T[K],
): T {
  return new Proxy(target, {
    get(object, property) {
      if (property === name) return method
      const value: unknown = Reflect.get(object, property)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}
